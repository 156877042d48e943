"""How much was held at once: the greatest sum of the levels of all groups, and when it was reached."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import groupby

from services.usage.domain.aggregation import Aggregation, finished
from services.usage.domain.measure import CompiledMeter
from services.usage.domain.meter import MeterDefinition
from services.usage.domain.meter_query import Event, Levels, last_levels
from services.usage.domain.values import EXACT
from shared.errors import DomainError

OF_LEVELS: frozenset[Aggregation] = frozenset({"latest", "weighted_sum"})


class NoLevels(DomainError):
    """The meter's values add up or are compared; none of them holds until the next one."""


@dataclass(frozen=True, slots=True)
class Peak:
    quantity: Decimal
    reached_at: datetime


def check_is_of_levels(definition: MeterDefinition) -> None:
    if definition.aggregation not in OF_LEVELS:
        raise NoLevels("only values that hold until the next one have a peak: latest, weighted_sum", field="/slug")


def peak(meter: CompiledMeter, starts_at: datetime, events: Iterable[Event], held: Levels) -> Peak | None:
    """The first instant of the greatest sum; None without any level. `events` are in the order of time, `held` the
    levels from before `starts_at`, by group."""
    total = Decimal(0)
    for level in held.values():
        total = EXACT.add(total, level.value)
    highest = Peak(total, starts_at) if held else None
    for time, at_once in groupby(events, lambda event: event[1]):
        changed: Levels = {}
        last_levels(meter, at_once, changed)
        total = _after(total, changed, held)
        if changed and (highest is None or total > highest.quantity):
            highest = Peak(total, time)
    return highest if highest is None else Peak(_shown(meter, highest.quantity), highest.reached_at)


def _after(total: Decimal, changed: Levels, held: Levels) -> Decimal:
    for group, level in changed.items():
        before = held[group].value if group in held else Decimal(0)
        total = EXACT.add(total, EXACT.subtract(level.value, before))
        held[group] = level
    return total


def _shown(meter: CompiledMeter, quantity: Decimal) -> Decimal:
    """A weighted sum's conversion is of value times seconds, not of the value."""
    return quantity if meter.holds_levels else finished(meter.aggregation, meter.divide_by, quantity, 1)
