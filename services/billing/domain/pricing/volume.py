"""Volume: all units at the amount of the tier that the total falls into."""

from __future__ import annotations

from bisect import bisect_left
from decimal import Decimal

from services.billing.domain.pricing.price import Price
from services.billing.domain.pricing.rated import Priced, PricingModel, TierUse
from services.billing.domain.pricing.tiers import at_zero, lower_bounds, unit_amounts, upper_bounds
from shared.money import EXACT


def model(price: Price) -> PricingModel:
    """total x unit amount + flat amount of the tier `(previous, up_to]` of the total, plus the fixed amount."""
    upper, lower, tiers = upper_bounds(price.tiers), lower_bounds(price.tiers), price.tiers
    units, fixed = unit_amounts(tiers), price.fixed_amount
    unused = at_zero(price, units)

    def priced(quantity: Decimal) -> Priced:
        if not quantity:
            return unused
        index = bisect_left(upper, quantity)
        unit, tier = units[index], tiers[index]
        amount = EXACT.fma(quantity, unit, tier.flat_amount)
        use = TierUse(lower[index], tier.up_to, quantity, unit, tier.flat_amount, amount)
        return EXACT.add(fixed, amount), (use,)

    return priced
