"""How far the ingest log reaches, how far it is metered, and what lies between."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from uuid import UUID

import msgspec
from kafka import KafkaConsumer, TopicPartition
from kafka.errors import KafkaError
from sqlalchemy import Connection

from services.usage.messaging.ingest_log import TOPIC
from services.usage.messaging.ingest_record import unpack
from shared import kafka
from shared.consumer import Record
from shared.log_ends import exact_end_offsets
from shared.settings import Settings

Offsets = Mapping[int, int]  # by partition
POLL_MILLISECONDS = 200
PATIENCE_SECONDS = 2.0


class TooManyToCount(Exception):
    """What is not metered yet could not be read in time."""


@dataclass(slots=True)
class IngestEnds:
    """Asks the broker, in no group. For one thread; a client that failed is thrown away."""

    settings: Settings
    client: KafkaConsumer | None = None

    def __call__(self) -> Offsets:
        self.client = self.client or kafka.consumer(self.settings, None)
        try:
            ends = exact_end_offsets(self.client, self.settings, [TOPIC])
        except KafkaError:
            self.close()
            raise
        return {partition: end for (_, partition), end in ends.items()}

    def unmetered(self, metered: Offsets) -> Iterator[Record]:
        """The records that are in the log now and not metered yet. Raises TooManyToCount."""
        waiting = {partition: end for partition, end in self().items() if metered.get(partition, 0) < end}
        client = self.client
        if client is None or not waiting:
            return
        client.assign([TopicPartition(TOPIC, partition) for partition in waiting])
        for partition in waiting:
            client.seek(TopicPartition(TOPIC, partition), metered.get(partition, 0))
        give_up_at = time.monotonic() + PATIENCE_SECONDS
        while any(client.position(TopicPartition(TOPIC, partition)) < end for partition, end in waiting.items()):
            if time.monotonic() > give_up_at:
                raise TooManyToCount
            for batch in client.poll(timeout_ms=POLL_MILLISECONDS).values():
                yield from (record for record in batch if record.offset < waiting[record.partition])

    def close(self) -> None:
        if self.client is not None:
            self.client.close(autocommit=False)
            self.client = None


def metered_offsets(tx: Connection, cluster_id: str) -> Offsets:
    rows = tx.exec_driver_sql(_METERED, {"cluster": cluster_id, "topic": TOPIC})
    return {row.partition: row.next_offset for row in rows}


def pending_events(ends: IngestEnds, tx: Connection, cluster_id: str, tenant_id: UUID) -> int | None:
    """How many events of a tenant are acknowledged and not metered yet, rejected ones included; None is unknown."""
    try:
        return sum(_events_of(tenant_id, record) for record in ends.unmetered(metered_offsets(tx, cluster_id)))
    except TooManyToCount:
        return None


def _events_of(tenant_id: UUID, record: Record) -> int:
    try:
        arrivals = unpack(record.value)
    except msgspec.DecodeError:
        return 0
    return len(arrivals.events) + len(arrivals.rejected) if arrivals.tenant_id == tenant_id else 0


_METERED = """
SELECT partition, next_offset FROM consumer_offsets WHERE cluster_id = %(cluster)s AND topic = %(topic)s"""
