"""Due dates are rows; the worker fires them in order, each once, at the instant they were set for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from uuid import UUID

import msgspec
from sqlalchemy import Connection, Engine
from uuid_utils.compat import uuid5

from shared.causes import Cause
from shared.event_store import EventStore, Recorded
from shared.metrics import TIMERS
from shared.orders import Order
from shared.statements import Insertion, look, write_rows
from shared.unit_of_work import TRANSIENT, Session, UnitOfWork


class Timer(msgspec.Struct, frozen=True, kw_only=True):
    """Fires once for its stream. Timers of one instant fire stage by stage. A timer is never cancelled: what it
    asks for is decided when it fires, and a stale one changes nothing."""

    tenant_id: UUID
    name: str
    subject: UUID
    fire_at: datetime
    stage: int = 0

    @property
    def id(self) -> UUID:
        return uuid5(self.subject, f"{self.name}@{self.fire_at.isoformat()}")


TimerHandler = Callable[[Timer, UnitOfWork], Iterable[Order]]
# Loads together what the handlers of these timers, all of one name, will ask for one by one.
Preparation = Callable[[Sequence[Timer], Session], None]


@dataclass(frozen=True, slots=True)
class Schedule:
    """A subscriber: the timers that an event sets, as a pure function of the event."""

    timers_of: Callable[[Recorded], Iterable[Timer]]

    def __call__(self, tx: Connection, recorded: Sequence[Recorded]) -> None:
        set_timers(tx, [timer for entry in recorded for timer in self.timers_of(entry)])


def set_timers(tx: Connection, timers: Iterable[Timer]) -> None:
    """Any number in one statement; one that is set already stays as it is."""
    write_rows(tx, _TIMERS, [msgspec.structs.asdict(timer) for timer in timers])


@dataclass(frozen=True, slots=True)
class TimerRunner:
    """Fires, for each tenant, everything due at the earliest instant and stage, in one transaction.

    A tenant with a test clock is judged by that clock, everybody else by `real_now`. What a handler refuses is
    given to `park`, so that one bad timer holds up nobody else; what may go well next time stays due.
    """

    engine: Engine
    store: EventStore
    handlers: Mapping[str, TimerHandler]
    real_now: Callable[[], datetime]
    park: Callable[[Connection, Timer, Exception], None]
    service: str
    size: int = 500
    preparations: Mapping[str, Preparation] = field(default_factory=dict)

    def step(self) -> int:
        now = self.real_now()
        due = look(self.engine, _DUE_TENANTS, {"now": now})
        return sum(self._fire(tenant_id, at, stage, now if real else at) for tenant_id, at, stage, real in due)

    def _fire(self, tenant_id: UUID, fire_at: datetime, stage: int, recorded_at: datetime) -> int:
        batch = {"tenant": tenant_id, "at": fire_at, "stage": stage, "size": self.size}
        try:
            return self._fire_together(batch, recorded_at)
        except Exception:  # whatever it was, the batch is rolled back and tried one by one
            return self._fire_one_by_one(batch | {"size": 1}, recorded_at)

    def _fire_together(self, batch: dict[str, object], recorded_at: datetime) -> int:
        with self.engine.begin() as tx:
            timers = _take(tx, batch)
            session = Session(tx, self.store)
            for name, alike in groupby(timers, key=lambda timer: timer.name):
                self._handle_alike(name, list(alike), session, recorded_at)
            session.flush()
        TIMERS.labels(self.service).inc(len(timers))
        return len(timers)

    def _fire_one_by_one(self, batch: dict[str, object], recorded_at: datetime) -> int:
        with self.engine.begin() as tx:
            for timer in _take(tx, batch):
                try:
                    with tx.begin_nested():
                        session = Session(tx, self.store)
                        self._handle(timer, session, recorded_at)
                        session.flush()
                except TRANSIENT:
                    raise
                except Exception as error:
                    self.park(tx, timer, error)
        return 1

    def _handle_alike(self, name: str, timers: Sequence[Timer], session: Session, recorded_at: datetime) -> None:
        if name in self.preparations:
            self.preparations[name](timers, session)
        for timer in timers:
            self._handle(timer, session, recorded_at)

    def _handle(self, timer: Timer, session: Session, recorded_at: datetime) -> None:
        id_ = str(timer.id)
        context = {"principal": "clock", "correlation_id": id_, "causation_id": id_}
        unit = UnitOfWork(session, Cause(timer.tenant_id, timer.fire_at, recorded_at, context))
        unit.carry_out(self.handlers[timer.name](timer, unit))


def _take(tx: Connection, batch: dict[str, object]) -> list[Timer]:
    """Delete due timers and return them; a second worker waits for the lock and then finds them gone."""
    tx.exec_driver_sql("SELECT pg_advisory_xact_lock(hashtextextended(%(tenant)s::text, 7))", batch)
    rows = tx.exec_driver_sql(_TAKE, batch).mappings()
    return sorted((Timer(**row) for row in rows), key=lambda timer: (timer.name, timer.subject))


_TIMERS = Insertion(
    "timers",
    {"tenant_id": "uuid", "name": "text", "subject": "uuid", "fire_at": "timestamptz", "stage": "smallint"},
    "ON CONFLICT DO NOTHING",
)

# Asked many times a second: apart, each half finds what is due by an index, however many timers wait.
_DUE_TENANTS = """
SELECT DISTINCT ON (tenant_id) tenant_id, fire_at, stage, real FROM (
  SELECT t.tenant_id, t.fire_at, t.stage, true AS real FROM timers t
  WHERE t.fire_at <= %(now)s AND NOT EXISTS (SELECT FROM test_clocks c WHERE c.tenant_id = t.tenant_id)
  UNION ALL
  SELECT t.tenant_id, t.fire_at, t.stage, false FROM test_clocks c JOIN timers t
    ON t.tenant_id = c.tenant_id AND t.fire_at <= c.now
) AS due
ORDER BY tenant_id, fire_at, stage"""

_TAKE = """
DELETE FROM timers WHERE (tenant_id, name, subject, fire_at) IN (
  SELECT tenant_id, name, subject, fire_at FROM timers
  WHERE tenant_id = %(tenant)s AND fire_at = %(at)s AND stage = %(stage)s
  ORDER BY name, subject LIMIT %(size)s FOR UPDATE)
RETURNING tenant_id, name, subject, fire_at, stage"""
