"""Days of a contract whose zone is changed: each begins at one instant, and the next one begins where it ends.

The day of a change begins as the zone before has it, because that was promised: what is metered and charged up to there ends
at this instant, and what follows begins at it. Every later day begins as the new zone has it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from shared.periods import local_day, start_of_day


@dataclass(frozen=True, slots=True)
class ZoneChange:
    """Changes follow each other by day."""

    on: date
    zone: str


def zone_on(day: date, first: str, changes: Sequence[ZoneChange]) -> str:
    return next((change.zone for change in reversed(changes) if change.on <= day), first)


def instant_of(day: date, first: str, changes: Sequence[ZoneChange]) -> datetime:
    """The first instant of a day, in UTC."""
    return start_of_day(day, next((change.zone for change in reversed(changes) if change.on < day), first))


def day_of(instant: datetime, first: str, changes: Sequence[ZoneChange]) -> date:
    """The day that an instant lies in. What is still the day before in the new zone is of the day of the change."""
    begun = [change for change in changes if instant_of(change.on, first, changes) <= instant]
    return max(begun[-1].on, local_day(instant, begun[-1].zone)) if begun else local_day(instant, first)


def leaves_a_day(change: ZoneChange, first: str, changes: Sequence[ZoneChange]) -> bool:
    """Whether the day of the change is over after it began: zones may lie more than a day apart."""
    return instant_of(change.on, first, changes) < start_of_day(change.on + timedelta(days=1), change.zone)
