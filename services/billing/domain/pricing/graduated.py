"""Graduated: each tier prices its own part of the quantity."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from decimal import Decimal
from itertools import accumulate

from services.billing.domain.pricing.price import Price, Tier
from services.billing.domain.pricing.rated import Amount, Priced, PricingModel, TierUse
from services.billing.domain.pricing.tiers import at_zero, lower_bounds, unit_amounts, upper_bounds
from shared.money import EXACT


def model(price: Price) -> PricingModel:
    return by_parts(price, unit_amounts(price.tiers))


def by_parts(price: Price, units: Sequence[Decimal]) -> PricingModel:
    """The part inside `(previous, up_to]` costs that tier's unit, plus the tier's flat amount once it is entered.

    Tiers below the one that is reached are always full: their uses and sums are made here, once, not for each line.
    """
    upper, lower, tiers = upper_bounds(price.tiers), lower_bounds(price.tiers), price.tiers
    sizes = [EXACT.subtract(end, start) for start, end in zip(lower, upper, strict=False)]
    full = [_use(*parts) for parts in zip(lower, sizes, tiers, units, strict=False)]
    full_before = [tuple(full[:index]) for index in range(len(tiers))]
    amount_before = list(accumulate((use.amount for use in full), EXACT.add, initial=price.fixed_amount))
    unused = at_zero(price, units)

    def priced(quantity: Decimal) -> Priced:
        if not quantity:
            return unused
        index = bisect_left(upper, quantity)
        use = _use(lower[index], EXACT.subtract(quantity, lower[index]), tiers[index], units[index])
        return EXACT.add(amount_before[index], use.amount), (*full_before[index], use)

    return priced


def amount_by_parts(price: Price, units: Sequence[Decimal]) -> Amount:
    """The same amount without the uses: quantity x unit + what the tiers below cost more, or less, than this one."""
    upper, lower, nothing = upper_bounds(price.tiers), lower_bounds(price.tiers), at_zero(price, units)[0]
    sizes = [EXACT.subtract(end, start) for start, end in zip(lower, upper, strict=False)]
    full = (_use(*parts).amount for parts in zip(lower, sizes, price.tiers, units, strict=False))
    before = accumulate(full, EXACT.add, initial=price.fixed_amount)
    entered = [EXACT.add(amount, tier.flat_amount) for amount, tier in zip(before, price.tiers, strict=True)]
    added = [
        EXACT.subtract(e, EXACT.multiply(start, unit)) for e, start, unit in zip(entered, lower, units, strict=True)
    ]
    multiply_add = EXACT.fma

    def amount(quantity: Decimal) -> Decimal:
        if not quantity:
            return nothing
        index = bisect_left(upper, quantity)
        return multiply_add(quantity, units[index], added[index])

    return amount


def _use(start: Decimal, quantity: Decimal, tier: Tier, unit: Decimal) -> TierUse:
    amount = EXACT.fma(quantity, unit, tier.flat_amount)
    return TierUse(start, tier.up_to, quantity, unit, tier.flat_amount, amount)
