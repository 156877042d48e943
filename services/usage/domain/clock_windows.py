"""The time of day as a group: by the clocks of a zone an event is in one named window, or in none of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from zoneinfo import ZoneInfo

from shared.errors import DomainError
from shared.periods import UnknownZone, zone

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]

WEEKDAYS: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MOST_CLOCK_WINDOWS = 24
_TIME = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")
_NAME = re.compile(r"[a-z][a-z0-9_-]{0,62}")


class InvalidClock(DomainError):
    """A clock by which no event could be told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockWindow:
    """From `starts` to, not including, `ends`, as "22:00"; one that ends where it starts, or before, ends on the next day.
    It holds on the days on which it starts: `days`, or all."""

    name: str
    starts: str
    ends: str
    days: tuple[Weekday, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """`group` is the name of the group that it makes: the first window that an event is in, or `otherwise`."""

    group: str
    zone: str
    windows: tuple[ClockWindow, ...]
    otherwise: str = "other"


@dataclass(frozen=True, slots=True)
class _Ready:
    name: str
    starts: int
    ends: int
    days: frozenset[int]

    def has(self, weekday: int, minute: int) -> bool:
        if self.starts < self.ends:
            return weekday in self.days and self.starts <= minute < self.ends
        begun_before = minute < self.ends and (weekday - 1) % 7 in self.days
        return begun_before or (minute >= self.starts and weekday in self.days)


@dataclass(frozen=True, slots=True)
class ReadyClock:
    """A clock made ready to read: an hour that clocks show twice is twice in its window, a skipped one in none."""

    zone: ZoneInfo
    windows: tuple[_Ready, ...]
    otherwise: str

    def at(self, instant: datetime) -> str:
        local = instant.astimezone(self.zone)
        weekday, minute = local.weekday(), local.hour * 60 + local.minute
        return next((window.name for window in self.windows if window.has(weekday, minute)), self.otherwise)


def ready(clock: Clock) -> ReadyClock:
    """Raises InvalidClock with the field that has to change."""
    if len(clock.windows) > MOST_CLOCK_WINDOWS or not clock.windows:
        raise InvalidClock(f"list 1 to {MOST_CLOCK_WINDOWS} windows", field="/clock/windows")
    for name, at in _names(clock):
        if not _NAME.fullmatch(name):
            raise InvalidClock("a name of a-z, 0-9, - and _, beginning with a letter", field=at)
    return ReadyClock(_zone(clock), tuple(_ready(clock)), clock.otherwise)


def _names(clock: Clock) -> Iterator[tuple[str, str]]:
    yield clock.group, "/clock/group"
    yield clock.otherwise, "/clock/otherwise"
    yield from ((window.name, f"/clock/windows/{n}/name") for n, window in enumerate(clock.windows))


def _zone(clock: Clock) -> ZoneInfo:
    try:
        return zone(clock.zone)
    except UnknownZone as error:
        raise InvalidClock(str(error), field="/clock/zone") from None


def _ready(clock: Clock) -> Iterator[_Ready]:
    for index, window in enumerate(clock.windows):
        at = f"/clock/windows/{index}"
        days = frozenset(WEEKDAYS.index(day) for day in window.days or WEEKDAYS)
        yield _Ready(window.name, _minute(window.starts, f"{at}/starts"), _minute(window.ends, f"{at}/ends"), days)


def _minute(text: str, pointer: str) -> int:
    found = _TIME.fullmatch(text)
    if found is None:
        raise InvalidClock('a time of day as "22:00"', field=pointer)
    return int(found[1]) * 60 + int(found[2])
