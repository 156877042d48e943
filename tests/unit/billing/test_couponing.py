"""Coupons of an agreed line: when they hold, and how they are shared."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.billing.domain.agreement import AgreedLine, RampPhase
from services.billing.domain.coupon import AgreedCoupon
from services.billing.domain.couponing import coupon_shares, holding
from services.billing.domain.quote.lines import renewed_line
from services.billing.domain.schedule import term_of
from shared.money import Money
from tests.unit.billing.gate_use import agreed
from tests.unit.billing.prices import flat, metered, per_unit

USD, START = "USD", date(2013, 1, 1)
TEN = AgreedCoupon(code="ten", name="Ten", percent=Decimal(10))
FIVE = AgreedCoupon(code="five", name="Five", amount=Decimal(5))
IN_ADVANCE = (flat("fee", "10", in_advance=True), metered("calls", per_unit("1")))
IN_ARREARS = (metered("calls", per_unit("1")),)


def shares(line: AgreedLine, on: date, *charged: tuple[str, int]) -> list[list[tuple[str, int]]]:
    amounts = [(code, Money(minor, USD)) for code, minor in charged]
    held = holding(line, START, term_of(START, line.term_months), on)
    found = coupon_shares(held, amounts, USD)
    return [[(each.coupon, each.amount.minor) for each in taken] for taken in found]


def having(*coupons: AgreedCoupon, charges: tuple[Any, ...] = IN_ADVANCE) -> AgreedLine:
    return replace(agreed(charges=charges), coupons=coupons)


@pytest.mark.parametrize(
    ("charges", "held"),
    [(IN_ADVANCE, [True, True, False, False]), (IN_ARREARS, [True, True, True, False])],
    ids=["in advance", "in arrears"],
)
def test_a_coupon_for_two_invoices_begins_with_the_first_that_charges_something(charges: Any, held: list[bool]) -> None:
    line = having(replace(TEN, invoices=2), charges=charges)
    days = [date(2013, month, 1) for month in (1, 2, 3, 4)]
    assert [bool(shares(line, day, ("calls", 1000))[0]) for day in days] == held


def test_the_second_coupon_is_taken_off_what_the_first_one_left() -> None:
    assert shares(having(TEN, TEN), START, ("fee", 10000)) == [[("ten", 1000), ("ten", 900)]]


def test_a_coupon_of_one_charge_is_not_shared_with_the_others() -> None:
    line = having(replace(FIVE, charges=("calls",)), TEN)
    assert shares(line, START, ("fee", 1000), ("calls", 2000)) == [[("ten", 100)], [("five", 500), ("ten", 150)]]


def test_a_lasting_coupon_is_renewed_and_one_for_some_invoices_is_not() -> None:
    line = having(TEN, replace(FIVE, invoices=24))
    assert renewed_line(line, Decimal(0), date(2014, 1, 1), USD).coupons == (TEN,)


def test_a_ramp_is_renewed_as_it_was_at_last() -> None:
    phases = (RampPhase(after_months=3, quantity=5), RampPhase(after_months=6, prices={"fee": per_unit("20")}))
    renewed = renewed_line(replace(having(), ramp=phases), Decimal(10), date(2014, 1, 1), USD)
    assert (renewed.quantity, renewed.charge("fee").price, renewed.ramp) == (5, per_unit("22.00"), ())


@given(st.lists(st.integers(0, 10**7), min_size=1, max_size=6), st.decimals(0, 100, places=3), st.integers(0, 1000))
def test_coupons_never_take_more_than_there_is_and_lose_no_cent(charged: list[int], percent: Decimal, off: int) -> None:
    line = having(replace(TEN, percent=percent), replace(FIVE, amount=Decimal(off)))
    taken = shares(line, START, *(("fee", minor) for minor in charged))
    left = [minor - sum(amount for _, amount in each) for minor, each in zip(charged, taken, strict=True)]
    assert min(left) >= 0
    after_percent = sum(charged) - Money.rounded(Decimal(sum(charged)).scaleb(-2) * percent / 100, USD).minor
    assert sum(left) == max(0, after_percent - off * 100)
