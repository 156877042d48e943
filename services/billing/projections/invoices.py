"""Invoices with their lines, what is open of them, and the document that a person reads."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Select, select, update

from services.billing.domain.invoice import INVOICE
from services.billing.domain.invoice.events import (
    InvoiceDrafted,
    InvoiceIssued,
    InvoicePaid,
)
from services.billing.domain.invoice.state import InvoiceNotFound
from services.billing.domain.payment.allocation import OpenInvoice
from services.billing.projections.invoice_rows import DRAFTED, changes, facts, row
from services.billing.tables import invoices
from shared.event_store import Recorded, StreamKey
from shared.moments import PlayedBack
from shared.money import Money
from shared.statements import write_rows
from shared.unit_of_work import UnitOfWork


def project(tx: Connection, recorded: Sequence[Recorded]) -> None:
    """Invoices that are drafted and issued together, such as those of a bill run, are one statement."""
    drafted: dict[StreamKey, dict[str, Any]] = {}
    at_once: dict[StreamKey, dict[str, Any]] = {}
    others: list[Recorded] = []
    for entry in recorded:
        if isinstance(entry.event, InvoiceDrafted):
            drafted[entry.key] = at_once[entry.key] = row(entry, entry.event)
        elif entry.key in at_once and isinstance(entry.event, InvoiceIssued | InvoicePaid):
            at_once[entry.key] |= {"version": entry.version, **facts(entry.event)}
        elif entry.key.category == "invoice":
            at_once.pop(entry.key, None)  # what follows has to follow this, too
            others.append(entry)
    write_rows(tx, DRAFTED, list(drafted.values()))
    for entry in others:
        mine = (invoices.c.tenant_id == entry.tenant_id, invoices.c.invoice_id == entry.stream_id)
        tx.execute(update(invoices).where(*mine).values(version=entry.version, **changes(entry.event)))


THEN = PlayedBack(INVOICE, project, invoices.c.invoice_id)


def originals_of(unit: UnitOfWork, subscription_id: UUID) -> Select[Any]:
    """Invoices that are owed, or will be, and correct no other."""
    is_regular = invoices.c.document.op("->>")("kind") == "regular"
    mine = of_tenant(unit, subscription_id=subscription_id).where(is_regular)
    return mine.where(invoices.c.status.not_in(["discarded", "voided"]))


def of_tenant(
    unit: UnitOfWork,
    *,
    customer: str | None = None,
    subscription_id: UUID | None = None,
    status: str | None = None,
    number: str | None = None,
    issued_from: date | None = None,
    issued_to: date | None = None,
    held: bool | None = None,
) -> Select[Any]:
    mine = select(invoices).where(invoices.c.tenant_id == unit.tenant_id)
    wanted = {
        invoices.c.customer_key: customer,
        invoices.c.subscription_id: subscription_id,
        invoices.c.status: status,
        invoices.c.number: number,
    }
    mine = mine.where(*(column == value for column, value in wanted.items() if value is not None))
    if held is not None:
        mine = mine.where((invoices.c.document.op("->>")("held").is_not(None)) == held)
    if issued_from is not None:
        mine = mine.where(invoices.c.issued_on >= issued_from)
    return mine if issued_to is None else mine.where(invoices.c.issued_on < issued_to)


def get(unit: UnitOfWork, invoice_id: UUID) -> dict[str, Any]:
    row = unit.tx.execute(of_tenant(unit).where(invoices.c.invoice_id == invoice_id)).mappings().first()
    if row is None:
        raise InvoiceNotFound("no such invoice")
    return dict(row)


def by_number(unit: UnitOfWork, number: str, *, field: str = "/invoice") -> dict[str, Any]:
    row = unit.tx.execute(of_tenant(unit, number=number)).mappings().first()
    if row is None:
        raise InvoiceNotFound("no invoice has this number", field=field)
    return dict(row)


def open_of_customer(unit: UnitOfWork, customer: str, currency: str, *, number: str | None = None) -> list[OpenInvoice]:
    """What the customer owes in a currency; what was written off only where it is named."""
    statuses = ["issued"] if number is None else ["issued", "written_off"]
    mine = of_tenant(unit, customer=customer, number=number)
    mine = mine.where(invoices.c.currency == currency, invoices.c.status.in_(statuses))
    return [open_invoice(dict(row)) for row in unit.tx.execute(mine).mappings()]


def open_of_tenant(unit: UnitOfWork, currencies: Sequence[str]) -> list[OpenInvoice]:
    """All that waits for money in these currencies, without the lines."""
    columns = (
        "invoice_id",
        "number",
        "customer_id",
        "customer_key",
        "due_on",
        "open_minor",
        "written_off_minor",
        "currency",
    )
    mine = of_tenant(unit, status="issued").where(invoices.c.currency.in_(currencies), invoices.c.open_minor > 0)
    mine = mine.with_only_columns(*(invoices.c[name] for name in columns))
    return [open_invoice(dict(row)) for row in unit.tx.execute(mine).mappings()]


def open_invoice(row: dict[str, Any]) -> OpenInvoice:
    """With what was written off: that is paid, too, if it is named."""
    return OpenInvoice(
        invoice_id=row["invoice_id"],
        number=row["number"] or "",
        customer_id=row["customer_id"],
        customer_key=row["customer_key"],
        due_on=row["due_on"],
        open=Money(row["open_minor"] + row["written_off_minor"], row["currency"]),
    )


def with_flat_charges_after(unit: UnitOfWork, subscription_id: UUID, day: date) -> list[UUID]:
    """Issued invoices of a subscription that charge for days from then on, by number."""
    rows = unit.tx.exec_driver_sql(
        _WITH_FLAT_CHARGES_AFTER, {"tenant": unit.tenant_id, "subscription": subscription_id, "day": day.isoformat()}
    )
    return list(rows.scalars())


_WITH_FLAT_CHARGES_AFTER = """
SELECT invoice_id FROM invoices
WHERE tenant_id = %(tenant)s AND subscription_id = %(subscription)s AND status IN ('issued', 'paid', 'written_off')
  AND EXISTS (SELECT FROM jsonb_array_elements(document -> 'lines') AS line
              WHERE line ->> 'kind' = 'flat' AND line ->> 'ends_on' > %(day)s)
ORDER BY number"""
