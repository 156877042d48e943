"""Sums that are not rounded on the way, whatever decimal context the thread has."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from functools import reduce

from services.billing.domain.pricing.price import ZERO
from shared.money import EXACT


def total(amounts: Iterable[Decimal]) -> Decimal:
    return reduce(EXACT.add, amounts, ZERO)
