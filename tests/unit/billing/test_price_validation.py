"""Bad prices are refused, and the refusal names the field."""

from __future__ import annotations

from typing import Any

import pytest

from services.billing.domain.pricing import limits, tier_validation, validation
from services.billing.domain.pricing.price import PartMissing
from services.billing.domain.pricing.validation import validate
from shared.errors import DomainError
from tests.unit.billing.prices import price, tiers

TOKENS = {"model": "per_unit", "unit_amount": "1"}
REFUSED: list[tuple[str, dict[str, Any], type[DomainError], str]] = [
    (
        "credits that are called like a currency",
        TOKENS | {"credit": {"code": "EUR", "unit_amount": "1"}},
        validation.CreditIsCurrency,
        "/credit/code",
    ),
    (
        "credits without a name",
        TOKENS | {"credit": {"code": "", "unit_amount": "1"}},
        validation.CreditCodeMalformed,
        "/credit/code",
    ),
    (
        "credits that cost nothing",
        TOKENS | {"credit": {"code": "token", "unit_amount": "0"}},
        limits.NotPositive,
        "/credit/unit_amount",
    ),
    (
        "tiers that overlap",
        {"model": "graduated", "tiers": tiers(("10", "1"), ("10", "2"), (None, "3"))},
        tier_validation.TiersOverlap,
        "/tiers/1/up_to",
    ),
    (
        "tiers out of order",
        {"model": "volume", "tiers": tiers(("10", "1"), ("5", "2"), (None, "3"))},
        tier_validation.TiersOverlap,
        "/tiers/1/up_to",
    ),
    (
        "two open tiers",
        {"model": "graduated", "tiers": tiers((None, "1"), (None, "2"))},
        tier_validation.TwoOpenTiers,
        "/tiers/0/up_to",
    ),
    (
        "no open tier",
        {"model": "graduated", "tiers": tiers(("10", "1"), ("20", "2"))},
        tier_validation.LastTierNotOpen,
        "/tiers/1/up_to",
    ),
    (
        "a tier that ends at zero",
        {"model": "graduated", "tiers": tiers(("0", "1"), (None, "2"))},
        limits.NotPositive,
        "/tiers/0/up_to",
    ),
    (
        "a tier that ends below zero",
        {"model": "graduated", "tiers": tiers(("-5", "1"), (None, "2"))},
        limits.NegativeNumber,
        "/tiers/0/up_to",
    ),
    (
        "a tier without unit amount",
        {"model": "volume", "tiers": [{"up_to": None, "flat_amount": "1"}]},
        PartMissing,
        "/tiers/0/unit_amount",
    ),
    (
        "a tier with a part of another model",
        {"model": "volume", "tiers": [{"up_to": None, "unit_amount": "1", "rate": "0.1"}]},
        tier_validation.TierPartNotAllowed,
        "/tiers/0/rate",
    ),
    (
        "a negative number of blocks",
        {"model": "block", "block_mode": "top_tier", "tiers": [{"blocks": -1, "block_size": "1", "block_amount": "1"}]},
        limits.NegativeNumber,
        "/tiers/0/blocks",
    ),
    ("a graduated price without tiers", {"model": "graduated"}, PartMissing, "/tiers"),
    (
        "too many tiers",
        {"model": "volume", "tiers": tiers(*((str(n), "1") for n in range(1, 101)), (None, "1"))},
        tier_validation.TooManyTiers,
        "/tiers",
    ),
    (
        "packages of size zero",
        {"model": "package", "package": {"size": "0", "amount": "1"}},
        limits.NotPositive,
        "/package/size",
    ),
    (
        "packages of negative size",
        {"model": "package", "package": {"size": "-10", "amount": "1"}},
        limits.NegativeNumber,
        "/package/size",
    ),
    (
        "negative free units",
        {"model": "package", "package": {"size": "10", "amount": "1", "free": "-1"}},
        limits.NegativeNumber,
        "/package/free",
    ),
    (
        "a unit amount of 13 places",
        {"model": "per_unit", "unit_amount": "0.0000000000001"},
        limits.TooManyPlaces,
        "/unit_amount",
    ),
    ("a unit amount that is no number", {"model": "per_unit", "unit_amount": "NaN"}, limits.NotANumber, "/unit_amount"),
    ("a unit amount that is a trap", {"model": "per_unit", "unit_amount": "sNaN"}, limits.NotANumber, "/unit_amount"),
    ("an endless unit amount", {"model": "per_unit", "unit_amount": "Infinity"}, limits.NotANumber, "/unit_amount"),
    ("a negative unit amount", {"model": "per_unit", "unit_amount": "-1"}, limits.NegativeNumber, "/unit_amount"),
    ("an absurd unit amount", {"model": "per_unit", "unit_amount": "1e15"}, limits.NumberTooLarge, "/unit_amount"),
    ("no unit amount", {"model": "per_unit"}, PartMissing, "/unit_amount"),
    (
        "a package price with a unit amount",
        {"model": "package", "package": {"size": "1", "amount": "1"}, "unit_amount": "1"},
        validation.PartNotAllowed,
        "/unit_amount",
    ),
    (
        "more than all of it off",
        {"model": "per_unit", "unit_amount": "1", "discount": {"percent": "101"}},
        validation.PercentTooHigh,
        "/discount/percent",
    ),
    (
        "conversion by zero",
        {"model": "per_unit", "unit_amount": "1", "convert": {"divide_by": "0"}},
        limits.NotPositive,
        "/convert/divide_by",
    ),
    (
        "a minimum above the maximum",
        {"model": "per_unit", "unit_amount": "1", "minimum_amount": "2", "maximum_amount": "1"},
        validation.LimitsCrossed,
        "/minimum_amount",
    ),
    (
        "a minimum per event above the maximum",
        {"model": "percentage", "percentage": {"rate": "0.1", "minimum_per_event": "2", "maximum_per_event": "1"}},
        validation.LimitsCrossed,
        "/percentage/minimum_per_event",
    ),
    (
        "a percentage with an included quantity",
        {"model": "percentage", "percentage": {"rate": "0.1"}, "discount": {"quantity": "5"}},
        validation.PartNotAllowed,
        "/discount/quantity",
    ),
    (
        "a percentage with a conversion",
        {"model": "percentage", "percentage": {"rate": "0.1"}, "convert": {"divide_by": "100"}},
        validation.PartNotAllowed,
        "/convert",
    ),
]


@pytest.mark.parametrize(("parts", "error", "field"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_a_bad_price_is_refused_and_the_field_is_named(
    parts: dict[str, Any], error: type[DomainError], field: str
) -> None:
    with pytest.raises(error) as refusal:
        validate(price(**parts), "/charges/2/price")
    assert refusal.value.field == f"/charges/2/price{field}"
