"""Half-open periods of local days, and the instants they begin at."""

from __future__ import annotations

from bisect import bisect_left
from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache, lru_cache
from importlib.resources import files
from itertools import count
from typing import Literal
from zoneinfo import ZoneInfo

from shared.errors import DomainError

Every = Literal["day", "week", "month", "quarter", "half_year", "year"]
_MONTHS = {"month": 1, "quarter": 3, "half_year": 6, "year": 12}
_DAYS = {"day": 1, "week": 7}
KEPT = 10_000  # periods: many subscriptions have the same


class UnknownZone(DomainError):
    """Not a zone of the IANA database."""


@dataclass(frozen=True, slots=True)
class Days:
    """The local days from `start` up to, not including, `end`."""

    start: date
    end: date

    def __len__(self) -> int:
        return (self.end - self.start).days

    def __contains__(self, day: date) -> bool:
        return self.start <= day < self.end


@cache
def zone(name: str) -> ZoneInfo:
    """Of the IANA database, and not of what else a machine keeps in the same folder, such as `localtime`.

    Its `Factory` is the zone of a machine that was told none.
    """
    if name not in _zone_names():
        raise UnknownZone("not a zone of the IANA database, such as Europe/Berlin", field="/zone")
    return ZoneInfo(name)


@cache
def _zone_names() -> frozenset[str]:
    return frozenset(files("tzdata").joinpath("zones").read_text().split()) - {"Factory"}


def local_day(instant: datetime, zone_name: str) -> date:
    """The day that calendars in the zone show at an instant. Raises UnknownZone."""
    return instant.astimezone(zone(zone_name)).date()


def start_of_day(day: date, zone_name: str) -> datetime:
    """The first instant of a local day, in UTC: midnight, or where there is none the first that comes after it.

    A day that the zone skipped altogether begins, and ends, where the next one begins.
    """
    midnight = datetime.combine(day, time(), zone(zone_name))
    instant = midnight.astimezone(UTC)
    return instant if instant.astimezone(midnight.tzinfo) == midnight else _end_of_gap(midnight)


def _end_of_gap(missing: datetime) -> datetime:
    """When clocks were put forward over a local time; it lies between the two ways to read that time."""
    early, late = missing.replace(fold=1).astimezone(UTC), missing.astimezone(UTC)
    after = late.astimezone(missing.tzinfo).utcoffset()

    def is_over(second: int) -> bool:
        return (early + timedelta(seconds=second)).astimezone(missing.tzinfo).utcoffset() == after

    return early + timedelta(seconds=bisect_left(range(int((late - early).total_seconds())), True, key=is_over))


def plus_months(anchor: date, months: int) -> date:
    """Month arithmetic from an anchor: 31 January plus one month is the last day of February, plus two is 31 March."""
    year, month0 = divmod(anchor.year * 12 + anchor.month - 1 + months, 12)
    return date(year, month0 + 1, min(anchor.day, monthrange(year, month0 + 1)[1]))


def boundary(anchor: date, every: Every, n: int) -> date:
    """Start of the n-th period counted from the anchor; always computed from the anchor, so nothing drifts."""
    if every in _DAYS:
        return anchor + timedelta(days=_DAYS[every] * n)
    return plus_months(anchor, _MONTHS[every] * n)


def calendar_anchor(day: date, every: Every) -> date:
    """First day of the calendar week (Monday), month, quarter, half-year or year that holds `day`."""
    if every == "day":
        return day
    if every == "week":
        return day - timedelta(days=day.weekday())
    return date(day.year, (day.month - 1) // _MONTHS[every] * _MONTHS[every] + 1, 1)


def periods(anchor: date, every: Every) -> Iterator[Days]:
    """All periods from the anchor on, without end."""
    return (Days(boundary(anchor, every, n), boundary(anchor, every, n + 1)) for n in count())


@lru_cache(maxsize=KEPT)
def containing(anchor: date, every: Every, day: date) -> Days:
    """The period counted from the anchor that holds `day`; `day` may lie before the anchor."""
    step = _DAYS.get(every)
    n = (day - anchor).days // step if step else _months_between(anchor, day) // _MONTHS[every]
    while boundary(anchor, every, n) > day:
        n -= 1
    while boundary(anchor, every, n + 1) <= day:
        n += 1
    return Days(boundary(anchor, every, n), boundary(anchor, every, n + 1))


def _months_between(anchor: date, day: date) -> int:
    return (day.year - anchor.year) * 12 + day.month - anchor.month
