"""Interim invoices, and what all documents of a period come to in the end."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.billing.domain.coupon import AgreedCoupon
from services.billing.domain.invoice import INVOICE
from services.billing.domain.invoice.events import CreditNoteIssued
from services.billing.domain.pricing.limits import NotPositive
from services.billing.domain.pricing.price import PartMissing
from services.billing.domain.progressive import ProgressiveBilling, ThresholdsNotOrdered, validate_progressive
from services.billing.domain.subscription.interim import BilledSince
from shared.errors import DomainError
from tests.unit.billing.firm import AGREED, FEE, GATES, Firm, at
from tests.unit.billing.firm_books import assert_books, usd

USAGE = st.dictionaries(st.sampled_from(("EWR", "JFK", "LGA")), st.integers(0, 60), max_size=3)
OFTEN = ProgressiveBilling(thresholds=(usd(1_000), usd(4_000)), repeats=usd(2_500))
NO_MINIMUM = replace(AGREED, minimum=None, progressive=OFTEN)


@pytest.mark.parametrize(
    ("amount", "level"), [(0, 0), (999, 0), (1_000, 1), (3_999, 1), (4_000, 2), (6_499, 2), (6_500, 3), (11_500, 5)]
)
def test_thresholds_are_reached_in_turn_and_then_repeat(amount: int, level: int) -> None:
    assert OFTEN.level(usd(amount)) == level


def test_only_the_highest_that_was_not_billed_is_reached() -> None:
    assert OFTEN.reached(usd(9_100), usd(0)) == usd(9_000)
    assert OFTEN.reached(usd(4_200), usd(4_000)) is None
    assert OFTEN.reached(usd(3_000), usd(4_000)) is None
    assert ProgressiveBilling(repeats=usd(500)).reached(usd(1_700), usd(600)) == usd(1_500)
    assert ProgressiveBilling(thresholds=(usd(500),)).reached(usd(9_999), usd(500)) is None


@pytest.mark.parametrize(
    ("wrong", "error", "field"),
    [
        (ProgressiveBilling(), PartMissing, "/thresholds"),
        (ProgressiveBilling(thresholds=(usd(5), usd(5))), ThresholdsNotOrdered, "/thresholds/1"),
        (ProgressiveBilling(thresholds=(usd(0),)), NotPositive, "/thresholds/0"),
        (ProgressiveBilling(repeats=usd(-1)), NotPositive, "/repeats"),
    ],
)
def test_what_is_wrong_is_named(wrong: ProgressiveBilling, error: type[DomainError], field: str) -> None:
    with pytest.raises(error) as refused:
        validate_progressive(wrong, "")
    assert refused.value.field == field


def test_tiers_count_from_the_start_of_the_period_and_not_from_the_last_interim_invoice() -> None:
    firm = Firm(replace(NO_MINIMUM, charges=(FEE, GATES)))
    first, second = firm.use(at(1, 9), {"JFK": 8}), firm.use(at(1, 20), {"JFK": 20})
    assert first is not None and second is not None
    assert [line.amount.minor for line in first.lines] == [2_666]  # 8 x 3.333
    assert [line.amount.minor for line in second.lines] == [4_344, -2_666]  # 10 x 3.333 and 10 x 1.011
    assert firm.use(at(1, 21), {"JFK": 30}) is None  # 53.55 is below 65.00


def net(firm: Firm) -> int:
    notes = sum(line.amount.minor for note in firm.happened(CreditNoteIssued) for line in note.carried.lines)
    return sum(i.totals.subtotal.minor for i in firm.invoices if i.status != "voided") - notes


def quantities(firm: Firm) -> dict[str, Decimal]:
    """What all documents tell of the usage, by group, until late usage comes: what changes no amount has no document."""
    notes = (line for note in firm.happened(CreditNoteIssued) for line in note.carried.lines if line.proof)
    lines = (line for i in firm.invoices if i.status != "voided" for line in i.lines if line.proof)
    found: Counter[str] = Counter()
    for sign, line in [*((1, line) for line in lines), *((-1, line) for line in notes)]:
        found[line.group] += sign * line.quantity  # type: ignore[assignment]
    return {group: Decimal(quantity) for group, quantity in found.items() if quantity}


@settings(max_examples=150)
@given(
    st.sampled_from((None, 4_000, 15_000)),
    st.lists(st.tuples(USAGE, st.booleans()), max_size=5),
    USAGE,
    st.lists(USAGE, max_size=3),
)
def test_whatever_was_billed_ahead_documents_are_worth_the_latest_usage(minimum, uses, closed, late) -> None:  # type: ignore[no-untyped-def]
    line = replace(NO_MINIMUM, minimum=minimum and replace(AGREED.minimum, amount=usd(minimum)))
    firm = Firm(line)
    for day, (departures, is_void) in enumerate(uses, start=2):
        interim = firm.use(at(1, day), departures)
        if interim is not None and is_void and interim.is_unpaid:
            firm.void(interim)
    firm.closed(closed)
    assert net(firm) == firm.rated().subtotal.minor
    assert quantities(firm) == {group: Decimal(number) for group, number in closed.items() if number}
    for departures in late:
        firm.revise(departures)
        assert net(firm) == firm.rated().subtotal.minor
    for invoice in firm.invoices:
        assert firm.differences(invoice) == []
        assert invoice.totals.total >= usd(0)


def test_an_interim_invoice_is_not_given_up_once_its_period_is_billed() -> None:
    firm = Firm(NO_MINIMUM)
    interim = firm.use(at(1, 9), {"JFK": 8})
    firm.closed({"JFK": 9})
    assert interim is not None
    with pytest.raises(BilledSince):
        firm.void(interim)
    assert_books(firm)


def test_what_sums_to_a_threshold_are_all_groups_together() -> None:
    firm = Firm(NO_MINIMUM)
    assert firm.use(at(1, 9), {"JFK": 2}) is None
    interim = firm.use(at(1, 10), {"EWR": 1, "JFK": 2})
    assert interim is not None and interim.header.kind == "progressive"
    assert [(line.group, line.amount.minor) for line in interim.lines] == [("EWR", 333), ("JFK", 667)]
    bill = interim.header.bill
    assert bill.interim is not None and (bill.interim.threshold, bill.interim.reached) == (usd(1_000), usd(1_000))


def coupon(**parts: object) -> AgreedCoupon:
    return AgreedCoupon(code="welcome", name="Welcome", **parts)  # type: ignore[arg-type]


@settings(max_examples=60)
@given(st.lists(USAGE, max_size=5), USAGE, st.sampled_from(["5.00", "20.00", "70.00"]))
def test_a_coupon_of_an_amount_is_taken_once_a_period_where_there_is_something(uses, closed, amount) -> None:  # type: ignore[no-untyped-def]
    line = replace(NO_MINIMUM, charges=(GATES,), coupons=(coupon(amount=Decimal(amount), charges=("gates",)),))
    firm = Firm(line)
    for day, departures in enumerate(sorted(uses, key=lambda each: sum(each.values()))):
        firm.use(at(1, 1 + day), departures)
    firm.closed(closed)
    invoices = [firm.state(INVOICE, id_) for category, id_ in firm.events if category == "invoice"]
    taken = sum(discount.amount.minor for i in invoices for line in i.lines for discount in line.discounts)
    assert taken <= int(Decimal(amount) * 100)
    if not firm.happened(CreditNoteIssued):
        left = sum(i.totals.subtotal.minor for i in invoices)
        assert taken == min(left + taken, int(Decimal(amount) * 100))


def test_a_percentage_is_taken_off_each_invoice_and_not_twice() -> None:
    firm = Firm(replace(NO_MINIMUM, coupons=(coupon(percent=Decimal(10), charges=("gates",)),)))
    interim = firm.use(at(1, 9), {"JFK": 10})
    firm.closed({"JFK": 20})
    assert interim is not None
    assert [line.amount.minor for line in interim.lines] == [3_000]  # 33.33 less 3.33
    gates = [line.amount.minor for line in firm.original.lines if line.charge == "gates"]
    assert gates == [4_243, -3_333]  # 43.44 less a tenth of the 10.11 beyond what was billed, and what was


@settings(max_examples=40)
@given(
    st.lists(USAGE, max_size=4),
    USAGE,
    st.sampled_from([None, coupon(percent=Decimal(10)), coupon(amount=Decimal("9.99"))]),
)
def test_a_minimum_for_the_term_counts_all_usage_less_what_coupons_took_of_interim_invoices(uses, closed, off) -> None:  # type: ignore[no-untyped-def]
    minimum = replace(AGREED.minimum, amount=usd(9_000), true_up="term")
    line = replace(NO_MINIMUM, minimum=minimum, term_months=1, charges=(GATES,), coupons=(off,) if off else ())
    firm = Firm(line)
    for day, departures in enumerate(uses, start=1):
        firm.use(at(1, day), departures)
    firm.closed(closed)
    invoices = [firm.state(INVOICE, id_) for category, id_ in firm.events if category == "invoice"]
    notes = sum(line.amount.minor for note in firm.happened(CreditNoteIssued) for line in note.carried.lines)
    lines = [line for invoice in invoices for line in invoice.lines]
    used = sum(line.amount.minor for line in lines if line.kind != "true_up") - notes
    lifted = sum(line.amount.minor for line in lines if line.kind == "true_up")
    assert lifted == max(0, 9_000 - used)
    assert all(firm.differences(invoice) == [] for invoice in invoices)
