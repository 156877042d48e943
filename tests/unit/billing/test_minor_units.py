"""What a period costs without its tiers is what it costs with them."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from services.billing.domain.pricing.minor_units import minor_units
from services.billing.domain.pricing.price import Percentage, Price
from services.billing.domain.pricing.rate import Rating
from tests.unit.billing.test_price_oracle import amounts, currencies, prices

quantities = st.decimals(-1000, 10**9, places=12)
percentages = st.builds(Percentage, rate=st.decimals(0, 1, places=6), fixed_per_event=amounts)


@given(prices(), st.lists(quantities | st.just(Decimal(0)), min_size=1, max_size=8), currencies)
def test_any_price_comes_to_the_same_with_and_without_its_tiers(
    price: Price, found: list[Decimal], currency: str
) -> None:
    rating, minor = Rating.of(price, currency), minor_units(price, currency)
    bounds = [tier.up_to for tier in price.tiers if tier.up_to is not None]
    for quantity in (*found, *bounds):
        assert minor(quantity, 3) == rating.period(quantity, 3).amount_money.minor


@given(percentages, quantities, st.integers(0, 10**6))
def test_a_share_of_a_value_counts_its_events(percentage: Percentage, value: Decimal, count: int) -> None:
    price = Price(model="percentage", percentage=percentage)
    assert minor_units(price, "EUR")(value, count) == Rating.of(price, "EUR").period(value, count).amount_money.minor
