"""Events as they were stored, read in pages in order of event time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Connection

from services.usage.domain.values import decode_exactly
from services.usage.metering.archived import check_there
from shared.statements import run

PAGE = 5000
PAGE_OF_MANY = 10_000


class Place(NamedTuple):
    """Where an event stands in event-time order; events of one instant are in a fixed order of their own."""

    time: datetime
    position: int


@dataclass(frozen=True, slots=True)
class Range:
    """The events of these subjects, or of all, and of this type with starts_at <= time < ends_at."""

    tenant_id: UUID
    subjects: Sequence[str] | None
    type: str
    starts_at: datetime
    ends_at: datetime


class StoredEvent(NamedTuple):
    """A tuple, because questions look through many."""

    place: Place
    source: str
    id: str
    subject: str
    data: Any


@dataclass(frozen=True, slots=True)
class PositionPage:
    """Events with their types; `last` is the position to go on behind, None at the end."""

    events: list[tuple[str, StoredEvent]]
    last: int | None


def events_by_position(tx: Connection, tenant_id: UUID, after: int, until: int, size: int) -> PositionPage:
    """The next `size` events of a tenant, in the order in which they were stored."""
    named = {"tenant": tenant_id, "after": after, "until": until, "size": size}
    rows = run(tx, _BY_POSITION, named).fetchall()
    events = [(type_, _stored(row)) for *row, type_ in rows if row[-1] is not None]
    return PositionPage(events, rows[-1][1] if len(rows) == size else None)


def stored_events(tx: Connection, range_: Range, after: Place | None = None, size: int = PAGE) -> list[StoredEvent]:
    """The next `size` events of the range behind a place; each named subject's are read by its own part of the index."""
    statement = _PAGE_OF_ALL if range_.subjects is None else _PAGE
    return [_stored(row) for row in run(tx, statement, _parameters(range_, after, size))]


def check_stored(tx: Connection, range_: Range) -> None:
    """Raises Archived where not all of its events are there; then they are until the end of this transaction."""
    check_there(tx, range_.tenant_id, range_.type, range_.starts_at, range_.ends_at)


def _parameters(range_: Range, after: Place | None, size: int) -> dict[str, Any]:
    place = after or Place(range_.starts_at, -1)
    return {
        "tenant": range_.tenant_id,
        "subjects": sorted(set(range_.subjects or ())),
        "type": range_.type,
        "time": place.time,
        "position": place.position,
        "ends_at": range_.ends_at,
        "size": size,
    }


def _stored(row: Sequence[Any]) -> StoredEvent:
    time, position, source, id_, subject, data = row
    return StoredEvent(Place(time, position), source, id_, subject, decode_exactly(data.encode()))


def pages(tx: Connection, range_: Range) -> Iterator[list[StoredEvent]]:
    """Raises Archived."""
    check_stored(tx, range_)
    after = None
    while page := stored_events(tx, range_, after):
        yield page
        after = page[-1].place


def read_range(tx: Connection, range_: Range) -> Iterator[StoredEvent]:
    """In larger pages where the order of time has to be made for each of them. Raises Archived."""
    check_stored(tx, range_)
    after, size = None, PAGE if range_.subjects else PAGE_OF_MANY
    while page := stored_events(tx, range_, after, size):
        yield from page
        after = page[-1].place


def first_events(tx: Connection, range_: Range) -> list[StoredEvent]:
    """The first event of each of the range's subjects that has one. Raises Archived."""
    check_stored(tx, range_)
    return [_stored(row) for row in run(tx, _BY_SUBJECT, _parameters(range_, None, 1))]


# As they are amended; what was taken back is none.
_EVENTS = """
  SELECT e.time, e.position, e.source, e.id, e.subject,
    CASE WHEN a.position IS NULL THEN e.data::text ELSE a.data::text END AS data
  FROM usage_events AS e LEFT JOIN usage_amendments AS a ON a.tenant_id = e.tenant_id AND a.position = e.position
  WHERE e.tenant_id = %(tenant)s AND {subject} AND e.type = %(type)s
    AND (e.time, e.position) > (%(time)s, %(position)s) AND e.time < %(ends_at)s
    AND (a.position IS NULL OR a.data IS NOT NULL)
  ORDER BY e.time, e.position LIMIT %(size)s"""

_PAGE_OF_ALL = _EVENTS.format(subject="true")

_BY_SUBJECT = f"""
SELECT event.time, event.position, event.source, event.id, event.subject, event.data
FROM unnest(%(subjects)s::text[]) AS wanted(subject) CROSS JOIN LATERAL (
{_EVENTS.format(subject="e.subject = wanted.subject")}
) AS event"""  # noqa: S608 - a constant

_PAGE = f"{_BY_SUBJECT} ORDER BY event.time, event.position LIMIT %(size)s"

_BY_POSITION = """
SELECT e.time, e.position, e.source, e.id, e.subject,
  CASE WHEN a.position IS NULL THEN e.data::text ELSE a.data::text END AS data, e.type
FROM usage_events AS e LEFT JOIN usage_amendments AS a ON a.tenant_id = e.tenant_id AND a.position = e.position
WHERE e.tenant_id = %(tenant)s AND e.position > %(after)s AND e.position <= %(until)s
ORDER BY e.position LIMIT %(size)s"""
