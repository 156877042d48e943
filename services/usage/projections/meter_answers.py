"""What health scores, right-sizing and a customer's own usage page ask: who is active, who uses most, how much at once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import Connection

from services.usage.domain.concurrency import Peak, peak
from services.usage.domain.measure import measure
from services.usage.domain.meter_query import sent
from services.usage.domain.tally import GroupTotal
from services.usage.domain.values import EXACT
from services.usage.domain.windows import Window
from services.usage.metering.periods import LONG_AGO
from services.usage.metering.stored_events import Range, StoredEvent, first_events, read_range
from services.usage.projections.meter_query import (
    MOST_READ_AT_ONCE,
    EnoughRead,
    MeterQuestion,
    TooManyEvents,
    events_of,
    levels_before,
    totals_of_windows,
)


@dataclass(frozen=True, slots=True)
class Adoption:
    """How many subjects the meter counted in a window, and how many of them never before."""

    window: Window
    active: int
    new: int


@dataclass(frozen=True, slots=True)
class AdoptionPage:
    windows: list[Adoption]
    next_start: datetime | None


def adoption(tx: Connection, question: MeterQuestion, start: datetime, limit: int) -> AdoptionPage:
    """For a question grouped by subject alone. Pages as for any question about windows."""
    page = totals_of_windows(tx, question, start, limit)
    active = [(each.window, {t.group for t in each.totals if t.count}) for each in page.windows]
    seen = _seen_before(tx, question, start, set().union(*(subjects for _, subjects in active)))
    found = []
    for window, subjects in active:
        if subjects:
            found.append(Adoption(window, len(subjects), len(subjects - seen)))
        seen |= subjects
    return AdoptionPage(found, page.next_start)


def _seen_before(tx: Connection, question: MeterQuestion, start: datetime, subjects: set[str]) -> set[str]:
    """Of most subjects the first event tells; only where the meter does not count it, the following are read."""

    def counts(event: StoredEvent) -> bool:
        data = sent(event.subject, event.data)
        return question.meter.matches(data) and measure(question.meter, data, event.place.time) is not None

    def range_of(names: Iterable[str]) -> Range:
        return Range(question.tenant_id, sorted(names), question.meter.event_type, LONG_AGO, start)

    firsts = first_events(tx, range_of(subjects))
    seen = {event.subject for event in firsts if counts(event)}
    for undecided in {event.subject for event in firsts} - seen:
        if any(counts(event) for event in read_range(tx, range_of([undecided]))):
            seen.add(undecided)
    return seen


def whole(tx: Connection, question: MeterQuestion) -> tuple[GroupTotal, ...]:
    """The totals by group of a range that is one window. Raises TooManyEvents."""
    page = totals_of_windows(tx, question, question.windows.starts_at, 1, most_read=MOST_READ_AT_ONCE)
    return page.windows[0].totals if page.windows else ()


def top(tx: Connection, question: MeterQuestion, limit: int) -> list[GroupTotal]:
    """The groups with the greatest quantities; of equal ones by their text."""
    return sorted(whole(tx, question), key=lambda total: (-total.quantity, total.group))[:limit]


def quantity(tx: Connection, question: MeterQuestion) -> Decimal:
    """The sum over all groups of a range that is one window."""
    total = Decimal(0)
    for each in whole(tx, question):
        total = EXACT.add(total, each.quantity)
    return total


def concurrency(tx: Connection, question: MeterQuestion) -> Peak | None:
    """For a question by subject and every group. Raises TooManyEvents."""
    starts_at, ends_at = question.windows.starts_at, question.windows.ends_at
    held = levels_before(tx, question, starts_at)
    try:
        return peak(question.meter, starts_at, events_of(tx, question, starts_at, ends_at, MOST_READ_AT_ONCE), held)
    except EnoughRead:
        raise TooManyEvents(
            f"the range has more than {MOST_READ_AT_ONCE} events: ask for a shorter one, or for fewer subjects",
            field="/to",
        ) from None
