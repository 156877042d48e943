"""Package: a price for each started package beyond the free units."""

from __future__ import annotations

from decimal import ROUND_CEILING, Decimal

from services.billing.domain.pricing.price import ZERO, Price, required
from services.billing.domain.pricing.rated import NOTHING, Priced, PricingModel, TierUse
from shared.money import EXACT


def model(price: Price) -> PricingModel:
    """Started packages x amount. The use counts packages, not units, from the free quantity on."""
    package = required(price.package, "/package")

    def priced(quantity: Decimal) -> Priced:
        if quantity <= package.free:
            return NOTHING
        packages = started(EXACT.subtract(quantity, package.free), package.size)
        amount = EXACT.multiply(packages, package.amount)
        return amount, (TierUse(package.free, None, packages, package.amount, ZERO, amount),)

    return priced


def started(quantity: Decimal, size: Decimal) -> Decimal:
    """How many pieces of `size` a positive quantity begins: 101 in hundreds are 2."""
    return EXACT.divide(quantity, size).to_integral_value(ROUND_CEILING, EXACT)
