"""Dynamic: the amount travels with the usage; a multiplier turns it into money where it is not money yet."""

from __future__ import annotations

from decimal import Decimal

from services.billing.domain.pricing.per_unit import at
from services.billing.domain.pricing.price import Price
from services.billing.domain.pricing.rated import PricingModel


def model(price: Price) -> PricingModel:
    return at(Decimal(1) if price.multiplier is None else price.multiplier)
