"""Sums that are not rounded on the way, whatever decimal context the thread has."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import ROUND_HALF_EVEN, Context, Decimal
from functools import reduce

from services.billing.domain.pricing.price import ZERO
from shared.money import EXACT


def total(amounts: Iterable[Decimal]) -> Decimal:
    return reduce(EXACT.add, amounts, ZERO)


def less_percent(amount: Decimal, percent: Decimal) -> Decimal:
    """What is left of an amount; 4 is 4 %."""
    return EXACT.multiply(amount, EXACT.subtract(Decimal(1), percent.scaleb(-2, EXACT)))


# A quotient of two numbers of 27 digits that is no half of a minor unit is further from one than this sees; what a division
# left open in the last of 60 digits, grown by what was subtracted from it, is nearer.
_SETTLED = Context(prec=48, rounding=ROUND_HALF_EVEN)


def settled(amount: Decimal) -> Decimal:
    """The amount that was meant where a third of something was multiplied: 9.4999…9 is 9.5, and rounds as that."""
    return _SETTLED.plus(amount)
