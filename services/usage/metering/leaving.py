"""Events that a period counted and counts no more, as it ends earlier or has another meter: listed where nobody counts them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime

from sqlalchemy import Connection

from services.usage.metering.counts import Counts
from services.usage.metering.lists import Lost, lose
from services.usage.metering.stored_events import Range, StoredEvent, pages
from services.usage.metering.watches import PeriodKey, Watches, current_meters, why_unmatched


def list_left(
    tx: Connection, counts: Counts, key: PeriodKey, range_: Range, has_left: Callable[[StoredEvent], bool]
) -> None:
    """Of the events of the range, those that have left the period and that no other one counts. Raises Archived."""
    meters = current_meters(tx, [key.tenant_id])[key.tenant_id]
    for page in pages(tx, range_):
        left = [event for event in page if has_left(event)]
        lost = [
            Lost(event.place.position, why_unmatched(meters, range_.type, event.data), range_.type, *_whose(event))
            for event in _counted_by_nobody(tx, key, range_.type, left)
        ]
        lose(tx, counts, key.tenant_id, lost)


def _whose(event: StoredEvent) -> tuple[str, datetime]:
    return event.subject, event.place.time


def _counted_by_nobody(tx: Connection, key: PeriodKey, type_: str, events: list[StoredEvent]) -> Iterator[StoredEvent]:
    watches = Watches()
    watches.load(tx, ((key.tenant_id, event.subject, event.place.time) for event in events))
    for event in events:
        others = (w for w in watches.at(key.tenant_id, event.subject, type_) if w.key != key)
        if not any(w.tally.counts(event.place.time) and w.tally.meter.matches(event.data) for w in others):
            yield event
