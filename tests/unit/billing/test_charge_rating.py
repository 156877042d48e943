"""Groups of usage, each at the price that is its own."""

from __future__ import annotations

from decimal import Decimal

import pytest

from services.billing.domain.charge_rating import ChargeRating
from services.billing.domain.pricing.filtered import FilteredPrice
from tests.unit.billing.prices import metered, per_unit, price, tiers

NIGHT = FilteredPrice(where={"hours": ("night",)}, price=per_unit("0.10"))
PEAK = FilteredPrice(where={"hours": ("peak",)}, price=price("graduated", tiers=tiers(("10", "1"), (None, "0.8"))))
BIG = FilteredPrice(where={"hours": ("peak",), "model": ("large", "huge")}, price=per_unit("3"))


@pytest.mark.parametrize(("hours", "amount"), [("night", "2.00"), ("peak", "18.0"), ("shoulder", "10.0"), ("", "10.0")])
def test_a_group_has_the_price_of_the_filter_that_fits_it_or_else_that_of_the_charge(hours: str, amount: str) -> None:
    charge = metered("energy", per_unit("0.5"), group_by=("hours",), filtered_prices=(NIGHT, PEAK))
    assert ChargeRating(charge, "EUR").period(hours, Decimal(20), 1).amount == Decimal(amount)


@pytest.mark.parametrize(
    ("group", "amount"),
    [
        ('["large","peak"]', 60),
        ('["small","peak"]', 18),
        ('["huge","night"]', 2),
        ('["huge",""]', 10),
    ],
)
def test_of_several_filters_the_first_that_fits_all_its_names_counts(group: str, amount: int) -> None:
    charge = metered("tokens", per_unit("0.5"), group_by=("model", "hours"), filtered_prices=(BIG, NIGHT, PEAK))
    assert ChargeRating(charge, "EUR").period(group, Decimal(20), 1).amount == amount


def test_groups_of_one_filter_are_rated_each_by_itself() -> None:
    charge = metered("energy", per_unit("0.5"), group_by=("model", "hours"), filtered_prices=(PEAK,))
    rating = ChargeRating(charge, "EUR")
    amounts = [rating.period(f'["{model}","peak"]', Decimal(20), 1).amount for model in ("a", "b")]
    assert amounts == [18, 18]
    assert len(rating.ready) == 1


def test_usage_without_groups_has_the_price_of_the_charge() -> None:
    assert ChargeRating(metered("calls", per_unit("0.5")), "EUR").period("", Decimal(20), 1).amount == 10
