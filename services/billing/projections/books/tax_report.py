"""What was taxed in a month, by tax and by reason why not, beside what the books say is payable."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import func, select

from services.billing.tables import ledger_postings, taxed_amounts
from shared.unit_of_work import UnitOfWork

_KEY = ("place", "category", "code", "rate", "treatment", "tax_rate", "currency")


@dataclass(frozen=True, slots=True)
class Payable:
    """Of a currency: the tax of the report, and what the month put on the account of tax payable."""

    currency: str
    reported: int
    booked: int


def of_month(unit: UnitOfWork, month: tuple[date, date]) -> list[dict[str, Any]]:
    """By booking day, from the first day up to, not including, the second one."""
    key = [taxed_amounts.c[name] for name in _KEY]
    sums = [func.sum(taxed_amounts.c[name]).label(name) for name in ("taxable_minor", "tax_minor")]
    documents = func.count(taxed_amounts.c.document.distinct()).label("documents")
    wanted = select(*key, *sums, documents).where(
        taxed_amounts.c.tenant_id == unit.tenant_id,
        taxed_amounts.c.booked_on >= month[0],
        taxed_amounts.c.booked_on < month[1],
    )
    return [dict(row) for row in unit.tx.execute(wanted.group_by(*key).order_by(*key)).mappings()]


def payable(unit: UnitOfWork, month: tuple[date, date], rows: list[dict[str, Any]]) -> list[Payable]:
    booked = select(ledger_postings.c.currency, -func.sum(ledger_postings.c.amount_minor)).where(
        ledger_postings.c.tenant_id == unit.tenant_id,
        ledger_postings.c.account == "tax_payable",
        ledger_postings.c.booked_on >= month[0],
        ledger_postings.c.booked_on < month[1],
    )
    on_account = {row[0]: int(row[1]) for row in unit.tx.execute(booked.group_by(ledger_postings.c.currency))}
    currencies = sorted({*on_account, *(row["currency"] for row in rows)})
    return [Payable(each, _reported(rows, each), on_account.get(each, 0)) for each in currencies]


def _reported(rows: list[dict[str, Any]], currency: str) -> int:
    return sum(int(row["tax_minor"]) for row in rows if row["currency"] == currency)
