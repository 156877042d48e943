"""Messages in: applied once, in order per stream, effect and mark in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import Connection, Engine

from shared.causes import Cause
from shared.errors import NotFound
from shared.event_store import EventStore, StreamMoved
from shared.event_types import UnknownEventType
from shared.messages import Contract, Message, context_of
from shared.metrics import MESSAGES
from shared.orders import Order
from shared.parked import park, reason_of, refuse_beyond
from shared.statements import run
from shared.unit_of_work import TRANSIENT, Session, UnitOfWork
from shared.unknown_types import UnknownTypes

Process = Callable[[Message], Iterable[Order]]


@dataclass(frozen=True, slots=True)
class Reads:
    """A handler that looks at the service's own read models before it answers; it sees the batch so far."""

    handle: Callable[[Message, UnitOfWork], Iterable[Order]]


Handlers = Mapping[str, Process | Reads]
Offsets = Mapping[tuple[str, int], int]
# What a message of another topic may still bring (topics keep no order between them), or a later version of the service.
WAITS = (NotFound, UnknownEventType)


def passing_over(*contracts: type[Contract]) -> Handlers:
    """For messages of a topic that are of no interest, as opposed to those that are not known."""
    return {contract.TYPE: _nothing for contract in contracts}


def _nothing(_: Message) -> Iterable[Order]:
    return ()


class OvertakenConsumer(StreamMoved):
    """Another consumer applied the same messages meanwhile: look again."""


@dataclass(frozen=True, slots=True)
class Inbox:
    """`receive` applies a batch in one transaction. If anything in it fails it is rolled back and repeated message by
    message, where a transient failure is raised for the caller to retry and a permanent one is parked, with the later
    messages of its stream behind it."""

    engine: Engine
    store: EventStore
    handlers: Handlers
    service: str
    real_now: Callable[[], datetime]
    most_parked: int = 10_000
    unknown_types: UnknownTypes = field(default_factory=UnknownTypes)

    def receive(self, messages: Sequence[Message], save_offsets: Callable[[Connection], None] = lambda _: None) -> int:
        try:
            with self.engine.begin() as tx:
                applied = self._apply(tx, messages)
                save_offsets(tx)
        except Exception:  # found out message by message below
            applied = [one for message in messages for one in self._receive_one(message)]
            with self.engine.begin() as tx:
                save_offsets(tx)
        self.count(applied)
        return len(applied)

    def _receive_one(self, message: Message) -> Sequence[Message]:
        try:
            with self.engine.begin() as tx:
                return self._apply(tx, [message])
        except TRANSIENT:
            raise
        except Exception as error:
            with self.engine.begin() as tx:
                self._park(tx, message, reason_of(error), waits=isinstance(error, WAITS))
            MESSAGES.labels(self.service, "parked").inc()
            return []

    def _apply(self, tx: Connection, messages: Sequence[Message]) -> Sequence[Message]:
        marks = _marks(tx, messages)
        fresh = [m for m in messages if self._is_next(tx, m, marks)]
        self.perform(tx, fresh)
        mark(tx, fresh)
        return fresh

    def _is_next(self, tx: Connection, message: Message, marks: dict[tuple[UUID, str, UUID], int]) -> bool:
        key = (message.tenantid, message.source, message.subject)
        last = marks.get(key, 0)
        if message.sequence == last + 1:
            marks[key] = message.sequence
            return True
        if message.sequence > last:
            self._park(tx, message, f"waits for sequence {last + 1}", waits=True)
        return False

    def _park(self, tx: Connection, message: Message, reason: str, *, waits: bool) -> None:
        refuse_beyond(tx, self.most_parked)
        park(tx, message, reason, self.real_now(), waits=waits)

    def perform(self, tx: Connection, messages: Sequence[Message]) -> None:
        """Runs of messages whose processes are pure are decided over streams loaded together."""
        batch = _Batch(Session(tx, self.store), self.service, self.real_now(), _in_test_mode(tx, messages))
        waiting: list[tuple[Message, list[Order]]] = []
        for message in messages:
            match self.handlers.get(message.type):
                case Reads(handle):
                    batch.carry_out(waiting)
                    waiting = []
                    unit = batch.unit(message)
                    unit.carry_out(handle(message, unit))
                case None:
                    continue
                case process:
                    waiting.append((message, list(process(message))))
        batch.carry_out(waiting)
        batch.session.flush()

    def count(self, applied: Sequence[Message]) -> None:
        """What was applied for good. Of a type that is not known only the sequence was noted."""
        unknown = [message for message in applied if message.type not in self.handlers]
        MESSAGES.labels(self.service, "applied").inc(len(applied) - len(unknown))
        for message in unknown:
            self.unknown_types.count(self.service, message)


@dataclass(frozen=True, slots=True)
class _Batch:
    """Messages of one transaction, and which of their tenants have a test clock."""

    session: Session
    service: str
    real_now: datetime
    in_test_mode: frozenset[UUID]

    def carry_out(self, waiting: Sequence[tuple[Message, list[Order]]]) -> None:
        groups: dict[tuple[UUID, str], list[Order]] = {}
        for message, orders in waiting:
            for order in orders:
                groups.setdefault((message.tenantid, order.decider.category), []).append(order)
        for (tenant_id, _), orders in groups.items():
            self.session.load(orders[0].decider, tenant_id, [order.stream_id for order in orders])
        for message, orders in waiting:
            self.unit(message).carry_out(orders)

    def unit(self, message: Message) -> UnitOfWork:
        # A test clock's world has no latency: what a message causes is known when it happened.
        recorded_at = message.time if message.tenantid in self.in_test_mode else self.real_now
        context = context_of(message, self.service)
        return UnitOfWork(self.session, Cause(message.tenantid, message.time, recorded_at, context))


def _in_test_mode(tx: Connection, messages: Sequence[Message]) -> frozenset[UUID]:
    tenants = list({message.tenantid for message in messages})
    return frozenset(row[0] for row in run(tx, _TEST_CLOCKS, {"tenants": tenants}))


def _keys(messages: Sequence[Message]) -> dict[str, Any]:
    rows = {(m.tenantid, m.source, m.subject): m.sequence for m in messages}
    named = [{"tenant_id": t, "source": s, "stream_id": i, "sequence": n} for (t, s, i), n in rows.items()]
    return {"rows": msgspec.json.encode(named).decode()}


def _marks(tx: Connection, messages: Sequence[Message]) -> dict[tuple[UUID, str, UUID], int]:
    rows = tx.exec_driver_sql(_LAST, _keys(messages))
    return {(row.tenant_id, row.source, row.stream_id): row.sequence for row in rows}


def mark(tx: Connection, messages: Sequence[Message]) -> None:
    """Note the last sequence of each stream. Raises OvertakenConsumer where it was noted already."""
    if not messages:
        return
    keys = _keys(messages)
    marked = tx.exec_driver_sql(_MARK, keys).rowcount
    if marked < len({(m.tenantid, m.source, m.subject) for m in messages}):
        raise OvertakenConsumer("another consumer was here first")


_TEST_CLOCKS = "SELECT tenant_id FROM test_clocks WHERE tenant_id = ANY(%(tenants)s)"

_RECORDSET = """jsonb_to_recordset(%(rows)s::jsonb) AS row(tenant_id uuid, source text, stream_id uuid, sequence int)"""

_LAST = f"SELECT i.* FROM inbox i JOIN {_RECORDSET} USING (tenant_id, source, stream_id)"  # noqa: S608

_MARK = f"""
INSERT INTO inbox (tenant_id, source, stream_id, sequence)
SELECT tenant_id, source, stream_id, sequence FROM {_RECORDSET}
ON CONFLICT (tenant_id, source, stream_id) DO UPDATE SET sequence = excluded.sequence
WHERE inbox.sequence < excluded.sequence"""  # noqa: S608
