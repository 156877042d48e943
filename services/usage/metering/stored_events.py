"""Events as they were stored, read in pages in order of event time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Connection

from services.usage.domain.values import decode_exactly

PAGE = 5000


class Place(NamedTuple):
    """Where an event stands in event-time order; events of one instant are in a fixed order of their own."""

    time: datetime
    position: int


@dataclass(frozen=True, slots=True)
class Range:
    """The events of these subjects and this type with starts_at <= time < ends_at."""

    tenant_id: UUID
    subjects: Sequence[str]
    type: str
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class StoredEvent:
    place: Place
    source: str
    id: str
    subject: str
    data: Any


def stored_events(tx: Connection, range_: Range, after: Place | None = None, size: int = PAGE) -> list[StoredEvent]:
    """The next `size` events of the range behind a place; each subject's are read by its own part of the index."""
    place = after or Place(range_.starts_at, -1)
    parameters = {
        "tenant": range_.tenant_id,
        "subjects": sorted(set(range_.subjects)),
        "type": range_.type,
        "time": place.time,
        "position": place.position,
        "ends_at": range_.ends_at,
        "size": size,
    }
    return [
        StoredEvent(Place(row.time, row.position), row.source, row.id, row.subject, decode_exactly(row.data.encode()))
        for row in tx.exec_driver_sql(_PAGE, parameters)
    ]


def pages(tx: Connection, range_: Range) -> Iterator[list[StoredEvent]]:
    after = None
    while page := stored_events(tx, range_, after):
        yield page
        after = page[-1].place


# As they are amended; what was taken back is none.
_PAGE = """
SELECT event.time, event.position, event.source, event.id, event.subject, event.data
FROM unnest(%(subjects)s::text[]) AS wanted(subject) CROSS JOIN LATERAL (
  SELECT e.time, e.position, e.source, e.id, e.subject,
    CASE WHEN a.position IS NULL THEN e.data::text ELSE a.data::text END AS data
  FROM usage_events AS e LEFT JOIN usage_amendments AS a ON a.tenant_id = e.tenant_id AND a.position = e.position
  WHERE e.tenant_id = %(tenant)s AND e.subject = wanted.subject AND e.type = %(type)s
    AND (e.time, e.position) > (%(time)s, %(position)s) AND e.time < %(ends_at)s
    AND (a.position IS NULL OR a.data IS NOT NULL)
  ORDER BY e.time, e.position LIMIT %(size)s
) AS event
ORDER BY event.time, event.position LIMIT %(size)s"""
