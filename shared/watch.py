"""Looks every few seconds at what waits in a service, and shows it to Prometheus."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kafka import KafkaConsumer
from kafka.errors import KafkaError
from sqlalchemy import Engine

from shared import kafka
from shared.backlog import Offsets, backlog, lag
from shared.clock import real_now
from shared.log_ends import end_offsets
from shared.metrics import (
    CONSUMER_LAG,
    OUTBOX_ROWS,
    OUTBOX_SECONDS,
    PARKED_ROWS,
    PARKED_UNDECIDED_ROWS,
    TIMERS_OVERDUE_SECONDS,
)
from shared.settings import Settings


@dataclass(slots=True)
class Watch:
    """Has a Kafka client of its own, in no group, and throws it away when it fails. The database is shown first, so
    that it is seen also while the broker is away."""

    settings: Settings
    engine: Engine
    service: str
    cluster_id: str
    topics: Sequence[str]
    client: KafkaConsumer | None = None

    def step(self) -> int:
        with self.engine.connect() as tx:
            found = backlog(tx, real_now())
        OUTBOX_ROWS.labels(self.service).set(found.outbox_rows)
        OUTBOX_SECONDS.labels(self.service).set(found.outbox_seconds)
        PARKED_ROWS.labels(self.service).set(found.parked_rows)
        PARKED_UNDECIDED_ROWS.labels(self.service).set(found.undecided_rows)
        TIMERS_OVERDUE_SECONDS.labels(self.service).set(found.timers_seconds)
        ends = self._ends()
        with self.engine.connect() as tx:
            for topic, messages in lag(tx, self.cluster_id, ends).items():
                CONSUMER_LAG.labels(self.service, topic).set(messages)
        return 0

    def close(self) -> None:
        if self.client is not None:
            self.client.close(autocommit=False)
            self.client = None

    def _ends(self) -> Offsets:
        try:
            self.client = self.client or kafka.consumer(self.settings, None)
            return end_offsets(self.client, self.topics)
        except KafkaError:
            self.close()
            raise
