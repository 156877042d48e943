"""The loops that every service's worker runs, from the relay to the one that counts the books again."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar
from uuid import UUID

from sqlalchemy import Connection, Engine

from shared import consumer, kafka, logs
from shared.books import HOUR, Books, Check
from shared.clock import real_now
from shared.consumer import Consumer
from shared.database import engine_for, wait_for_database
from shared.event_store import EventStore
from shared.inbox import Handlers, Inbox
from shared.kafka import Publisher
from shared.log_ends import exact_end_offsets
from shared.outbox import Outbox, Relay, has_rows
from shared.parking import Parking, park_timer
from shared.republish import republish_to_new_broker
from shared.settings import Settings
from shared.settling import Answers, Settling, no_more_answers
from shared.timers import Preparation, TimerHandler, TimerRunner
from shared.watch import Watch
from shared.worker import Loop, Worker

Configuration = TypeVar("Configuration", bound=Settings)
KEPT_ANSWERS = timedelta(days=30)


def nothing_waits(tx: Connection, tenant_id: UUID, now: datetime) -> int:
    """For a service that waits for nobody."""
    return 0


@dataclass(frozen=True, slots=True)
class Background:
    """What a service's worker does, as steps: a process runs them in threads, a test one by one."""

    relay: Relay
    consumer: Consumer
    timers: TimerRunner
    parking: Parking
    settling: Settling
    housekeeping: Callable[[], int]
    watch: Watch
    books: Books
    publisher: Publisher
    more_consumers: Sequence[Consumer]
    more_loops: Sequence[Loop]

    def is_consuming(self) -> bool:
        return all(each.is_assigned() for each in (self.consumer, *self.more_consumers))

    def close(self) -> None:
        for each in (self.consumer, *self.more_consumers):
            each.close()
        self.watch.close()
        self.publisher.close()
        self.settling.close()
        self.relay.engine.dispose()

    def loops(self) -> list[Loop]:
        return [
            Loop("relay", self.relay.step, 0.04, is_eager=True),
            Loop("consumer", self.consumer.step, 0.0, rest=self.consumer.rest),
            *(Loop(" ".join(c.topics), c.step, 0.0, rest=c.rest) for c in self.more_consumers),
            Loop("timers", self.timers.step, 0.05, is_eager=True),
            Loop("parking", self.parking.step, 0.25),
            Loop("settling", self.settling.step, 0.2, rest=self.settling.rest),
            Loop("housekeeping", self.housekeeping, 10),
            Loop("watch", self.watch.step, 5),
            Loop("books", self.books.step, HOUR),
            *self.more_loops,
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Duties:
    """What a service asks of its worker. `topics` go to the inbox; the service's other consumers count for settling and
    readiness just the same. `checks` are its figures that have to agree."""

    store: EventStore
    outbox: Outbox
    handlers: Handlers
    topics: Sequence[str]
    timers: Mapping[str, TimerHandler]
    preparations: Mapping[str, Preparation] = field(default_factory=dict)
    waiting: Callable[[Connection, UUID, datetime], int] = nothing_waits
    more_consumers: Sequence[Consumer] = ()
    more_loops: Sequence[Loop] = ()
    more_answers: Answers = no_more_answers
    checks: Mapping[str, Check] = field(default_factory=dict)


def background(settings: Settings, engine: Engine, cluster_id: str, duties: Duties) -> Background:
    service, store = duties.outbox.service, duties.store
    republish_to_new_broker(engine, store, duties.outbox, cluster_id, wanted=settings.republish_on_new_broker)
    inbox = Inbox(engine, store, duties.handlers, service, real_now, settings.parked_quota)
    group = f"quittance.{service}{settings.consumer_group_suffix}"
    reader = Consumer(settings, service, group, duties.topics, engine, cluster_id, consumer.into(inbox))
    consumers = [reader, *duties.more_consumers]
    publisher = Publisher(settings)
    return Background(
        publisher=publisher,
        relay=Relay(engine, publisher.send, service),
        consumer=reader,
        timers=_timers(engine, duties),
        parking=Parking(engine, inbox, real_now),
        settling=_settling(settings, engine, cluster_id, consumers, duties),
        housekeeping=partial(_keep_house, engine),
        watch=Watch(settings, engine, service, cluster_id, [topic for each in consumers for topic in each.topics]),
        books=Books(engine, service, duties.checks),
        more_consumers=duties.more_consumers,
        more_loops=duties.more_loops,
    )


def _timers(engine: Engine, duties: Duties) -> TimerRunner:
    parks = park_timer(real_now)
    service, first = duties.outbox.service, duties.preparations
    return TimerRunner(engine, duties.store, duties.timers, real_now, parks, service, preparations=first)


def _settling(
    settings: Settings,
    engine: Engine,
    cluster_id: str,
    consumers: Sequence[Consumer],
    duties: Duties,
) -> Settling:
    watcher = kafka.consumer(settings, None)
    topics = [topic for each in consumers for topic in each.topics]
    return Settling(
        engine=engine,
        end_offsets=lambda: exact_end_offsets(watcher, settings, topics),
        cluster_id=lambda: cluster_id,
        waiting=duties.waiting,
        real_now=real_now,
        heartbeat=lambda: {
            "consuming": all(each.is_assigned() for each in consumers),
            "outbox_is_full": has_rows(engine, settings.outbox_quota),
        },
        more_answers=duties.more_answers,
    )


def _keep_house(engine: Engine) -> int:
    """Forget old answers."""
    with engine.begin() as tx:
        tx.exec_driver_sql("DELETE FROM idempotency_keys WHERE answered_at < %(at)s", {"at": real_now() - KEPT_ANSWERS})
    return 0


def start(service: str, settings: Configuration, create: Callable[[Configuration, str], Background]) -> None:
    """The worker's process, until it is told to stop. Waits for PostgreSQL, then for the broker, of which `create` is told the
    cluster's id. Raises SystemExit where one does not answer in time."""
    logs.configure(settings.log_level, service, "worker")
    engine = engine_for(settings.database, pool_size=1)
    wait_for_database(engine, settings.startup_timeout_seconds)
    engine.dispose()
    parts = create(settings, kafka.wait_for_broker(settings))
    worker = Worker(service, parts.loops(), threading.Event())
    worker.show_metrics(settings.metrics_port)
    worker.run()
