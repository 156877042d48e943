"""What a flat line tells of its seats and its rounding, and lines from before they told it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

from services.billing.domain.coupon import AgreedCoupon
from services.billing.domain.invoice import INVOICE
from services.billing.domain.invoice.events import InvoiceDrafted
from services.billing.domain.invoice_line import InvoiceLine
from tests.unit.billing.firm import AGREED, Firm

SEATS = replace(AGREED, quantity=3, discount_percent=Decimal("2.5"))
COUPON = AgreedCoupon(code="TEN", name="Ten", amount=Decimal(10))


def test_a_flat_line_tells_its_seats_and_what_the_rounding_took() -> None:
    [first, *_] = Firm(SEATS).closed({}).original.lines
    # 3 x 15.01 less 2.5 % is 43.90425.
    assert (first.kind, first.quantity, first.amount.minor) == ("flat", 3, 4390)
    assert first.residue == Decimal("0.00425")


def test_a_line_that_told_less_follows_from_the_log_and_is_corrected_without_its_seats() -> None:
    firm = Firm(replace(SEATS, coupons=(COUPON,))).closed({"JFK": 20})
    told_once(firm)
    assert firm.differences(firm.original) == []
    firm.revise({"JFK": 40})
    original, correction = firm.invoices
    fee = next(line for line in correction.lines if line.kind == "flat")
    assert (fee.quantity, fee.amount.minor > 0) == (0, True), "its part of the coupon went to usage"
    assert [firm.differences(invoice) for invoice in (original, correction)] == [[], []]


def test_a_line_that_says_other_seats_does_not_follow_from_the_log() -> None:
    firm = Firm(SEATS).closed({"JFK": 20})
    rewritten(firm, lambda line: replace(line, quantity=Decimal(4)))
    assert [(found.field, found.invoiced, found.recomputed) for found in firm.differences(firm.original)] == [
        ("quantity", 4, 3)
    ]


def told_once(firm: Firm) -> None:
    rewritten(firm, lambda line: replace(line, quantity=Decimal(1), residue=Decimal(0)))


def rewritten(firm: Firm, by: Callable[[InvoiceLine], InvoiceLine]) -> None:
    """The draft of the original with other flat lines."""
    key = (INVOICE.category, firm.original.header.invoice_id)
    firm.events[key] = [
        replace(event, lines=tuple(by(line) if line.kind == "flat" else line for line in event.lines))
        if isinstance(event, InvoiceDrafted)
        else event
        for event in firm.events[key]
    ]
    firm.states[key] = INVOICE.replay(firm.events[key])
