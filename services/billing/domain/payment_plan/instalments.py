"""How far the instalments of a payment plan are paid, from what its invoices come to: whatever paid or reduced them.

An invoice takes payments, credit notes and losses as if there were no plan. What was paid since the plan was agreed pays
the instalment due first; what was credited, made void or written off takes the plan down from its end, because nobody
paid it. What is owed beyond the plan, because a payment from before it was taken back, is due with the instalment due first.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from shared.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Instalment:
    due_on: date
    amount: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Owing:
    """`charged` is what an invoice asks for in all, without what was credited or given up; `open` is what of it is not paid."""

    invoice_id: UUID
    charged: Money
    open: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """So much of an invoice is due on a day."""

    invoice_id: UUID
    due_on: date
    amount: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """`reduced` is by how much the plan was taken down, `paid` what came in for it; less than nothing where more was
    taken back."""

    instalments: tuple[Instalment, ...]
    reduced: Money
    paid: Money

    @property
    def due(self) -> tuple[Instalment, ...]:
        """What each instalment comes to by now: the last ones are taken down first."""
        return tuple(reversed(list(_taken_down(reversed(self.instalments), self.reduced))))

    @property
    def left(self) -> tuple[Money, ...]:
        """What is still to be paid of each; they add up to what is open of the invoices."""
        return tuple(_filled([instalment.amount for instalment in self.due], self.paid))

    def missing(self, today: date, grace_days: int) -> Money:
        """What is late on this day, with so many days of grace."""
        late = (left for each, left in zip(self.due, self.left, strict=True) if (today - each.due_on).days > grace_days)
        return Money.total(late, self.paid.currency)


def progress(instalments: Sequence[Instalment], agreed: Sequence[Owing], now: Iterable[Owing]) -> Progress:
    """`agreed` is what the invoices came to when the plan was made, whose instalments come to what was open of them."""
    currency = instalments[0].amount.currency
    by_invoice = {owing.invoice_id: owing for owing in now}
    reduced = Money.total((was.charged - by_invoice[was.invoice_id].charged for was in agreed), currency)
    left = Money.total((by_invoice[was.invoice_id].open for was in agreed), currency)
    whole = Money.total((was.open for was in agreed), currency)
    reduced = min(reduced, whole)  # the rest was of what had been paid before
    return Progress(instalments=tuple(instalments), reduced=reduced, paid=whole - reduced - left)


def parts(found: Progress, now: Iterable[Owing]) -> Iterator[Part]:
    """What is due of each invoice on which day: the first instalment is of the first invoice, as far as it goes."""
    waiting = [(each.due_on, left) for each, left in zip(found.due, found.left, strict=True)]
    for owing in now:
        missing = owing.open
        while missing.minor and waiting:
            due_on, left = waiting[0]
            amount = min(missing, left)
            if amount.minor:
                yield Part(invoice_id=owing.invoice_id, due_on=due_on, amount=amount)
            missing = missing - amount
            waiting[0] = due_on, left - amount
            if not waiting[0][1].minor:
                waiting.pop(0)


def _taken_down(latest_first: Iterable[Instalment], by: Money) -> Iterator[Instalment]:
    for instalment in latest_first:
        part = min(instalment.amount, by)
        yield Instalment(due_on=instalment.due_on, amount=instalment.amount - part)
        by = by - part


def _filled(amounts: Iterable[Money], paid: Money) -> Iterator[Money]:
    for amount in amounts:
        part = min(amount, paid)
        yield amount - part
        paid = paid - part
