"""What graduated and volume prices have in common: bounds, unit amounts, and the price of no usage."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from services.billing.domain.pricing.price import ZERO, Price, Tier, required
from services.billing.domain.pricing.rated import Priced, TierUse
from shared.money import EXACT


def upper_bounds(tiers: Sequence[Tier]) -> list[Decimal]:
    """The closed upper ends; `bisect_left` in them finds the tier `(previous, up_to]` of a quantity."""
    return [tier.up_to for tier in tiers if tier.up_to is not None]


def lower_bounds(tiers: Sequence[Tier]) -> list[Decimal]:
    return [ZERO, *upper_bounds(tiers)]


def unit_amounts(tiers: Sequence[Tier]) -> list[Decimal]:
    return [required(tier.unit_amount, f"/tiers/{index}/unit_amount") for index, tier in enumerate(tiers)]


def rates(tiers: Sequence[Tier]) -> list[Decimal]:
    return [required(tier.rate, f"/tiers/{index}/rate") for index, tier in enumerate(tiers)]


def at_zero(price: Price, units: Sequence[Decimal]) -> Priced:
    """No usage costs the fixed amount, and the flat amount of the first tier only where `flat_at_zero` says so."""
    first = price.tiers[0]
    if not price.flat_at_zero:
        return price.fixed_amount, ()
    use = TierUse(ZERO, first.up_to, ZERO, units[0], first.flat_amount, first.flat_amount)
    return EXACT.add(price.fixed_amount, first.flat_amount), (use,)
