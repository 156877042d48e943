"""What a meter says of any range of time: its totals by window and group, from the stored events."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection

from services.usage.domain.event_key import as_number, event_key
from services.usage.domain.measure import CompiledMeter
from services.usage.domain.meter_query import Event, Levels, WindowTotals, last_levels, sent, totals_by_window
from services.usage.domain.windows import Windows
from services.usage.metering.periods import LONG_AGO
from services.usage.metering.stored_events import Range, read_range
from shared.errors import DomainError

MOST_READ = 50_000
MOST_READ_AT_ONCE = 200_000
MOST_TOTALS = 10_000


class TooManyEvents(DomainError):
    """The answer would have to read more events than one request may."""


class EnoughRead(Exception):
    """A page has read its share of events."""


@dataclass(frozen=True, slots=True)
class MeterQuestion:
    """Without subjects the question is about all of them."""

    tenant_id: UUID
    meter: CompiledMeter
    windows: Windows
    subjects: Sequence[str]

    def range(self, starts_at: datetime, ends_at: datetime) -> Range:
        return Range(self.tenant_id, self.subjects or None, self.meter.event_type, starts_at, ends_at)


@dataclass(frozen=True, slots=True)
class WindowPage:
    """`next_start` is where the next page begins, None at the end. A page may be short and yet have a next one."""

    windows: list[WindowTotals]
    next_start: datetime | None


def totals_of_windows(
    tx: Connection, question: MeterQuestion, start: datetime, limit: int, *, most_read: int = MOST_READ
) -> WindowPage:
    """The windows from `start` on, which is the start of one; those without any total are left out.

    Raises TooManyEvents where one window alone holds more than a page may read.
    """
    found: list[WindowTotals] = []
    done, totals = start, 0
    held = levels_before(tx, question, start) if question.meter.holds_levels else {}
    events = events_of(tx, question, start, question.windows.ends_at, most_read)
    try:
        for window in totals_by_window(question.meter, question.windows, start, events, held):
            if window.totals and (len(found) == limit or totals >= MOST_TOTALS):
                return WindowPage(found, found[-1].window.ends_at)
            if window.totals:
                found.append(window)
                totals += len(window.totals)
            done = window.window.ends_at
    except EnoughRead:
        if done == start:
            raise TooManyEvents(
                f"a window has more than {most_read} events: ask for shorter ones, or for fewer subjects",
                field="/window",
            ) from None
        return WindowPage(found, done)
    return WindowPage(found, None)


def levels_before(tx: Connection, question: MeterQuestion, start: datetime) -> Levels:
    """What each group's last value before `start` was. Raises TooManyEvents."""
    held: Levels = {}
    try:
        last_levels(question.meter, events_of(tx, question, LONG_AGO, start, MOST_READ_AT_ONCE), held)
    except EnoughRead:
        raise TooManyEvents(
            f"there are more than {MOST_READ_AT_ONCE} events before the range: ask for fewer subjects",
            field="/subject",
        ) from None
    return held


def events_of(
    tx: Connection, question: MeterQuestion, starts_at: datetime, ends_at: datetime, most: int
) -> Iterator[Event]:
    """Raises EnoughRead behind so many and one more, which shows that a window is complete."""
    for number, event in enumerate(read_range(tx, question.range(starts_at, ends_at))):
        if number > most:
            raise EnoughRead
        key = as_number(event_key(question.tenant_id, event.source, event.id))
        yield key, event.place.time, sent(event.subject, event.data)
