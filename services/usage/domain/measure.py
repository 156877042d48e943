"""What one event adds to one meter: a pure function of the meter and the event's data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec

from services.usage.domain.aggregation import Aggregation
from services.usage.domain.clock_windows import ReadyClock, ready
from services.usage.domain.filters import Condition, compile_filter
from services.usage.domain.json_path import Steps, compile_path, read
from services.usage.domain.meter import MeterDefinition
from services.usage.domain.values import hashed, quantity_of, text_of
from shared.errors import DomainError

_ONE = Decimal(1)
_NOTHING = Decimal(0)
# In bytes. An index entry of PostgreSQL has at most 2,704, in which a subject of 1,024 may stand beside it.
LONGEST_ARRAY = 1500
_ESCAPED = 6  # bytes of a character in JSON, at most


class UnknownGroup(DomainError):
    """The meter has no group of this name."""


@dataclass(frozen=True, slots=True)
class AsItIs:
    """What it leads to is told however long it is."""

    steps: Steps


# Where an event says its group: in its data, or by the clock.
Place = Steps | ReadyClock | AsItIs


class Measured(msgspec.Struct, frozen=True, gc=False):
    """`unique` is what a unique count counts once, and only then not None; it adds no quantity by itself."""

    group: str
    quantity: Decimal
    unique: str | None = None


@dataclass(frozen=True, slots=True)
class CompiledMeter:
    """A meter, grouped as one period asks for: some of its group names, in the period's order. `within` are the windows of
    its clock that count at all. `longest` is what `name_of` takes."""

    event_type: str
    aggregation: Aggregation
    conditions: tuple[Condition, ...]
    value: Steps
    groups: tuple[Place, ...]
    divide_by: Decimal | None = None
    within: tuple[ReadyClock, frozenset[str]] | None = None
    longest: int | None = None

    @property
    def holds_levels(self) -> bool:
        """A value holds until the next one, also from before a period into it."""
        return self.aggregation == "weighted_sum"

    def matches(self, data: Any) -> bool:
        return not self.conditions or all(condition(data) for condition in self.conditions)


def compile_meter(definition: MeterDefinition, group_by: Sequence[str]) -> CompiledMeter:
    """Raises UnknownGroup where `group_by` asks for what the meter does not tell apart."""
    if unknown := next((name for name in group_by if name not in definition.groups), None):
        raise UnknownGroup(f"the meter has no group {unknown!r}", field="/group_by")
    path = definition.value_path
    return CompiledMeter(
        definition.event_type,
        definition.aggregation,
        tuple(compile_filter(f, field=f"/filters/{i}") for i, f in enumerate(definition.filters)),
        () if path is None else compile_path(path, field="/value"),
        tuple(_place(definition, name) for name in group_by),
        None if definition.conversion is None else definition.conversion.divide_by,
        longest=longest_name(definition),
    )


def _place(definition: MeterDefinition, name: str) -> Place:
    if definition.clock is not None and name == definition.clock.group:
        return ready(definition.clock)
    return compile_path(definition.group_by[name], field=f"/group_by/{name}")


def measure(meter: CompiledMeter, data: Any, at: datetime) -> Measured | None:
    """What data that `matches`, of an event at that instant, adds; None where the value is missing, or empty (unique count),
    or no quantity (the rest), or where the clock says that it does not count.

    `data` is decoded with `decode_exactly`. Quantities are exact and not rounded.
    """
    if meter.within is not None and meter.within[0].at(at) not in meter.within[1]:
        return None
    if meter.aggregation == "count":
        return Measured(group_text(meter, data, at), _ONE)
    value = read(data, meter.value)
    if meter.aggregation == "unique_count":
        unique = text_of(value)
        return Measured(group_text(meter, data, at), _NOTHING, unique) if unique else None
    quantity = quantity_of(value)
    return None if quantity is None else Measured(group_text(meter, data, at), quantity)


def group_text(meter: CompiledMeter, data: Any, at: datetime) -> str:
    """The plain value for one group, a JSON array for several, "" for none; a missing value is ""."""
    if not meter.groups:
        return ""
    texts = [_text(place, data, at, meter.longest) for place in meter.groups]
    return texts[0] if len(texts) == 1 else msgspec.json.encode(texts).decode()


def _text(place: Place, data: Any, at: datetime, longest: int | None) -> str:
    if isinstance(place, tuple):
        return name_of(read(data, place), longest)
    return place.at(at) if isinstance(place, ReadyClock) else name_of(read(data, place.steps), None)


def longest_name(definition: MeterDefinition) -> int | None:
    """How many bytes of JSON a value of a group may have, so that all groups of the meter together are an array of at most
    1,500; None where there are not several."""
    groups = len(definition.groups)
    return (LONGEST_ARRAY - 1) // groups - 1 if groups > 1 else None


def name_of(value: Any, longest: int | None) -> str:
    """What a value of a group is known by, whatever it stands beside and whoever asks: its text, or where that takes more
    than `longest` bytes of JSON the text's hash."""
    text = text_of(value) or ""
    if longest is None or len(text) * _ESCAPED + 2 <= longest or len(msgspec.json.encode(text)) <= longest:
        return text
    return hashed(text)
