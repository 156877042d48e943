"""A coupon of an amount is for one billing period, however many invoices the period has."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from services.billing.domain.agreement import AgreedLine
from services.billing.domain.coupon import AgreedCoupon, BilledCoupon
from services.billing.domain.invoice.amounts import Amounts
from services.billing.domain.invoice.state import Invoice
from services.billing.domain.invoice_line import InvoiceLine
from services.billing.domain.subscription.commands import EffectAmendments, PauseSubscription
from services.billing.processes.foreseeing import foresee
from tests.unit.billing import histories
from tests.unit.billing.lifetime import Lifetime
from tests.unit.billing.test_amendments import SEATS, STORAGE, TEAM, amend, money, running
from tests.unit.billing.test_cancellation import AGREED, ARREARS, TAXED
from tests.unit.billing.test_subscription import new_york

HUNDRED = AgreedCoupon(code="hundred", name="A hundred", amount=Decimal(100))
HALF = AgreedCoupon(code="half", name="Half", percent=Decimal(50))
FLAT = replace(TEAM, charges=(SEATS,))


def with_coupon(*coupons: AgreedCoupon, line: AgreedLine = FLAT) -> Lifetime:
    return running(new_york(2013, 1, 11), replace(line, coupons=coupons))


def test_what_an_amendment_takes_back_the_coupon_may_take_off_again_and_no_more() -> None:
    life = with_coupon(HUNDRED)
    life.say(amend(life.now, quantity=15))
    life.move(new_york(2013, 2, 1))
    assert money(life) == [
        ("2013-01-01", [("seats", 21_000)], 14_226),  # 21 of 31 days of what was paid
        ("2013-01-11", [("seats", 31_500 - 6_774)], 0),
        ("2013-02-01", [("seats", 46_500 - 10_000)], 0),
    ]
    january = 21_000 - 14_226 + 31_500 - 6_774
    assert january == 10_000 + 31_500 - 10_000  # ten days of ten seats, 21 of fifteen, and a hundred off
    assert life.invoices[1].header.bill.coupons == (
        BilledCoupon(term_number=1, code="hundred", amount=Decimal("67.74")),
    )
    assert life.differences() == []


def test_an_add_on_has_what_the_first_invoice_of_the_period_left() -> None:
    for amount, taken in ((Decimal(310), 0), (Decimal(320), 1_000), (Decimal(1000), 1_260)):
        life = with_coupon(replace(HUNDRED, amount=amount))
        life.say(amend(life.now, add=(STORAGE,)))
        life.move(life.now)
        assert money(life)[-1] == ("2013-01-11", [("storage", 1_260 - taken)], 0)
        assert life.differences() == []


def test_what_is_amended_twice_on_a_day_is_no_way_to_more() -> None:
    life = with_coupon(HUNDRED)
    for quantity in (15, 20, 25):
        life.say(amend(life.now, quantity=quantity))
        life.move(life.now)
    paid = sum(i.totals.subtotal.minor - i.credited.minor for i in life.invoices)
    assert paid == 10_000 + 52_500 - 10_000
    assert life.differences() == []


def test_after_a_pause_it_has_what_the_pause_gave_back() -> None:
    life = with_coupon(HUNDRED)
    life.say(PauseSubscription(at=life.now, until=date(2013, 1, 21), reason="rest", extend=False))
    life.move(new_york(2013, 1, 21))
    assert money(life) == [("2013-01-01", [("seats", 21_000)], 14_226), ("2013-01-21", [("seats", 11_000 - 6_774)], 0)]
    assert life.differences() == []


def test_a_percentage_for_one_period_is_for_all_its_invoices_and_none_of_the_next() -> None:
    life = with_coupon(replace(HALF, invoices=1))
    life.say(amend(life.now, quantity=15))
    life.move(new_york(2013, 2, 1))
    assert [lines for _, lines, _ in money(life)] == [[("seats", 15_500)], [("seats", 15_750)], [("seats", 46_500)]]


def test_a_coupon_for_one_invoice_in_arrears_ends_with_the_first_period() -> None:
    life = with_coupon(replace(HALF, invoices=1), line=replace(FLAT, charges=(replace(SEATS, in_advance=False),)))
    life.move(new_york(2013, 2, 11))
    life.say(amend(life.now, quantity=15))
    life.move(life.now)
    assert money(life) == [("2013-02-01", [("seats", 15_500)], 0), ("2013-02-11", [("seats", 11_071)], 0)]


def test_a_bill_with_usage_leaves_what_it_did_not_take() -> None:
    """620.00 of seats and calls; storage for 18 of 28 days of 18.60 is 11.96."""
    for amount, taken, added in ((600, 60_000, 1_196), (630, 62_000, 196), (700, 62_000, 0)):
        life = with_coupon(replace(HUNDRED, amount=Decimal(amount)), line=TEAM)
        life.move(new_york(2013, 2, 11))
        life.say(amend(life.now, add=(STORAGE,)))
        life.move(life.now)
        february, last = life.invoices[-2:]
        assert sum(each.amount.minor for line in february.lines for each in line.discounts) == taken
        assert [line.amount.minor for line in last.lines] == [added]
        assert life.differences() == []


def late(life: Lifetime, calls: int) -> Invoice:
    """January came to so many calls after all: the correction, if there was more to bill."""
    life.revise(life.invoices[1].header.bill.usage[0].period_id, calls)
    return life.invoices[-1]


def test_late_usage_has_nothing_off_that_went_to_a_later_invoice() -> None:
    life = with_coupon(replace(HUNDRED, amount=Decimal(700)), line=TEAM)
    life.move(new_york(2013, 2, 11))
    life.say(amend(life.now, add=(STORAGE,)))
    life.move(life.now)
    correction = late(life, 510)
    assert correction.totals.subtotal.minor == 31_000 + 51_000 - (70_000 - 1_196)
    assert life.invoices[1].corrections and life.differences() == []
    assert late(life, 310).credited.minor == correction.totals.total.minor
    assert life.differences() == []


def test_late_usage_before_the_amendment_leaves_less_of_it() -> None:
    life = with_coupon(replace(HUNDRED, amount=Decimal(630)), line=TEAM)
    life.move(new_york(2013, 2, 11))
    assert late(life, 315).totals.subtotal.minor == 0
    life.say(amend(life.now, add=(STORAGE,)))
    life.move(life.now)
    assert [line.amount.minor for line in life.invoices[-1].lines] == [1_196 - 500]
    assert life.differences() == []


def test_what_usage_comes_to_is_not_known_before_its_invoice_is_issued() -> None:
    life = with_coupon(replace(HUNDRED, amount=Decimal(700)), line=replace(TEAM, collect_seconds=864_000))
    life.move(new_york(2013, 2, 5))
    life.say(amend(life.now, add=(STORAGE,)))
    life.move(new_york(2013, 2, 12))
    lines = {line.charge: line.amount.minor for invoice in life.invoices for line in invoice.lines}
    assert (lines["calls"], lines["storage"]) == (0, 1_594)  # of which 24 of 28 days are not free
    assert life.differences() == []


def test_a_coupon_of_other_charges_is_not_used_up_by_usage() -> None:
    life = with_coupon(replace(HUNDRED, amount=Decimal(320), charges=("seats", "storage")), line=TEAM)
    life.move(new_york(2013, 2, 11))
    life.say(amend(life.now, add=(STORAGE,)))
    life.move(life.now)
    assert money(life)[-1] == ("2013-02-11", [("storage", 1_196 - 1_000)], 0)


def test_billing_days_that_are_moved_open_a_period_of_their_own() -> None:
    life = with_coupon(HUNDRED, line=replace(FLAT, calendar=False))
    life.say(amend(life.now, anchor=date(2013, 1, 11)))
    life.move(new_york(2013, 2, 11))
    assert [lines for _, lines, _ in money(life)] == [[("seats", 21_000)]] * 3


def test_what_is_left_of_a_period_on_new_days_goes_with_the_one_that_was_cut() -> None:
    life = with_coupon(HUNDRED, line=replace(FLAT, calendar=False, starts_on=date(2013, 1, 5)))
    life.say(amend(life.now, calendar=True))
    life.move(new_york(2013, 2, 1))
    kept = 10_000 - 10_000 * 25 // 31
    assert [lines for _, lines, _ in money(life)] == [
        [("seats", 21_000)],
        [("seats", 21_000 - 10_000 + kept)],
        [("seats", 21_000)],
    ]


@pytest.mark.parametrize("line", [FLAT, TEAM])
def test_a_preview_says_what_the_amendment_will_cost(line: AgreedLine) -> None:
    life = with_coupon(replace(HUNDRED, amount=Decimal(625)), line=line)
    life.move(new_york(2013, 2, 11))
    said = amend(life.now, quantity=15)
    span, metered = (life.now, life.now), life.metered(life.now)
    foreseen = foresee(life.subscription, said, EffectAmendments(at=life.now), span, life.invoices, metered=metered)
    life.say(said)
    life.move(life.now)
    assert [each.invoice.totals for each in foreseen.bills] == [life.invoices[-1].totals]


def test_a_what_if_has_at_agreed_prices_what_was_invoiced() -> None:
    life = with_coupon(HUNDRED)
    life.say(amend(life.now, quantity=15))
    life.move(new_york(2013, 2, 1))
    for invoice in life.invoices:
        found: Counter[str] = Counter()
        Amounts().add(found, life.subscription, invoice.header.bill, {})
        assert found == {"seats": invoice.totals.subtotal.minor}


def test_an_invoice_from_before_bills_told_their_coupons_is_made_again_as_it_was() -> None:
    life = with_coupon(HUNDRED)
    bill = replace(life.invoices[0].header.bill, coupons=None)
    events = life.events["invoice", bill.invoice_id]
    events[0] = replace(events[0], header=replace(events[0].header, bill=bill))
    assert life.differences() == []


def opened(invoice: Invoice, line: InvoiceLine, in_advance: bool) -> tuple[int, date]:
    on = invoice.header.bill.billing_on - timedelta(days=0 if in_advance else 1)
    return line.term_number, on.replace(day=1)


def asked(life: Lifetime, in_advance: bool) -> Counter[tuple[int, date]]:
    """Net, by term and month, less what was credited."""
    found: Counter[tuple[int, date]] = Counter()
    for invoice in life.invoices:
        for line in invoice.lines:
            found[opened(invoice, line, in_advance)] += line.amount.minor
        for line in (each for carried in invoice.unused for each in carried.lines):
            found[opened(invoice, line, in_advance)] -= line.amount.minor
    return found


@pytest.mark.parametrize("charges", [(TAXED,), (ARREARS,)], ids=["in advance", "in arrears"])
@given(told=histories.happenings, amount=st.integers(1, 4000), proration=st.sampled_from(["days", "seconds", "none"]))
@example(told=[(29, "amend later", 3, False), (5, "amend", 2, True)], amount=1, proration="days")
@settings(max_examples=25, deadline=None)
def test_whatever_happens_no_period_has_more_off_than_the_amount(
    charges: Any, told: list[Any], amount: int, proration: Any
) -> None:
    line = replace(AGREED, charges=charges, proration=proration)
    coupon = replace(HUNDRED, amount=Decimal(amount))
    life, other = histories.lived(replace(line, coupons=(coupon,)), told), histories.lived(line, told)
    off = asked(other, charges[0].in_advance)
    off.subtract(asked(life, charges[0].in_advance))
    most = amount * 100 + len(life.invoices)  # what is credited is rounded with and without it
    assert all(-len(life.invoices) <= taken <= most for taken in off.values())
    assert life.differences() == []
