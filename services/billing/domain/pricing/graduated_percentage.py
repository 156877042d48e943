"""Graduated percentage: each tier takes its own share of its part of a value."""

from __future__ import annotations

from services.billing.domain.pricing.graduated import by_parts
from services.billing.domain.pricing.price import Price
from services.billing.domain.pricing.rated import PricingModel
from services.billing.domain.pricing.tiers import rates


def model(price: Price) -> PricingModel:
    return by_parts(price, rates(price.tiers))
