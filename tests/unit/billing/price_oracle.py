"""Every pricing model once more, in fractions and without a thought of speed: what the product has to agree with."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from math import ceil, floor

from services.billing.domain.pricing.price import Percentage, Price, Tier


def amount(price: Price, quantity: Decimal, *, last_of_period: bool = False) -> Fraction:
    """Convert, included quantity, model, percent, maximum, minimum, credit units to money."""
    return limited(price, listed(price, included(price, max(Fraction(0), Fraction(quantity)))), last_of_period)


def of_events(price: Price, values: Sequence[Decimal]) -> Fraction:
    assert price.percentage is not None
    return limited(price, events(price.percentage, [max(Fraction(0), Fraction(value)) for value in values]), False)


def minor(amount: Fraction, places: int) -> int:
    """Half away from zero."""
    scaled = abs(amount) * 10**places
    rounded = floor(scaled + Fraction(1, 2))
    return rounded if amount >= 0 else -rounded


def included(price: Price, quantity: Fraction) -> Fraction:
    if price.convert is not None:
        quantity /= Fraction(price.convert.divide_by)
        match price.convert.round:
            case "up":
                quantity = Fraction(ceil(quantity))
            case "down":
                quantity = Fraction(floor(quantity))
            case "nearest":
                quantity = Fraction(floor(quantity + Fraction(1, 2)))
    if price.discount is not None and price.discount.quantity is not None:
        quantity -= Fraction(price.discount.quantity)
    return max(Fraction(0), quantity)


def limited(price: Price, listed: Fraction, last_of_period: bool) -> Fraction:
    if price.discount is not None and price.discount.percent is not None:
        listed *= 1 - Fraction(price.discount.percent) / 100
    if price.maximum_amount is not None:
        listed = min(listed, Fraction(price.maximum_amount))
    if last_of_period and price.minimum_amount is not None:
        listed = max(listed, Fraction(price.minimum_amount))
    return listed * (1 if price.credit is None else Fraction(price.credit.unit_amount))


def listed(price: Price, quantity: Fraction) -> Fraction:
    match price.model:
        case "per_unit":
            return quantity * of(price.unit_amount)
        case "dynamic":
            return quantity * (1 if price.multiplier is None else Fraction(price.multiplier))
        case "package":
            assert price.package is not None
            beyond = quantity - Fraction(price.package.free)
            return max(0, ceil(beyond / Fraction(price.package.size))) * Fraction(price.package.amount)
        case "percentage":
            assert price.percentage is not None
            return quantity * Fraction(price.percentage.rate)
        case "block":
            return blocks(price, quantity)
        case "volume":
            return Fraction(price.fixed_amount) + volume(price, quantity)
        case "graduated" | "graduated_percentage":
            return Fraction(price.fixed_amount) + graduated(price, quantity)


def graduated(price: Price, quantity: Fraction) -> Fraction:
    if not quantity:
        return at_zero(price)
    entered = [(tier, start, end) for tier, start, end in bounds(price.tiers) if quantity > start]
    return sum(
        (
            (min(quantity, end) if end is not None else quantity) * rate(tier)
            - start * rate(tier)
            + of(tier.flat_amount)
            for tier, start, end in entered
        ),
        Fraction(0),
    )


def volume(price: Price, quantity: Fraction) -> Fraction:
    if not quantity:
        return at_zero(price)
    tier = next(tier for tier, _, end in bounds(price.tiers) if end is None or quantity <= end)
    return quantity * rate(tier) + of(tier.flat_amount)


def at_zero(price: Price) -> Fraction:
    return of(price.tiers[0].flat_amount) if price.flat_at_zero else Fraction(0)


def blocks(price: Price, quantity: Fraction) -> Fraction:
    left, amount = quantity, Fraction(0)
    for tier in price.tiers:
        room = left if tier.blocks is None else tier.blocks * of(tier.block_size)
        if price.block_mode == "top_tier" and left <= room and quantity:
            return ceil(quantity / of(tier.block_size)) * of(tier.block_amount)
        amount += ceil(min(left, room) / of(tier.block_size)) * of(tier.block_amount)
        left -= min(left, room)
    return amount


def events(percentage: Percentage, values: Sequence[Fraction]) -> Fraction:
    left, amount = of(percentage.free_value), Fraction(0)
    for value in values[percentage.free_events :]:
        free = min(left, value)
        covered = left > 0 and free == value
        left -= free
        if covered:
            continue
        fee = (value - free) * of(percentage.rate) + of(percentage.fixed_per_event)
        if percentage.minimum_per_event is not None:
            fee = max(fee, of(percentage.minimum_per_event))
        if percentage.maximum_per_event is not None:
            fee = min(fee, of(percentage.maximum_per_event))
        amount += fee
    return amount


def bounds(tiers: Sequence[Tier]) -> list[tuple[Tier, Fraction, Fraction | None]]:
    ends = [Fraction(0), *(None if tier.up_to is None else Fraction(tier.up_to) for tier in tiers)]
    return [(tier, of(start), end) for tier, (start, end) in zip(tiers, pairwise(ends), strict=True)]


def rate(tier: Tier) -> Fraction:
    return of(tier.unit_amount if tier.rate is None else tier.rate)


def of(value: Decimal | Fraction | None) -> Fraction:
    assert value is not None
    return Fraction(value)
