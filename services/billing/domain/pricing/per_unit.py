"""Per unit: quantity x unit amount."""

from __future__ import annotations

from decimal import Decimal

from services.billing.domain.pricing.price import ZERO, Price, required
from services.billing.domain.pricing.rated import NOTHING, Priced, PricingModel, TierUse
from shared.money import EXACT


def model(price: Price) -> PricingModel:
    return at(required(price.unit_amount, "/unit_amount"))


def at(unit_amount: Decimal) -> PricingModel:
    """All units at one amount."""

    def priced(quantity: Decimal) -> Priced:
        if not quantity:
            return NOTHING
        amount = EXACT.multiply(quantity, unit_amount)
        return amount, (TierUse(ZERO, None, quantity, unit_amount, ZERO, amount),)

    return priced
