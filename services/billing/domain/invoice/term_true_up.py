"""What the usage of terms that are over lacks to the minimum that was agreed for each of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from services.billing.domain.invoice_line import InvoiceLine
from services.billing.domain.invoicing.commitment import true_up
from services.billing.domain.subscription.committed import (
    CommittedPart,
    committed,
    committed_days,
    committed_parts,
    counts,
)
from services.billing.domain.subscription.events import Bill, EarlierUse, Term
from services.billing.domain.subscription.state import Subscription
from shared.money import Money
from shared.periods import Days


@dataclass(frozen=True, slots=True)
class Lacking:
    """`last` is the part of the commitment that names and taxes what is lacking; the days are those of the term."""

    term: Term
    last: CommittedPart
    days: Days
    amount: Money


def lacking(subscription: Subscription, bill: Bill, lines: Sequence[InvoiceLine]) -> Iterator[Lacking]:
    """Of each term that a bill trues up: its rounded commitment less the rounded `lines` of its usage, as they were on all
    of its bills, before tax; nothing where that is not above zero."""
    for number in bill.true_up_terms:
        term = subscription.term(number)
        parts = committed_parts(subscription, term)
        used = [*(line.amount for line in lines if _counts(subscription, term, line)), *_taken_ahead(bill, number)]
        amount = true_up(committed(parts, subscription.currency), used)
        if amount.minor:
            yield Lacking(term, parts[-1], committed_days(subscription, term), amount)


def as_billed(bill: Bill, use: EarlierUse) -> Bill:
    """What was charged for then, with the coupons of that day."""
    return Bill(
        invoice_id=bill.invoice_id,
        billing_on=use.billing_on,
        billed_at=bill.billed_at,
        flat=use.flat,
        usage=use.usage,
        fees=(),
        coupons=use.coupons,
        ahead=use.ahead,
    )


def _taken_ahead(bill: Bill, term_number: int) -> Iterator[Money]:
    """What coupons took off interim invoices of a term, below zero."""
    periods = {item.period_id for item in bill.metered if item.term_number == term_number}
    for each in (*bill.ahead, *(each for use in bill.earlier for each in use.ahead)):
        if each.period_id in periods:
            yield from (-discount.amount for discount in each.discounts)


def _counts(subscription: Subscription, term: Term, line: InvoiceLine) -> bool:
    is_of_term = line.kind == "usage" and line.term_number == term.number
    return is_of_term and counts(subscription.line(term.number, line.amendment))
