"""What rating promises for any price and quantity."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.billing.domain.pricing.events import EventsNotPriced, SliceNotPossible, rate_events
from services.billing.domain.pricing.exact import total
from services.billing.domain.pricing.minor_units import minor_units
from services.billing.domain.pricing.percentage import EventsNeeded
from services.billing.domain.pricing.price import Conversion, Discount, Price, Tier
from services.billing.domain.pricing.rate import Rating, rate
from services.billing.domain.pricing.rated import BilledBefore, Rated, TierUse
from shared.money import EXACT, Money
from tests.unit.billing.prices import per_unit, price, tiers

D = Decimal
quantities = st.decimals(0, 10**9, places=3)
amounts = st.decimals(0, 1000, places=6)
graduated = price("graduated", tiers=tiers(("300", "30"), ("1500", "22.5"), (None, "15.75")))


@st.composite
def tiered(draw: st.DrawFn, model: Any = "graduated") -> Price:
    bounds = sorted(draw(st.sets(st.integers(1, 10**6), max_size=5)))
    steps = tuple(Tier(up_to=D(b), unit_amount=draw(amounts), flat_amount=draw(amounts)) for b in bounds)
    return Price(
        model=model,
        tiers=(*steps, Tier(unit_amount=draw(amounts), flat_amount=draw(amounts))),
        fixed_amount=draw(amounts),
        flat_at_zero=draw(st.booleans()),
    )


packages = st.builds(
    lambda size, amount, free: price("package", package={"size": str(size), "amount": str(amount), "free": str(free)}),
    st.integers(1, 10**4),
    amounts,
    st.integers(0, 10**4),
)
prices = st.one_of(tiered("graduated"), tiered("volume"), packages, st.builds(lambda a: per_unit(str(a)), amounts))


@given(prices, st.lists(quantities, min_size=1, max_size=6))
def test_slices_with_what_was_billed_before_add_up_to_rating_at_once(of: Price, slices: list[Decimal]) -> None:
    rating, before = Rating.of(of, "EUR"), None
    for quantity in slices:
        rated = rating.line(quantity, before)
        before = BilledBefore(
            total([before.quantity if before else D(0), quantity]), before_amount(before) + rated.amount
        )
    assert before is not None
    assert before.amount == rating.line(total(slices)).amount


@given(prices, st.lists(quantities, min_size=1, max_size=6))
def test_billing_rounded_slices_leaves_the_rounding_of_the_whole(of: Price, slices: list[Decimal]) -> None:
    rating, billed, quantity = Rating.of(of, "EUR"), Money.zero("EUR"), D(0)
    for piece in slices:
        billed += rating.line(piece, BilledBefore(quantity, billed.major)).amount_money
        quantity = total([quantity, piece])
    assert billed == rating.line(quantity).amount_money


@given(prices, quantities)
def test_tiers_and_fixed_amount_add_up_to_the_line(of: Price, quantity: Decimal) -> None:
    rated = rate(of, quantity, "EUR")
    assert total([of.fixed_amount, *(use.amount for use in rated.tiers)]) == rated.amount


@given(prices, quantities)
def test_rounded_amount_and_residue_are_the_exact_amount(of: Price, quantity: Decimal) -> None:
    rated = rate(of, quantity, "EUR")
    assert rated.amount_money == Money.rounded(rated.amount, "EUR")
    assert total([rated.amount_money.major, rated.residue]) == rated.amount


@given(tiered(), quantities, quantities)
def test_graduated_never_gets_cheaper_with_more_usage(of: Price, one: Decimal, other: Decimal) -> None:
    fewer, more = sorted([one, other])
    if of.flat_at_zero or fewer > 0:
        assert rate(of, fewer, "EUR").amount <= rate(of, more, "EUR").amount


@given(tiered(), quantities)
def test_graduated_tiers_share_out_the_whole_quantity_without_gap(of: Price, quantity: Decimal) -> None:
    uses = rate(of, quantity, "EUR").tiers
    assert total(use.quantity for use in uses) == quantity
    assert all(lower.up_to == upper.from_quantity for lower, upper in pairwise(uses))


@given(prices, st.decimals(-(10**6), 0, places=3))
def test_a_negative_quantity_is_priced_as_zero_and_reported(of: Price, quantity: Decimal) -> None:
    rated = rate(of, quantity, "EUR")
    assert rated.amount == rate(of, D(0), "EUR").amount
    assert rated.clamped_from == (quantity if quantity < 0 else None)


def test_a_correction_below_what_was_billed_gives_money_back() -> None:
    rated = rate(graduated, D(-100), "USD", BilledBefore(D(400), D("11250")))
    assert rated.amount == D(-2250)
    assert rated.clamped_from is None


def test_the_line_tells_which_tiers_it_used() -> None:
    assert rate(graduated, D(400), "USD").tiers == (
        TierUse(D(0), D(300), D(300), D(30), D(0), D(9000)),
        TierUse(D(300), D(1500), D(100), D("22.5"), D(0), D(2250)),
    )


def test_half_a_cent_is_rounded_away_from_zero_on_both_sides() -> None:
    half = per_unit("0.005")
    assert rate(half, D(1), "EUR").amount_money == Money(1, "EUR")
    assert rate(half, D(0), "EUR", BilledBefore(D(1), D("0.01"))).amount_money == Money(-1, "EUR")


def test_the_residue_keeps_twelve_places() -> None:
    assert rate(per_unit("0.000000000001"), D(1), "EUR").residue == D("0.000000000001")


def test_amounts_of_forty_eight_digits_stay_exact() -> None:
    rated = rate(per_unit("999999999999.123456789012"), D("999999999999.123456789012"), "EUR")
    assert rated.amount == D(999999999999123456789012**2).scaleb(-24, EXACT)


def test_limits_come_in_order_percent_then_maximum_then_minimum() -> None:
    limited = per_unit("1", discount={"percent": "50"}, maximum_amount="40", minimum_amount="30")
    assert rate(limited, D(100), "EUR", last_of_period=True).amount == D(40)
    assert rate(limited, D(50), "EUR", last_of_period=True).amount == D(30)
    assert rate(limited, D(50), "EUR", last_of_period=True).minimum_line == D(5)
    assert rate(limited, D(50), "EUR").amount == D(25)


def test_included_quantity_is_used_up_once_in_a_period() -> None:
    included = per_unit("250", discount={"quantity": "20"})
    assert rate(included, D(20), "USD").amount == 0
    assert rate(included, D(10), "USD", BilledBefore(D(15), D(0))).amount == D(1250)


def test_a_unit_can_be_converted_down_to_the_nearest_or_not_at_all() -> None:
    def converted(rounding: str) -> Decimal:
        return rate(per_unit("1", convert={"divide_by": "1000", "round": rounding}), D(1500), "EUR").amount

    assert [converted(rounding) for rounding in ("up", "down", "nearest", "none")] == [2, 1, 2, D("1.5")]


def test_a_percentage_with_parts_per_event_refuses_a_total() -> None:
    fee = price("percentage", percentage={"rate": "0.01", "fixed_per_event": "0.2"})
    with pytest.raises(EventsNeeded):
        rate(fee, D(100), "EUR")
    assert rate(price("percentage", percentage={"rate": "0.01"}), D(100), "EUR").amount == 1


@given(
    st.decimals(0, 1, places=12),
    st.sampled_from(["fixed_per_event", "free_value"]),
    amounts,
    st.lists(st.decimals(0, 10**4, places=12), max_size=8),
)
def test_a_period_s_total_and_number_of_events_give_what_the_single_events_give(
    share: Decimal, part: str, amount: Decimal, values: list[Decimal]
) -> None:
    fee = price("percentage", percentage={"rate": str(share), part: str(amount)})
    whole = Rating.of(fee, "EUR").period(total(values), len(values))
    assert whole.amount == rate_events(fee, values, "EUR").amount


def test_what_is_free_by_event_cannot_be_told_from_a_period_s_total() -> None:
    fee = price("percentage", percentage={"rate": "0.01", "free_events": 1})
    with pytest.raises(EventsNeeded):
        Rating.of(fee, "EUR").period(D(100), 3)


def test_a_percentage_of_events_is_rated_for_the_whole_period_only() -> None:
    fee = price("percentage", percentage={"rate": "0.01"})
    with pytest.raises(SliceNotPossible):
        rate_events(fee, [D(1)], "EUR", BilledBefore(D(1), D(1)))


def test_events_are_refused_where_a_quantity_is_priced() -> None:
    with pytest.raises(EventsNotPriced):
        rate_events(graduated, [D(1)], "EUR")


def test_an_event_without_value_pays_the_fee_unless_it_is_free() -> None:
    fee = price("percentage", percentage={"rate": "0.01", "fixed_per_event": "0.2"})
    free = price("percentage", percentage={"rate": "0.01", "fixed_per_event": "0.2", "free_value": "10"})
    assert rate_events(fee, [D(0)], "EUR").amount == D("0.2")
    assert rate_events(free, [D(0)], "EUR").amount == 0


def test_negative_event_values_count_as_zero_and_are_reported() -> None:
    rated = rate_events(price("percentage", percentage={"rate": "0.1"}), [D(100), D(-30)], "EUR")
    assert (rated.amount, rated.clamped_from) == (D(10), D(-30))


def test_a_rated_line_survives_being_stored() -> None:
    rated = rate(graduated, D("400.5"), "USD")
    assert msgspec.convert(msgspec.to_builtins(rated), Rated) == rated


def before_amount(before: BilledBefore | None) -> Decimal:
    return before.amount if before else D(0)


@pytest.mark.parametrize(
    ("unit_amount", "divide_by", "quantity", "currency", "minor"),
    [
        ("28.5", "3", "1", "JPY", 10),  # 9.5
        ("660866.5", "7", "1", "JPY", 94410),  # 94,409.5
        ("460.9998", "6", "5", "KWD", 384_167),  # 384.1665
        ("0.285", "3", "1", "EUR", 10),  # 0.095
        ("0.285", "3", "0.999999999999", "EUR", 9),  # a trifle less is no half any more
    ],
)
def test_half_of_a_minor_unit_is_seen_behind_a_division_that_does_not_end(
    unit_amount: str, divide_by: str, quantity: str, currency: str, minor: int
) -> None:
    of = per_unit(unit_amount, convert=Conversion(divide_by=D(divide_by)))
    line = rate(of, D(quantity), currency)
    assert line.amount_money.minor == minor == minor_units(of, currency)(D(quantity), 0)


@given(
    st.sampled_from([3, 6, 7, 9, 11, 13]),
    st.integers(0, 10**6),
    st.sampled_from([0, 1000, 10**6]),
    st.integers(1, 8),
    st.sampled_from([None, "50"]),
)
def test_a_third_of_what_is_beyond_the_allowance_is_rounded_as_fractions_say(
    divisor: int, halves: int, free: int, quantity: int, percent: str | None
) -> None:
    unit = Fraction(2 * halves + 1, 2) * divisor
    discount = Discount(quantity=D(free), percent=None if percent is None else D(percent))
    price = per_unit(
        str(D(unit.numerator) / D(unit.denominator)), convert=Conversion(divide_by=D(divisor)), discount=discount
    )
    line = rate(price, D(quantity + free * divisor), "JPY")
    exact = unit * quantity / divisor * (Fraction(1, 2) if percent else 1)
    assert line.amount_money.minor == int(exact + Fraction(1, 2))
    assert abs(Fraction(line.amount) - exact) < Fraction(1, 10**30)
