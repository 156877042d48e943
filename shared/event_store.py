"""Append-only streams of domain events in PostgreSQL, one `events` table per service."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple
from uuid import UUID

import psycopg
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from shared.causes import Cause
from shared.decider import AnyDecider
from shared.errors import Conflict
from shared.event_types import EventTypes
from shared.statements import Insertion, run, together, write_rows


class StreamMoved(Conflict):
    """Somebody else appended first; the caller may load again and retry."""


class StreamKey(NamedTuple):
    tenant_id: UUID
    category: str
    stream_id: UUID


@dataclass(frozen=True, slots=True)
class Recorded:
    """An event in its place. `public_sequence` counts the published events of the stream; None is never published."""

    event: Any
    key: StreamKey
    version: int
    public_sequence: int | None
    cause: Cause

    @property
    def tenant_id(self) -> UUID:
        return self.key.tenant_id

    @property
    def stream_id(self) -> UUID:
        return self.key.stream_id


@dataclass(frozen=True, slots=True)
class Stream:
    """A stream as it stands: its state and the two counters that the next event continues."""

    state: Any
    version: int = 0
    public_sequence: int = 0


Subscriber = Callable[[Connection, Sequence[Recorded]], None]
IsPublished = Callable[[Any], bool]


class EventStore:
    """`append` runs every subscriber in the same transaction, so projections, timers and outbox never lag."""

    def __init__(
        self,
        deciders: Sequence[AnyDecider],
        subscribers: Sequence[Subscriber] = (),
        is_published: IsPublished = lambda _: False,
    ):
        self.deciders = {decider.category: decider for decider in deciders}
        self._types = EventTypes(deciders)
        self._subscribers = subscribers
        self._is_published = is_published

    def load_many(
        self, tx: Connection, decider: AnyDecider, tenant_id: UUID, ids: Sequence[UUID]
    ) -> dict[UUID, Stream]:
        """The streams of one category, in one statement; a stream without events is at its initial state."""
        streams = {id_: Stream(decider.initial) for id_ in ids}
        named = {"tenant": tenant_id, "category": decider.category, "id": ids[0], "ids": list(ids)}
        rows = run(tx, _LOAD_ONE if len(ids) == 1 else _LOAD, named).fetchall()
        for stream_id, alike in groupby(rows, key=itemgetter(0)):
            streams[stream_id] = self._replayed(decider, list(alike))
        return streams

    def _replayed(self, decider: AnyDecider, rows: Sequence[Any]) -> Stream:
        state, public_sequence = decider.initial, 0
        for _, _, published, name, data in rows:
            state = decider.evolve(state, self._types.decode(decider.category, name, data))
            public_sequence = published or public_sequence
        return Stream(state, rows[-1][1], public_sequence)

    def numbered(self, key: StreamKey, after: Stream, events: Iterable[Any], cause: Cause) -> list[Recorded]:
        """Give events their versions and, where they are published, their public sequence."""
        recorded, sequence = [], after.public_sequence
        for version, event in enumerate(events, start=after.version + 1):
            published = self._is_published(event)
            sequence += published
            recorded.append(Recorded(event, key, version, sequence if published else None, cause))
        return recorded

    def append_many(self, tx: Connection, recorded: Sequence[Recorded]) -> None:
        """One statement for any number of events and streams, and for what the subscribers write with it.

        Raises StreamMoved; the transaction is lost then.
        """
        with appending(tx):
            write_rows(tx, _EVENTS, [self._row(entry) for entry in recorded])
            for subscriber in self._subscribers:
                subscriber(tx, recorded)

    def _row(self, recorded: Recorded) -> dict[str, Any]:
        return {
            "tenant_id": recorded.key.tenant_id,
            "category": recorded.key.category,
            "stream_id": recorded.key.stream_id,
            "version": recorded.version,
            "public_sequence": recorded.public_sequence,
            "type": self._types.name(recorded.event),
            "data": recorded.event,
            "context": recorded.cause.context,
            "occurred_at": recorded.cause.occurred_at,
            "recorded_at": recorded.cause.recorded_at,
        }

    def history(
        self, tx: Connection, tenant_id: UUID, category: str, stream_id: UUID, *, known_at: datetime | None = None
    ) -> list[Recorded]:
        """The events of one stream in order, as far as they were known at an instant."""
        parameters = {"tenant": tenant_id, "category": category, "ids": [stream_id]}
        rows = [self._recorded(row) for row in tx.exec_driver_sql(_HISTORY, parameters)]
        return [r for r in rows if known_at is None or r.cause.recorded_at <= known_at]

    def everything(
        self,
        tx: Connection,
        *,
        tenant_id: UUID | None = None,
        categories: Sequence[str] | None = None,
        size: int = 5000,
    ) -> Iterator[list[Recorded]]:
        """All events in batches by position: for rebuilding and republishing while nobody writes, never as a queue."""
        position = 0
        while rows := tx.exec_driver_sql(
            _PAGE,
            {"after": position, "tenant": tenant_id, "categories": list(categories or self.deciders), "size": size},
        ).all():
            yield [self._recorded(row) for row in rows]
            position = rows[-1].position

    def _recorded(self, row: Any) -> Recorded:
        cause = Cause(row.tenant_id, row.occurred_at, row.recorded_at, row.context)
        key = StreamKey(row.tenant_id, row.category, row.stream_id)
        return Recorded(
            self._types.decode(row.category, row.type, row.data), key, row.version, row.public_sequence, cause
        )


@contextmanager
def appending(tx: Connection) -> Iterator[None]:
    """One statement for all that is written in it. Raises StreamMoved where a version was taken already."""
    try:
        with together(tx):
            yield
    except IntegrityError as error:
        if isinstance(error.orig, psycopg.Error) and error.orig.diag.table_name == "events":
            raise StreamMoved("somebody else changed it first: read it again and retry") from error
        raise


def by_stream(recorded: Iterable[Recorded]) -> Mapping[StreamKey, list[Recorded]]:
    """The same events, those of each stream together and in their order."""
    streams: dict[StreamKey, list[Recorded]] = defaultdict(list)
    for entry in recorded:
        streams[entry.key].append(entry)
    return streams


def moved_on(stream: Stream, state: Any, recorded: Sequence[Recorded]) -> Stream:
    """The stream after events were numbered for it."""
    sequences = [r.public_sequence for r in recorded if r.public_sequence is not None]
    return Stream(state, recorded[-1].version, max(sequences, default=stream.public_sequence))


_EVENTS = Insertion(
    "events",
    {
        "tenant_id": "uuid",
        "category": "text",
        "stream_id": "uuid",
        "version": "int",
        "public_sequence": "int",
        "type": "text",
        "data": "jsonb",
        "context": "jsonb",
        "occurred_at": "timestamptz",
        "recorded_at": "timestamptz",
    },
)

_COLUMNS = "tenant_id, category, stream_id, version, public_sequence, type"

_LOAD_ONE = """
SELECT stream_id, version, public_sequence, type, data::text FROM events
WHERE tenant_id = %(tenant)s AND category = %(category)s AND stream_id = %(id)s
ORDER BY version"""

# PostgreSQL plans a list anew each time, one value once.
_LOAD = """
SELECT stream_id, version, public_sequence, type, data::text FROM events
WHERE tenant_id = %(tenant)s AND category = %(category)s AND stream_id = ANY(%(ids)s)
ORDER BY stream_id, version"""

_HISTORY = f"""
SELECT {_COLUMNS}, data::text AS data, context, occurred_at, recorded_at FROM events
WHERE tenant_id = %(tenant)s AND category = %(category)s AND stream_id = ANY(%(ids)s)
ORDER BY stream_id, version"""  # noqa: S608 - columns are a constant

_PAGE = f"""
SELECT position, {_COLUMNS}, data::text AS data, context, occurred_at, recorded_at FROM events
WHERE position > %(after)s AND category = ANY(%(categories)s)
  AND (%(tenant)s::uuid IS NULL OR tenant_id = %(tenant)s)
ORDER BY position LIMIT %(size)s"""  # noqa: S608
