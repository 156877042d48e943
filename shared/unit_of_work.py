"""One transaction: streams are loaded once, commands decided in memory, and what came of them is appended together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError

from shared.causes import Cause
from shared.decider import AnyDecider
from shared.event_store import EventStore, Recorded, Stream, StreamKey, StreamMoved, appending, moved_on
from shared.ids import NewId, new_id
from shared.orders import Order

# What may go well when the same is tried again.
TRANSIENT = (OperationalError, StreamMoved)


class AlreadyWritten(Exception):
    """What is to be forgotten is in the database already."""


@dataclass(slots=True)
class Session:
    """What the units of one transaction share: the streams they have seen, the events not yet written, and what somebody
    has found out that holds until its end, such as a lock that was taken."""

    connection: Connection
    store: EventStore
    streams: dict[StreamKey, Stream] = field(default_factory=dict)
    pending: list[Recorded] = field(default_factory=list)
    kept: dict[Any, Any] = field(default_factory=dict)

    def stream(self, decider: AnyDecider, key: StreamKey) -> Stream:
        found = self.streams.get(key)
        if found is None:
            self.load(decider, key.tenant_id, [key.stream_id])
            found = self.streams[key]
        return found

    def load(self, decider: AnyDecider, tenant_id: UUID, ids: Sequence[UUID]) -> list[Stream]:
        """Those that were not seen yet in one statement."""
        unseen = [id_ for id_ in dict.fromkeys(ids) if StreamKey(tenant_id, decider.category, id_) not in self.streams]
        if unseen:
            loaded = self.store.load_many(self.connection, decider, tenant_id, unseen)
            self.streams |= {StreamKey(tenant_id, decider.category, id_): stream for id_, stream in loaded.items()}
        return [self.streams[StreamKey(tenant_id, decider.category, id_)] for id_ in ids]

    def flush(self) -> None:
        if self.pending:
            recorded, self.pending = self.pending, []
            self.store.append_many(self.connection, recorded)

    @contextmanager
    def trying(self) -> Iterator[None]:
        """What is decided inside is forgotten where it raises. What was decided must not have been written by then:
        raises AlreadyWritten, and the transaction is lost."""
        pending, before, streams = self.pending, len(self.pending), dict(self.streams)
        try:
            yield
        except Exception as error:
            if self.pending is not pending:
                raise AlreadyWritten from error
            del pending[before:]
            self.streams = streams
            raise

    @contextmanager
    def finishing(self) -> Iterator[None]:
        """What is pending and what is written meanwhile go as one statement."""
        with appending(self.connection):
            self.flush()
            yield


@dataclass(frozen=True, slots=True)
class UnitOfWork:
    """What is decided for one cause, of one tenant. With `if_match`, a command to a stream at another version raises
    StreamMoved. `new_id` is where the ids come from that no client gives and nothing derives."""

    session: Session
    cause: Cause
    if_match: int | None = None
    new_id: NewId = new_id

    @property
    def tenant_id(self) -> UUID:
        return self.cause.tenant_id

    @property
    def now(self) -> datetime:
        return self.cause.occurred_at

    @property
    def tx(self) -> Connection:
        """The connection, with everything decided so far written: reads see the unit's own writes."""
        self.session.flush()
        return self.session.connection

    def because(self, cause: Cause) -> UnitOfWork:
        """The same transaction for another cause."""
        return replace(self, cause=cause, if_match=None)

    def state(self, decider: AnyDecider, stream_id: UUID) -> Any:
        return self.session.stream(decider, StreamKey(self.tenant_id, decider.category, stream_id)).state

    def version(self, decider: AnyDecider, stream_id: UUID) -> int:
        return self.session.stream(decider, StreamKey(self.tenant_id, decider.category, stream_id)).version

    def history(self, decider: AnyDecider, stream_id: UUID, *, known_at: datetime | None = None) -> list[Recorded]:
        """The events of a stream in order, as far as they were known at an instant."""
        return self.session.store.history(self.tx, self.tenant_id, decider.category, stream_id, known_at=known_at)

    def execute(self, decider: AnyDecider, stream_id: UUID, command: Any) -> list[Any]:
        """Decide one command and keep its events for the next flush; an empty list says that nothing had to change."""
        key = StreamKey(self.tenant_id, decider.category, stream_id)
        stream = self.session.stream(decider, key)
        self._check_version(stream)
        events: list[Any] = decider.decide(stream.state, command)
        if events:
            recorded = self.session.store.numbered(key, stream, events, self.cause)
            state = stream.state
            for event in events:
                state = decider.evolve(state, event)
            self.session.streams[key] = moved_on(stream, state, recorded)
            self.session.pending += recorded
        return events

    def carry_out(self, orders: Iterable[Order]) -> None:
        """One by one as they come: a process that yields its orders sees what the earlier ones did."""
        for order in orders:
            self.execute(order.decider, order.stream_id, order.command)

    def _check_version(self, stream: Stream) -> None:
        if self.if_match is not None and self.if_match != stream.version:
            raise StreamMoved(f"it is at version {stream.version}, not {self.if_match}: read it again and retry")
