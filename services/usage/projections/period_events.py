"""The proof behind a total: the events of a period, in order of their time."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from services.usage.domain.measure import Measured, measure
from services.usage.metering.periods import StoredPeriod, stored_period
from services.usage.metering.stored_events import Place, StoredEvent, check_stored, stored_events
from services.usage.metering.watches import PeriodKey

MOST_READ = 10_000


@dataclass(frozen=True, slots=True)
class CountedEvent:
    event: StoredEvent
    measured: Measured


@dataclass(frozen=True, slots=True)
class PeriodEvents:
    """`next_place` is where to go on, None at the end. A page may hold fewer events than asked for and yet go on."""

    events: list[CountedEvent]
    next_place: Place | None


def events_of_period(
    tx: Connection, key: PeriodKey, *, group: str | None = None, after: Place | None = None, limit: int = 100
) -> PeriodEvents:
    """The events that the period counts, of all its groups or one, in order of event time. Raises PeriodNotFound,
    Archived."""
    period = stored_period(tx, key)
    check_stored(tx, period.range)
    found: list[CountedEvent] = []
    read = 0
    while page := stored_events(tx, period.range, after, min(2 * limit, MOST_READ)):
        read += len(page)
        for event in page:
            after = event.place
            measured = _measured(period, event)
            if measured and group in (None, measured.group):
                found.append(CountedEvent(event, measured))
            if len(found) == limit:
                return PeriodEvents(found, after)
        # A rare event among many others must not make one request read everything.
        if read >= MOST_READ:
            return PeriodEvents(found, after)
    return PeriodEvents(found, None)


def _measured(period: StoredPeriod, event: StoredEvent) -> Measured | None:
    return measure(period.meter, event.data, event.place.time) if period.meter.matches(event.data) else None
