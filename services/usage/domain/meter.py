"""A meter says which events count and what is counted; a change makes a version, and open periods stay on theirs."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from uuid import UUID, uuid5

from services.usage.domain.aggregation import Aggregation, Conversion
from services.usage.domain.amendment import is_amendment
from services.usage.domain.clock_windows import Clock, ready
from services.usage.domain.filters import Filter, compile_filter
from services.usage.domain.json_path import compile_path
from services.usage.domain.values import quantity_of
from shared.decider import CorruptStream, Decider
from shared.errors import Conflict, DomainError, NotFound

_SLUG = re.compile(r"[a-z][a-z0-9_-]{0,62}")
_MOST_GROUPS = 8
_MOST_FILTERS = 32
_LONGEST_TYPE = 256
_LONGEST_UNIT = 64


class MeterNotFound(NotFound):
    """No meter of this name."""


class MeterExists(Conflict):
    """A meter of this name is defined differently."""


class InvalidMeter(DomainError):
    """A definition that could not be measured."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MeterDefinition:
    """`value_path` leads to what is aggregated; a plain count has none. `group_by` names paths, and a `clock` makes one more
    group of the time of an event. `unit` is that of the values; the totals are in it too, unless there is a conversion. A
    weighted sum is in units times seconds."""

    event_type: str
    aggregation: Aggregation
    value_path: str | None = None
    group_by: dict[str, str] = field(default_factory=dict)
    filters: tuple[Filter, ...] = ()
    unit: str = ""
    conversion: Conversion | None = None
    clock: Clock | None = None

    @property
    def groups(self) -> tuple[str, ...]:
        """Everything that the meter tells apart."""
        return tuple(self.group_by) if self.clock is None else (*self.group_by, self.clock.group)

    @property
    def total_unit(self) -> str:
        return self.unit if self.conversion is None else self.conversion.unit


@dataclass(frozen=True, slots=True)
class Meter:
    meter_id: UUID
    slug: str
    version: int
    definition: MeterDefinition


@dataclass(frozen=True, slots=True, kw_only=True)
class DefineMeter:
    meter_id: UUID
    slug: str
    definition: MeterDefinition


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviseMeter:
    definition: MeterDefinition


@dataclass(frozen=True, slots=True, kw_only=True)
class MeterDefined:
    meter_id: UUID
    slug: str
    definition: MeterDefinition


@dataclass(frozen=True, slots=True, kw_only=True)
class MeterRevised:
    meter_id: UUID
    slug: str
    version: int
    definition: MeterDefinition


MeterCommand = DefineMeter | ReviseMeter
MeterEvent = MeterDefined | MeterRevised


def decide(meter: Meter | None, command: MeterCommand) -> list[MeterEvent]:
    match meter, command:
        case None, DefineMeter(meter_id=meter_id, slug=slug, definition=definition):
            _check_slug(slug)
            check(definition)
            return [MeterDefined(meter_id=meter_id, slug=slug, definition=definition)]
        case None, ReviseMeter():
            raise MeterNotFound("no such meter")
        case Meter(), _ if command.definition == meter.definition:
            return []
        case Meter(), ReviseMeter(definition=definition):
            check(definition)
            return [_revised(meter, definition)]
        case _:
            raise MeterExists("a meter of this name is defined differently: revise it")


def evolve(meter: Meter | None, event: MeterEvent) -> Meter:
    match meter, event:
        case None, MeterDefined(meter_id=meter_id, slug=slug, definition=definition):
            return Meter(meter_id, slug, 1, definition)
        case Meter(), MeterRevised(version=version, definition=definition):
            return replace(meter, version=version, definition=definition)
        case _:
            raise CorruptStream(meter, event)


def meter_id(tenant_id: UUID, slug: str) -> UUID:
    return uuid5(tenant_id, f"meter:{slug}")


def _revised(meter: Meter, definition: MeterDefinition) -> MeterRevised:
    return MeterRevised(meter_id=meter.meter_id, slug=meter.slug, version=meter.version + 1, definition=definition)


def check(definition: MeterDefinition) -> None:
    """Raises InvalidMeter, InvalidPath or InvalidFilter, each with the field that has to change."""
    if not 0 < len(definition.event_type) <= _LONGEST_TYPE:
        raise InvalidMeter(f"an event type of 1 to {_LONGEST_TYPE} characters", field="/event_type")
    if is_amendment(definition.event_type):
        raise InvalidMeter("events about events count where these do: name the type of these", field="/event_type")
    if len(definition.unit) > _LONGEST_UNIT:
        raise InvalidMeter(f"a unit of at most {_LONGEST_UNIT} characters", field="/unit")
    _check_conversion(definition.conversion)
    _check_value_path(definition)
    _check_groups(definition.group_by)
    _check_clock(definition)
    _check_filters(definition.filters)


def _check_slug(slug: str) -> None:
    if not _SLUG.fullmatch(slug):
        raise InvalidMeter("a slug of a-z, 0-9, - and _, beginning with a letter", field="/slug")


def _check_value_path(definition: MeterDefinition) -> None:
    if (definition.value_path is None) != (definition.aggregation == "count"):
        raise InvalidMeter("count takes no value path, every other aggregation needs one", field="/value")
    if definition.value_path is not None:
        compile_path(definition.value_path, field="/value")


def _check_conversion(conversion: Conversion | None) -> None:
    if conversion is None:
        return
    if not 0 < len(conversion.unit) <= _LONGEST_UNIT:
        raise InvalidMeter(f"a unit of 1 to {_LONGEST_UNIT} characters", field="/conversion/unit")
    if quantity_of(conversion.divide_by) is None or conversion.divide_by <= 0:
        raise InvalidMeter("a quantity greater than zero", field="/conversion/divide_by")


def _check_groups(group_by: dict[str, str]) -> None:
    if len(group_by) > _MOST_GROUPS:
        raise InvalidMeter(f"at most {_MOST_GROUPS} groups", field="/group_by")
    for name, path in group_by.items():
        if not _SLUG.fullmatch(name):
            raise InvalidMeter("a group name of a-z, 0-9, - and _, beginning with a letter", field="/group_by")
        compile_path(path, field=f"/group_by/{name}")


def _check_clock(definition: MeterDefinition) -> None:
    clock = definition.clock
    if clock is None:
        return
    ready(clock)
    if clock.group in definition.group_by or len(definition.groups) > _MOST_GROUPS:
        raise InvalidMeter(f"a group of its own, and at most {_MOST_GROUPS} in all", field="/clock/group")
    if definition.aggregation == "weighted_sum":
        raise InvalidMeter("a level holds from one window into the next: leave the clock out", field="/clock")


def _check_filters(filters: tuple[Filter, ...]) -> None:
    if len(filters) > _MOST_FILTERS:
        raise InvalidMeter(f"at most {_MOST_FILTERS} filters", field="/filters")
    for index, filter_ in enumerate(filters):
        compile_filter(filter_, field=f"/filters/{index}")


METER: Decider[Meter | None, MeterCommand, MeterEvent] = Decider(
    "meter",
    initial=None,
    decide=decide,
    evolve=evolve,
    event_types={"meter_defined": MeterDefined, "meter_revised": MeterRevised},
)
