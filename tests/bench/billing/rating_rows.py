"""Lines rated a core-second: with the tiers that explain them, and as totals only; each figure compared with fractions."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from decimal import Decimal
from itertools import accumulate
from operator import sub
from random import Random

from services.billing.domain.pricing.minor_units import minor_units
from services.billing.domain.pricing.price import Price, Tier
from services.billing.domain.pricing.rate import Rating
from tests.unit.billing import price_oracle as oracle

LINES, COMPARED, SEED = 100_000, 2_000, 2013
STEPS = (("100", "0.0375"), ("1000", "0.03125"), ("10000", "0.025"), ("100000", "0.0125"), (None, "0.00625"))
PRICE = Price(
    model="graduated",
    tiers=tuple(Tier(up_to=None if end is None else Decimal(end), unit_amount=Decimal(unit)) for end, unit in STEPS),
)


class Inexact(Exception):
    """A line came to something else than fractions do."""


def with_tiers(repeats: int) -> list[float]:
    rating = Rating.of(PRICE, "EUR")
    _compare(lambda quantity: rating.period(quantity, 1).amount_money.minor)
    return _rates(lambda quantity: rating.period(quantity, 1), repeats)


def totals_only(repeats: int) -> list[float]:
    minor = minor_units(PRICE, "EUR")
    _compare(lambda quantity: minor(quantity, 1))
    return _rates(lambda quantity: minor(quantity, 1), repeats)


def whole_numbers(repeats: int) -> list[float]:
    """The bound: the same tiers in integers that were scaled before, found one by one, not rounded."""
    bounds = [int(Decimal(end) * 1000) for end, _ in STEPS if end]
    units = [int(Decimal(unit) * 100_000) for _, unit in STEPS]
    parts = (size * unit for size, unit in zip(map(sub, bounds, [0, *bounds]), units, strict=False))
    before = list(accumulate(parts, initial=0))
    scaled = [int(quantity * 1000) for quantity in _quantities(LINES)]
    return [_rate(lambda: [_scaled(quantity, bounds, units, before) for quantity in scaled]) for _ in range(repeats)]


def _scaled(quantity: int, bounds: Sequence[int], units: Sequence[int], before: Sequence[int]) -> int:
    start = 0
    for index, end in enumerate(bounds):
        if quantity <= end:
            return before[index] + (quantity - start) * units[index]
        start = end
    return before[-1] + (quantity - start) * units[-1]


def _rates(rate: Callable[[Decimal], object], repeats: int) -> list[float]:
    quantities = _quantities(LINES)
    return [_rate(lambda: [None for quantity in quantities if rate(quantity) is None]) for _ in range(repeats)]


def _rate(act: Callable[[], object]) -> float:
    began = time.process_time()
    act()
    return LINES / (time.process_time() - began)


def _compare(rate: Callable[[Decimal], int]) -> None:
    for quantity in _quantities(COMPARED):
        expected = oracle.minor(oracle.amount(PRICE, quantity, last_of_period=True), 2)
        if rate(quantity) != expected:
            raise Inexact(f"{quantity} at {PRICE} is {rate(quantity)}, and {expected} in fractions")


def _quantities(number: int) -> list[Decimal]:
    """Spread over all tiers, with three places."""
    chosen = Random(SEED)
    return [Decimal(chosen.randrange(10 ** chosen.randint(1, 9))).scaleb(-3) for _ in range(number)]
