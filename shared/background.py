"""The loops that every service's worker runs: relay, consumer, timers, parked messages, settling, and housekeeping."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Engine

from shared import consumer, kafka
from shared.clock import real_now
from shared.consumer import Consumer
from shared.event_store import EventStore
from shared.inbox import Handlers, Inbox
from shared.kafka import Publisher
from shared.metrics import OUTBOX_ROWS, PARKED_ROWS
from shared.outbox import Outbox, Relay
from shared.parking import Parking, park_timer
from shared.republish import met_new_broker, republish
from shared.settings import Settings
from shared.settling import Settling
from shared.timers import TimerHandler, TimerRunner
from shared.worker import Loop

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
    publisher: Publisher

    def close(self) -> None:
        self.consumer.close()
        self.publisher.close()
        self.relay.engine.dispose()

    def loops(self) -> list[Loop]:
        return [
            Loop("relay", self.relay.step, 0.015),
            Loop("consumer", self.consumer.step, 0.0),
            Loop("timers", self.timers.step, 0.015),
            Loop("parking", self.parking.step, 0.25),
            Loop("settling", self.settling.step, 0.01),
            Loop("housekeeping", self.housekeeping, 10),
        ]


def background(
    settings: Settings,
    engine: Engine,
    cluster_id: str,
    *,
    store: EventStore,
    outbox: Outbox,
    handlers: Handlers,
    timers: Mapping[str, TimerHandler],
    topics: Sequence[str],
    waiting: Callable[[Connection, UUID, datetime], int] = nothing_waits,
    more_topics: Sequence[str] = (),
    more_health: Callable[[], bool] = lambda: True,
) -> Background:
    """`topics` go to the inbox; `more_topics` are read by another consumer of the service and count for settling."""
    service = outbox.service
    if met_new_broker(engine, cluster_id) and settings.republish_on_new_broker:
        republish(engine, store, outbox)
    inbox = Inbox(engine, store, handlers, service, real_now)
    group = f"quittance.{service}{settings.consumer_group_suffix}"
    reader = Consumer(settings, service, group, topics, engine, cluster_id, consumer.into(inbox))
    all_topics = [*topics, *more_topics]
    publisher = Publisher(settings)
    watcher = kafka.consumer(settings, None)
    return Background(
        publisher=publisher,
        relay=Relay(engine, publisher.send, service),
        consumer=reader,
        timers=TimerRunner(engine, store, timers, real_now, park_timer(real_now), service),
        parking=Parking(engine, inbox, real_now),
        settling=Settling(
            engine=engine,
            end_offsets=lambda: kafka.end_offsets(watcher, all_topics),
            cluster_id=lambda: cluster_id,
            waiting=waiting,
            real_now=real_now,
            heartbeat=lambda: {"consuming": reader.is_assigned() and more_health()},
        ),
        housekeeping=partial(_keep_house, engine, service),
    )


def _keep_house(engine: Engine, service: str) -> int:
    """Forget old answers, and tell operators how much waits."""
    with engine.begin() as tx:
        tx.exec_driver_sql("DELETE FROM idempotency_keys WHERE answered_at < %(at)s", {"at": real_now() - KEPT_ANSWERS})
        counted: Any = tx.exec_driver_sql(
            "SELECT (SELECT count(*) FROM outbox) AS outbox, (SELECT count(*) FROM parked_messages) AS parked"
        ).one()
    OUTBOX_ROWS.labels(service).set(counted.outbox)
    PARKED_ROWS.labels(service).set(counted.parked)
    return 0
