"""Which invoices an amount pays: those that are named, or the oldest due first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID

from shared.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenInvoice:
    """What is known of an invoice that waits for money; `number` and `due_on` are given when it is issued. `parts` is what of
    it a payment plan asks for on which day; what is in no part is due on `due_on`."""

    invoice_id: UUID
    number: str
    customer_id: UUID
    customer_key: str
    due_on: date | None
    open: Money
    parts: tuple[tuple[date, Money], ...] = ()

    def due(self) -> Iterator[tuple[date, Money]]:
        """What of it is due when; it adds up to what is open."""
        left = self.open
        for due_on, amount in self.parts:
            yield due_on, min(amount, left)
            left = left - min(amount, left)
        yield self.due_on or date.max, left

    def less(self, paid: Money) -> OpenInvoice:
        """After a payment, which pays what is due first."""
        missing, parts = paid, list[tuple[date, Money]]()
        for due_on, amount in self.parts:
            part = min(amount, missing)
            parts.append((due_on, amount - part))
            missing = missing - part
        kept = tuple((due_on, amount) for due_on, amount in parts if amount.minor)
        return replace(self, open=self.open - paid, parts=kept)


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    invoice_id: UUID
    number: str
    amount: Money


def oldest_first(invoices: Iterable[OpenInvoice], amount: Money) -> Iterator[Share]:
    """Shares out at most `amount`, in the currency of it; what is left has nothing to pay. An instalment of a payment plan
    is as old as its own day. One share an invoice."""
    mine = {i.invoice_id: i for i in invoices if i.open.currency == amount.currency and i.open.minor > 0}
    due = ((day, invoice.number, id_, part) for id_, invoice in mine.items() for day, part in invoice.due())
    shares: dict[UUID, Money] = {}
    for _, _, id_, open_part in sorted(due, key=lambda item: item[:2]):
        part = min(amount, open_part)
        if part.minor > 0:
            shares[id_] = shares.get(id_, Money.zero(amount.currency)) + part
            amount = amount - part
    for id_, share in shares.items():
        yield Share(invoice_id=id_, number=mine[id_].number, amount=share)
