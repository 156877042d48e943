"""Which invoices an amount pays: those that are named, or the oldest due first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from shared.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenInvoice:
    """What is known of an invoice that waits for money; `number` and `due_on` are given when it is issued."""

    invoice_id: UUID
    number: str
    customer_id: UUID
    customer_key: str
    due_on: date | None
    open: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    invoice_id: UUID
    number: str
    amount: Money


def oldest_first(invoices: Iterable[OpenInvoice], amount: Money) -> Iterator[Share]:
    """Shares out at most `amount`, in the currency of it; what is left has nothing to pay."""
    mine = (invoice for invoice in invoices if invoice.open.currency == amount.currency and invoice.open.minor > 0)
    for invoice in sorted(mine, key=lambda invoice: (invoice.due_on or date.max, invoice.number)):
        part = min(amount, invoice.open)
        if part.minor <= 0:
            return
        yield Share(invoice_id=invoice.invoice_id, number=invoice.number, amount=part)
        amount = amount - part
