"""Prices of twelve places on quantities of twelve places, compared with fractions: nothing is lost on the way."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.billing.domain.pricing.evaluation import NO_GROUP, Usage, evaluate
from services.billing.domain.pricing.exact import total
from services.billing.domain.pricing.price import (
    Conversion,
    CreditUnit,
    Discount,
    Model,
    Package,
    Percentage,
    Price,
    Tier,
)
from services.billing.domain.pricing.rated import BilledBefore, Rated
from services.billing.domain.pricing.validation import validate
from shared.money import EXACT, exponent
from tests.unit.billing import price_oracle as oracle

quantities = st.decimals(0, 10**9, places=12)
amounts = st.decimals(0, 10**3, places=12)
sizes = st.decimals(Decimal("0.001"), 10**6, places=3)
percents = st.decimals(0, 100, places=6)
currencies = st.sampled_from(["JPY", "EUR", "KWD"])
credits = st.builds(CreditUnit, code=st.just("token"), unit_amount=st.decimals("0.0001", 10, places=4))


@st.composite
def tiers(draw: st.DrawFn, model: Model) -> tuple[Tier, ...]:
    ends = [*sorted(draw(st.sets(sizes, max_size=5))), None]
    if model == "block":
        counts = [*draw(st.lists(st.integers(1, 1000), max_size=4)), None]
        return tuple(Tier(blocks=n, block_size=draw(sizes), block_amount=draw(amounts)) for n in counts)
    name = "rate" if model == "graduated_percentage" else "unit_amount"
    return tuple(Tier(up_to=end, flat_amount=draw(amounts), **{name: draw(amounts)}) for end in ends)


@st.composite
def base_prices(draw: st.DrawFn) -> Price:
    model: Model = draw(
        st.sampled_from(["per_unit", "dynamic", "package", "block", "volume", "graduated", "graduated_percentage"])
    )
    match model:
        case "per_unit":
            return Price(model=model, unit_amount=draw(amounts))
        case "dynamic":
            return Price(model=model, multiplier=draw(st.none() | amounts))
        case "package":
            package = Package(size=draw(sizes), amount=draw(amounts), free=draw(st.just(Decimal(0)) | sizes))
            return Price(model=model, package=package)
        case "block":
            mode = draw(st.sampled_from(["all_tiers", "top_tier"]))
            return Price(model=model, tiers=draw(tiers(model)), block_mode=mode)
    fixed, at_zero = draw(amounts), draw(st.booleans())
    return Price(model=model, tiers=draw(tiers(model)), fixed_amount=fixed, flat_at_zero=at_zero)


@st.composite
def prices(draw: st.DrawFn) -> Price:
    """With everything that can stand around a model; what is divided without rounding ends after few places."""
    base = draw(base_prices())
    rounded = st.builds(Conversion, divide_by=sizes, round=st.sampled_from(["up", "down", "nearest"]))
    exact = st.builds(Conversion, divide_by=st.sampled_from([Decimal(n) for n in (1, 8, 1000, 1024)]))
    discount = st.builds(Discount, quantity=st.none() | sizes, percent=st.none() | percents)
    low, high = sorted([draw(amounts), draw(amounts)])
    limits = {name: getattr(base, name) for name in base.__dataclass_fields__}
    return Price(
        **limits
        | {
            "convert": draw(st.none() | rounded | exact),
            "discount": draw(st.none() | discount),
            "maximum_amount": draw(st.sampled_from([None, high])),
            "minimum_amount": draw(st.sampled_from([None, low])),
            "credit": draw(st.none() | credits),
        }
    )


@given(prices(), quantities, currencies, st.booleans())
def test_a_line_is_what_fractions_say_to_the_last_place(
    of: Price, quantity: Decimal, currency: str, last: bool
) -> None:
    line = rated(of, quantity, currency, last=last)
    expected = oracle.amount(of, quantity, last_of_period=last)
    assert Fraction(line.amount) == expected
    assert line.amount_money.minor == oracle.minor(expected, exponent(currency))


@given(prices(), quantities, quantities, currencies)
def test_a_slice_is_the_difference_of_what_fractions_say(
    of: Price, first: Decimal, second: Decimal, currency: str
) -> None:
    before = BilledBefore(first, rated(of, first, currency).amount)
    line = evaluate(of, currency, Usage(quantity=second), before).lines[NO_GROUP]
    expected = oracle.amount(of, total([first, second])) - oracle.amount(of, first)
    assert Fraction(line.amount) == expected
    assert line.amount_money.minor == oracle.minor(expected, exponent(currency))


@given(
    st.builds(
        Percentage,
        rate=st.decimals(0, 1, places=12),
        fixed_per_event=st.just(Decimal(0)) | amounts,
        free_events=st.integers(0, 3),
        free_value=st.just(Decimal(0)) | amounts,
        minimum_per_event=st.none() | st.decimals(0, 10, places=12),
        maximum_per_event=st.none() | st.decimals(10, 100, places=12),
    ),
    st.lists(st.decimals(-10, 10**4, places=12), max_size=8),
)
def test_a_percentage_of_events_is_what_fractions_say(of: Percentage, values: list[Decimal]) -> None:
    price = Price(model="percentage", percentage=of)
    line = evaluate(price, "EUR", Usage(events=values)).lines[NO_GROUP]
    assert Fraction(line.amount) == oracle.of_events(price, values)


@given(prices(), quantities, currencies)
def test_tiers_percent_and_limits_are_all_that_a_line_is_made_of(of: Price, quantity: Decimal, currency: str) -> None:
    """The tiers and the fixed amount are the list price; less the discount, plus the minimum line, it is the amount."""
    line = rated(of, quantity, currency, last=True)
    listed = total([of.fixed_amount, *(use.amount for use in line.tiers)])
    if line.credits is not None:
        assert total([line.amount]) == EXACT.multiply(line.credits.quantity, line.credits.unit_amount)
        listed = EXACT.multiply(listed, line.credits.unit_amount)
    assert line.amount == total([listed, line.discount.copy_negate(), line.minimum_line])
    for use in line.tiers:
        assert Fraction(use.amount) == Fraction(use.quantity) * Fraction(use.unit_amount) + Fraction(use.flat_amount)


NEVER_CHEAPER = ("per_unit", "dynamic", "package", "graduated", "graduated_percentage")


@given(prices().filter(lambda of: of.model in NEVER_CHEAPER), quantities, quantities)
def test_more_usage_never_costs_less_where_no_tier_reprices_the_rest(of: Price, one: Decimal, other: Decimal) -> None:
    """Volume and blocks of the top tier do get cheaper: that is what they are for."""
    fewer, more = (rated(of, quantity, "EUR").amount for quantity in sorted([one, other]))
    assert fewer <= more


@given(prices(), st.dictionaries(st.text(max_size=5), quantities, max_size=4), currencies)
def test_groups_add_up_and_each_is_a_line_of_its_own(of: Price, groups: dict[str, Decimal], currency: str) -> None:
    evaluated = evaluate(of, currency, Usage(groups=groups), last_of_period=True)
    lines = {group: rated(of, quantity, currency, last=True) for group, quantity in groups.items()}
    assert evaluated.lines == lines
    assert evaluated.amount_money.minor == sum(line.amount_money.minor for line in lines.values())
    if all(has_short_residue(line) for line in lines.values()):
        assert total([evaluated.amount_money.major, evaluated.residue]) == evaluated.amount


@pytest.mark.parametrize("currency", ["JPY", "EUR", "KWD"])
def test_twelve_places_times_twelve_places_are_kept(currency: str) -> None:
    rate, quantity = Decimal("999.999999999999"), Decimal("999999999.999999999999")
    line = rated(Price(model="per_unit", unit_amount=rate), quantity, currency)
    assert Fraction(line.amount) == Fraction(rate) * Fraction(quantity)


def has_short_residue(line: Rated) -> bool:
    """A residue has twelve places; the amount may have more."""
    return total([line.amount_money.major, line.residue]) == line.amount


def rated(of: Price, quantity: Decimal, currency: str, *, last: bool = False) -> Rated:
    validate(of)
    return evaluate(of, currency, Usage(quantity=quantity), last_of_period=last).lines[NO_GROUP]
