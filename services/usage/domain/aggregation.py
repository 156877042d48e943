"""How values become one quantity: what each aggregation keeps of a group of events, and how it ends.

| aggregation | keeps | two parts merge by |
|---|---|---|
| count, sum | the sum | adding |
| avg | the sum and how many | adding both; divided at the end |
| min, max | the extreme | the lesser, the greater |
| latest | the value with its instant | the later one; of one instant that with the greater event key |
| unique_count | the set of values | union |
| weighted_sum | each value with its instant | union; the integral is taken at the end |

So a total is the same in any order, in any batches, with any repetition, and however workers share the events.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from itertools import pairwise
from typing import Literal

from services.usage.domain.values import EXACT

Aggregation = Literal["count", "sum", "min", "max", "avg", "latest", "unique_count", "weighted_sum"]

# From these an event can be taken out again without looking at the others.
ADDITIVE: frozenset[Aggregation] = frozenset({"count", "sum", "avg"})

# Of these, parts of a range have merge rules that need neither the events nor what lies before: they are rolled up by hours.
ROLLED: frozenset[Aggregation] = frozenset({"count", "sum", "avg", "min", "max", "latest"})

_TWELVE_PLACES = Decimal("1e-12")


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversion:
    """A total is divided by `divide_by` and shown in `unit`: seconds as hours, bytes as gigabytes."""

    unit: str
    divide_by: Decimal


@dataclass(frozen=True, slots=True, order=True)
class Level:
    """From this instant on the value holds; of one instant the event with the greatest key has the last word."""

    time: datetime
    key: int
    value: Decimal


def finished(aggregation: Aggregation, divide_by: Decimal | None, kept: Decimal, count: int) -> Decimal:
    """The quantity of a total. What is divided or weighted is rounded to 12 places, half away from zero; the rest is
    exact."""
    if aggregation == "avg":
        kept = EXACT.divide(kept, Decimal(count))
    if divide_by is not None:
        kept = EXACT.divide(kept, divide_by)
    exact = divide_by is None and aggregation not in ("avg", "weighted_sum")
    return kept if exact else _rounded(kept)


def integral(levels: Iterable[Level], starts_at: datetime, ends_at: datetime) -> Decimal:
    """Value times seconds from `starts_at` to `ends_at`: the last level before it holds at the start, and the last one
    of all holds to the end."""
    steps = sorted(level for level in levels if level.time < ends_at)
    until = [max(level.time, starts_at) for level in steps] + [ends_at]
    held = [_times(level.value, end, start) for level, (start, end) in zip(steps, pairwise(until), strict=True)]
    total = Decimal(0)
    for area in held:
        total = EXACT.add(total, area)
    return total


def _times(value: Decimal, end: datetime, start: datetime) -> Decimal:
    seconds = end - start
    exactly = Decimal(seconds.days * 86_400 + seconds.seconds) + Decimal(seconds.microseconds).scaleb(-6)
    return EXACT.multiply(value, exactly)


def _rounded(value: Decimal) -> Decimal:
    return value.quantize(_TWELVE_PLACES, ROUND_HALF_UP, EXACT)
