"""A meter asked for any range: grouped and filtered as the question wants it, window by window."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby
from typing import Any

import msgspec

from services.usage.domain.aggregation import Level
from services.usage.domain.clock_windows import ReadyClock
from services.usage.domain.filters import Condition
from services.usage.domain.json_path import Steps, read
from services.usage.domain.measure import AsItIs, CompiledMeter, Place, UnknownGroup, compile_meter, measure, name_of
from services.usage.domain.meter import MeterDefinition
from services.usage.domain.tally import GroupTotal, PeriodTally
from services.usage.domain.windows import Window, Windows
from shared.errors import DomainError

SUBJECT = "subject"

Event = tuple[int, datetime, Any]  # key, time, and what `sent` makes of subject and data
Levels = dict[str, Level]


class LevelsOfAll(DomainError):
    """A level belongs to somebody: among all subjects the next one's would end it."""


@dataclass(frozen=True, slots=True)
class WindowTotals:
    window: Window
    totals: tuple[GroupTotal, ...]


def sent(subject: str, data: Any) -> dict[str, Any]:
    """What a meter that was asked is measured with: the subject can be grouped by like a value."""
    return {SUBJECT: subject, "data": data}


def asked(
    definition: MeterDefinition,
    group_by: Sequence[str],
    filters: Mapping[str, Sequence[str]],
    *,
    field: str = "/group_by",
) -> CompiledMeter:
    """The meter, for events as `sent`. `group_by` may hold "subject", which always means the event's own; `filters` are
    the values that a group may have. Raises UnknownGroup with the field that has to change."""
    _check(definition, [name for name in group_by if name != SUBJECT], field, SUBJECT)
    _check(definition, filters, "/filter")
    meter = compile_meter(definition, definition.groups)
    clocks = {name: place for name, place in _places(definition, meter) if isinstance(place, ReadyClock)}
    paths: dict[str, Steps] = {
        name: ("data", *place) for name, place in _places(definition, meter) if isinstance(place, tuple)
    }
    conditions = [_of_data(condition) for condition in meter.conditions]
    conditions += [_is_one_of(paths[n], values, meter.longest) for n, values in filters.items() if n in paths]
    return replace(
        meter,
        conditions=tuple(conditions),
        value=("data", *meter.value),
        groups=tuple(AsItIs((SUBJECT,)) if name == SUBJECT else clocks.get(name) or paths[name] for name in group_by),
        within=next(((clocks[name], frozenset(values)) for name, values in filters.items() if name in clocks), None),
    )


def _places(definition: MeterDefinition, meter: CompiledMeter) -> Iterator[tuple[str, Place]]:
    return zip(definition.groups, meter.groups, strict=True)


def check_levels(
    meter: CompiledMeter, subjects: Sequence[str], group_by: Sequence[str], *, field: str = "/group_by"
) -> None:
    if meter.holds_levels and not subjects and SUBJECT not in group_by:
        raise LevelsOfAll("a level is that of a subject: name the subjects, or group by subject", field=field)


def named_groups(names: Sequence[str], group: str) -> dict[str, str]:
    """The values of a total's group, by the names that were asked for."""
    if not names:
        return {}
    values = msgspec.json.decode(group, type=list[str]) if len(names) > 1 else [group]
    return dict(zip(names, values, strict=True))


def last_levels(meter: CompiledMeter, events: Iterable[Event], held: Levels) -> None:
    """Takes each group's last level over into `held`."""
    for key, time, data in events:
        measured = measure(meter, data, time) if meter.matches(data) else None
        if measured is not None:
            level = Level(time, key, measured.quantity)
            held[measured.group] = max(level, held.get(measured.group, level))


def totals_by_window(
    meter: CompiledMeter, windows: Windows, start: datetime, events: Iterable[Event], held: Levels
) -> Iterator[WindowTotals]:
    """From the window that begins at `start` on: each that has an event, and for a weighted sum each there is.

    `events` are in the order of time; `held` are the levels from before `start`. A window comes once the first event
    behind it was read, or all were.
    """
    done = start
    for window, inside in groupby(events, _window_of(windows)):
        if meter.holds_levels:
            yield from (_totals(meter, between, (), held) for between in _until(windows, done, window.starts_at))
        yield _totals(meter, window, inside, held)
        done = window.ends_at
    if meter.holds_levels:
        yield from (_totals(meter, window, (), held) for window in windows.since(done))


def _window_of(windows: Windows) -> Callable[[Event], Window]:
    """For events in the order of time: most lie in the window of the one before."""
    window: Window | None = None

    def of(event: Event) -> Window:
        nonlocal window
        if window is None or event[1] >= window.ends_at:
            window = windows.at(event[1])
        return window

    return of


def _until(windows: Windows, start: datetime, end: datetime) -> Iterator[Window]:
    for window in windows.since(start):
        if window.starts_at >= end:
            return
        yield window


def _totals(meter: CompiledMeter, window: Window, events: Iterable[Event], held: Levels) -> WindowTotals:
    tally = PeriodTally(meter, window.starts_at, window.ends_at)
    for group, level in held.items():
        tally.hold(group, level)
    for key, time, data in events:
        if meter.matches(data):
            tally.add(key, time, data)
    held |= tally.last_levels()
    return WindowTotals(window, tally.totals())


def _check(definition: MeterDefinition, names: Iterable[str], field: str, *more: str) -> None:
    if any(name not in definition.groups for name in names):
        known = ", ".join(sorted({*definition.groups, *more}))
        raise UnknownGroup(f"name a group of the meter: {known or 'it has none'}", field=field)


def _of_data(condition: Condition) -> Condition:
    return lambda event: condition(event["data"])


def _is_one_of(steps: Steps, values: Sequence[str], longest: int | None) -> Condition:
    allowed = names_of(values, longest)
    return lambda event: name_of(read(event, steps), longest) in allowed


def names_of(values: Iterable[str], longest: int | None) -> frozenset[str]:
    """As totals name the groups of these values; a missing one is ""."""
    return frozenset(name_of(value, longest) for value in values)
