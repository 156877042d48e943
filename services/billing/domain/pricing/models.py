"""The pricing models: a name, and the file that prices with it."""

from __future__ import annotations

from functools import partial
from typing import assert_never

from services.billing.domain.pricing import (
    block,
    dynamic,
    graduated,
    graduated_percentage,
    package,
    per_unit,
    percentage,
    volume,
)
from services.billing.domain.pricing.price import Price, required
from services.billing.domain.pricing.rated import Amount, PricingModel
from services.billing.domain.pricing.tiers import rates, unit_amounts
from shared.money import EXACT


def model_of(price: Price) -> PricingModel:
    match price.model:
        case "per_unit":
            return per_unit.model(price)
        case "graduated":
            return graduated.model(price)
        case "volume":
            return volume.model(price)
        case "package":
            return package.model(price)
        case "percentage":
            return percentage.model(price)
        case "graduated_percentage":
            return graduated_percentage.model(price)
        case "dynamic":
            return dynamic.model(price)
        case "block":
            return block.model(price)
        case _:
            assert_never(price.model)


def amount_of(price: Price) -> Amount:
    """The amount alone. Some models have a short way to it; what others make of a quantity is as soon made."""
    if price.model == "per_unit":
        return partial(EXACT.multiply, required(price.unit_amount, "/unit_amount"))
    if price.model == "graduated":
        return graduated.amount_by_parts(price, unit_amounts(price.tiers))
    if price.model == "graduated_percentage":
        return graduated.amount_by_parts(price, rates(price.tiers))
    model = model_of(price)
    return lambda quantity: model(quantity)[0]
