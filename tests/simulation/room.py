"""One service in the simulation: its real API and its worker's real parts, on the simulated log and time."""

from __future__ import annotations

import importlib
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

from fastapi.testclient import TestClient
from kafka import TopicPartition
from sqlalchemy import create_engine

from services.usage.messaging.advancing import Advancing
from services.usage.messaging.closing import Closing
from services.usage.messaging.ingest_consumer import MOST_BYTES, Metering
from services.usage.messaging.ingest_log import TOPIC
from services.usage.messaging.ingest_offsets import Offsets, metered_offsets
from shared.causes import Cause
from shared.consumer import Consumer, into
from shared.database import engine_for
from shared.http.clock import ClockIn, move
from shared.inbox import Inbox
from shared.outbox import Relay
from shared.parking import Parking, park_timer
from shared.republish import republish_to_new_broker
from shared.tenancy import transaction
from shared.timers import TimerRunner
from shared.unit_of_work import Session, UnitOfWork
from tests.simulation.faults import Faults
from tests.simulation.log import IngestLog, Log, Reader
from tests.support.house import Service

Step = Callable[[], int]


@dataclass(frozen=True, slots=True)
class Pending:
    """What a worker would find to do, by step; `retry_at` is when a parked message is due to be tried again."""

    steps: frozenset[str]
    retry_at: datetime | None


@dataclass
class RealTime:
    """What the workers take for the time on the wall: it passes when the scheduler says so."""

    now: datetime = datetime(2040, 1, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def passes(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


class Ids:
    """In place of uuid7: one after the other as well, and the same whenever a tenant's story is played. Rows without an
    order of their own are in that of their ids."""

    def begin_anew(self, tenant: str) -> None:
        self.random, self.made = Random(f"ids of {tenant}"), 0

    def __call__(self) -> UUID:
        self.made += 1
        return UUID(int=self.made << 80 | self.random.getrandbits(80))


@dataclass
class Room:
    """`steps` are the worker's loops but for the consumers, which read what they are told to read."""

    service: Service
    log: Log
    time: RealTime
    ids: Ids
    faults: Faults = field(default_factory=Faults)

    def __post_init__(self) -> None:
        self.name = self.service.name
        self.api = self.service.app.state.engine
        self.engine = engine_for(self.service.urls.worker, pool_size=4)
        for engine in (self.api, self.engine):
            self.faults.watch(engine)
        package = f"services.{self.name}"
        self.wiring = importlib.import_module(f"{package}.store")
        self.inbound = importlib.import_module(f"{package}.messaging.inbound")
        worker = importlib.import_module(f"{package}.worker").__dict__
        self.timers, self.preparations = worker.get("TIMERS", {}), worker.get("PREPARATIONS", {})
        self.store = self.wiring.create_store()
        self.owner = create_engine(self.service.urls.owner)
        self.client = TestClient(self.service.app)
        # It looks once a second on the wall: a statement more or less, and a fault strikes another one.
        self.service.app.state.backpressure.looked_at = math.inf
        self.service.app.state.new_id = self.ids
        if self.name == "usage":
            self.service.app.state.ingest_log = IngestLog(self.log)
        self.start()

    def empty(self) -> None:
        """With the owner's role: nobody else may delete events."""
        with self.owner.begin() as tx:
            names = tx.exec_driver_sql(_TABLES).scalars().all()
            tx.exec_driver_sql(";".join(f"DELETE FROM {name}" for name in names))

    def start(self) -> None:
        """A new process: nothing is remembered but what the database holds."""
        self.touch()
        republish_to_new_broker(self.engine, self.store, self.wiring.OUTBOX, self.log.cluster_id, wanted=True)
        inbox = Inbox(self.engine, self.store, self.inbound.HANDLERS, self.name, self.time)
        park = park_timer(self.time)
        self.steps: dict[str, Step] = {
            "relay": Relay(self.engine, self.log.append, self.name).step,
            "timers": self._timers(park).step,
            "parking": Parking(self.engine, inbox, self.time).step,
        }
        self.consumers = [self._consumer("inbox", self.inbound.TOPICS, into(inbox))]
        if self.name == "usage":
            self._start_metering()

    def _timers(self, park: Any) -> TimerRunner:
        parts = (self.engine, self.store, self.timers, self.time, park, self.name)
        return TimerRunner(*parts, preparations=self.preparations)

    def _start_metering(self) -> None:
        self.advancing = advancing = Advancing(self.engine, self.store, self.time)
        metering = Metering(self.engine, self.store, self.time, advancing.note)
        closing = Closing(self.engine, self.store, self._ingest_ends, self._metered, self.time)
        self.consumers.append(self._consumer("metering", [TOPIC], metering.apply, most_bytes=MOST_BYTES))
        self.steps |= {"closing": closing.step, "advancing": advancing.step}

    def _consumer(self, group: str, topics: list[str], apply: Any, **options: Any) -> Consumer:
        reader: Any = Reader(self.log, topics)
        cluster, settings = self.log.cluster_id, self.service.settings("worker")
        consumer = Consumer(settings, self.name, group, topics, self.engine, cluster, apply, client=reader, **options)
        consumer.resume(self.log.partitions(topics))
        return consumer

    def _ingest_ends(self) -> Offsets:
        return {partition.partition: self.log.end(partition) for partition in self.log.partitions([TOPIC])}

    def _metered(self) -> Offsets:
        with self.engine.connect() as tx:
            return metered_offsets(tx, self.log.cluster_id)

    def touch(self) -> None:
        """Somebody was here: what is pending has to be looked up again."""
        self._pending: Pending | None = None

    def pending(self) -> Pending:
        if self._pending is None:
            [row] = self.rows(_PENDING[self.name == "usage"])
            steps = {name for name in ("relay", "timers", "closing") if getattr(row, name, False)}
            steps |= {"advancing"} if self.name == "usage" and self.advancing.changed else set()
            self._pending = Pending(frozenset(steps), row.retry_at)
        return self._pending

    def step(self, name: str) -> int:
        self.touch()
        return self.steps[name]()

    def deliver(self, consumer: Consumer, plans: Mapping[TopicPartition, tuple[int, int]]) -> int:
        """Hand over entries by partition, from the first offset up to the second."""
        self.touch()
        return consumer.take(self.reader(consumer).read(plans))

    def reader(self, consumer: Consumer) -> Reader:
        client: Any = consumer.client
        assert isinstance(client, Reader)
        return client

    def set_clock(self, tenant_id: UUID, at: datetime) -> None:
        """What `PUT /v1/test-clock` does once the last move is finished; waiting for that is the scheduler's part."""
        self.touch()
        with transaction(self.api, tenant_id) as tx:
            unit = UnitOfWork(Session(tx, self.store), Cause(tenant_id, at, at, {"principal": "simulation"}))
            move(ClockIn(now=at), unit)
            unit.session.flush()

    def rows(self, statement: str, **parameters: Any) -> list[Any]:
        with self.engine.connect() as tx:
            return list(tx.exec_driver_sql(statement, parameters).all())

    def close(self) -> None:
        for engine in (self.engine, self.api, self.owner):
            engine.dispose()


_TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version'"

_ANYWHERE = """
SELECT EXISTS (SELECT 1 FROM outbox) AS relay,
  EXISTS (SELECT 1 FROM timers t JOIN test_clocks c USING (tenant_id) WHERE t.fire_at <= c.now) AS timers,
  (SELECT min(retry_at) FROM parked_messages p LEFT JOIN inbox i USING (tenant_id, source, stream_id)
   WHERE p.decision IS NOT NULL AND (p.source = 'timer' OR p.sequence <= COALESCE(i.sequence, 0) + 1)) AS retry_at"""

_IN_USAGE = """,
  EXISTS (SELECT 1 FROM usage_periods p JOIN test_clocks c USING (tenant_id)
          WHERE p.status = 'open' AND p.closes_at <= c.now) AS closing"""

_PENDING = (_ANYWHERE, _ANYWHERE + _IN_USAGE)
