"""Windows of time in a zone: half-open, without gaps, and as long as the zone's clocks make them."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from shared.errors import DomainError
from shared.periods import Days, UnknownZone, calendar_anchor, containing, local_day, start_of_day, zone

WindowSize = Literal["minute", "hour", "day", "month"]

MOST_WINDOWS = 10_000
_LENGTHS = {
    "minute": timedelta(minutes=1),
    "hour": timedelta(hours=1),
    "day": timedelta(days=1),
    "month": timedelta(days=28),
}


class EmptyRange(DomainError):
    """The range ends where it begins, or before."""


class TooManyWindows(DomainError):
    """The range has more windows than one question may ask for."""


@dataclass(frozen=True, slots=True)
class Window:
    """The instants with starts_at <= instant < ends_at."""

    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Windows:
    """A range, cut at the minutes, hours, days or months of a zone; without a size it is one window.

    Minutes and hours are those that the zone's clocks show: an hour that is shown twice is two windows, one that is
    skipped is none, and where clocks move by half an hour there are windows of half an hour. Days and months begin with
    their first instant. The first and the last window end where the range does.
    """

    starts_at: datetime
    ends_at: datetime
    size: WindowSize | None = None
    zone: str = "UTC"

    def at(self, instant: datetime) -> Window:
        """The window that an instant of the range lies in."""
        whole = self._whole(instant.astimezone(UTC))
        return Window(max(whole.starts_at, self.starts_at), min(whole.ends_at, self.ends_at))

    def has_start(self, instant: datetime) -> bool:
        return self.starts_at <= instant < self.ends_at and self.at(instant).starts_at == instant

    def since(self, instant: datetime) -> Iterator[Window]:
        while instant < self.ends_at:
            window = self.at(instant)
            yield window
            instant = window.ends_at

    def _whole(self, instant: datetime) -> Window:
        if self.size is None:
            return Window(self.starts_at, self.ends_at)
        if self.size == "minute" or self.size == "hour":
            return _shown_alike(instant, _LENGTHS[self.size], zone(self.zone))
        day = _day_of(instant, self.zone)
        return _instants(containing(calendar_anchor(day, self.size), self.size, day), self.zone)


def windows(starts_at: datetime, ends_at: datetime, size: WindowSize | None = None, zone_name: str = "UTC") -> Windows:
    """Raises UnknownZone, EmptyRange or TooManyWindows with the field that has to change."""
    try:
        zone(zone_name)
    except UnknownZone as unknown:
        raise UnknownZone(str(unknown), field="/tz") from None
    check_order(starts_at, ends_at)
    if size is not None and (ends_at - starts_at) / _LENGTHS[size] > MOST_WINDOWS:
        raise TooManyWindows(
            f"ask for longer windows, or for a range of at most {MOST_WINDOWS} of them", field="/window"
        )
    return Windows(starts_at.astimezone(UTC), ends_at.astimezone(UTC), size, zone_name)


def check_order(starts_at: datetime, ends_at: datetime) -> None:
    """Raises EmptyRange."""
    if starts_at >= ends_at:
        raise EmptyRange("from has to be before to, which is not a part of the range", field="/to")


def _day_of(instant: datetime, zone_name: str) -> date:
    """Where clocks are put back over midnight, the days' names alternate; a day goes on once it has begun."""
    day = local_day(instant, zone_name)
    while start_of_day(day + timedelta(days=1), zone_name) <= instant:
        day += timedelta(days=1)
    return day


def _instants(days: Days, zone_name: str) -> Window:
    return Window(start_of_day(days.start, zone_name), start_of_day(days.end, zone_name))


def _shown_alike(instant: datetime, length: timedelta, tz: ZoneInfo) -> Window:
    """The instants around this one that clocks show with the same hour, or minute, and the same offset."""
    local = instant.astimezone(tz)
    start = instant - timedelta(minutes=local.minute, seconds=local.second, microseconds=local.microsecond) % length
    end = start + length
    last = end - timedelta(seconds=1)
    if start.astimezone(tz).utcoffset() != local.utcoffset():
        start = _change(start, instant, tz)
    if last > instant and last.astimezone(tz).utcoffset() != local.utcoffset():
        end = _change(instant.replace(microsecond=0), last, tz)
    return Window(start, end)


def _change(early: datetime, late: datetime, tz: ZoneInfo) -> datetime:
    """The second from which on clocks show the offset that they have at the later instant."""
    offset = late.astimezone(tz).utcoffset()
    seconds = int((late - early).total_seconds())

    def is_over(second: int) -> bool:
        return (early + timedelta(seconds=second)).astimezone(tz).utcoffset() == offset

    return early + timedelta(seconds=bisect_left(range(seconds), True, key=is_over))
