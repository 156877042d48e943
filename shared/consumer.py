"""Reads topics in a group: effect and offsets are one transaction in the database, Kafka's own offsets follow."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from kafka import KafkaConsumer, TopicPartition
from kafka.consumer.subscription_state import ConsumerRebalanceListener
from kafka.structs import OffsetAndMetadata
from sqlalchemy import Connection, Engine

from shared import kafka
from shared.inbox import Inbox
from shared.log_ends import end_offsets
from shared.logs import logger
from shared.messages import Message, decode
from shared.metrics import CONSUMER_RESTARTS
from shared.settings import Settings
from shared.standstill import Standstill

SaveOffsets = Callable[[Connection], None]
IDLE_SECONDS = 2.0  # without a record, before a consumer looks for what it misses
BUSY_SECONDS = 10.0  # between two looks of one that has much to do
JOINING_SECONDS = 60.0  # between two looks of one that joins its group


class Record(Protocol):
    """What a Kafka client hands over."""

    topic: str
    partition: int
    offset: int
    value: bytes


class BrokerChanged(SystemExit):
    """Another cluster answers at the same address: the process starts anew and reads from its beginning."""


class NotSought(Exception):
    """Partitions were assigned, and where to go on in them is not known."""


@dataclass(slots=True)
class Consumer:
    """One consumer, one thread. A failed batch is read again from where it began; the worker's loop backs off.

    A transaction takes what was polled, up to `most_bytes`.
    """

    settings: Settings
    service: str
    group: str
    topics: Sequence[str]
    engine: Engine
    cluster_id: str
    apply: Callable[[Sequence[Record], SaveOffsets], int]
    poll_milliseconds: int = 200
    most_bytes: int = 64_000_000
    client: KafkaConsumer | None = None
    sleep: Callable[[float], None] = time.sleep
    quiet_since: float = field(default_factory=time.monotonic)
    checked_at: float = field(default_factory=time.monotonic)
    is_lost: bool = False
    is_resting: bool = False
    standstill: Standstill = field(init=False)

    def __post_init__(self) -> None:
        self.standstill = Standstill(kafka.session_seconds(self.settings))

    def step(self) -> int:
        client = self.client or self._connect()
        if self._is_to_be_checked(client):
            self._check_that_nothing_is_missed(client)
        if self.client is None:
            return 0
        polled: dict[TopicPartition, list[Record]] = client.poll(
            timeout_ms=1 if self.is_resting else self.poll_milliseconds
        )
        kafka.keep_joining(client)
        if self.is_lost:
            self.close()
            raise NotSought("the stored offsets could not be read: partitions are asked for again")
        records = [record for batch in polled.values() for record in batch]
        if not records:
            return 0
        self.quiet_since, self.is_resting = time.monotonic(), False
        return self.take(records)

    def rest(self, seconds: float) -> None:
        """After a poll without a record: longer than `seconds` where it has heard nothing for a while, and where a fetch
        that waits does not wait for long."""
        self.is_resting = kafka.rest_seconds(self.settings) > seconds and self._is_quiet()
        self.sleep(kafka.rest_seconds(self.settings) if self.is_resting else seconds)

    def _is_quiet(self) -> bool:
        """Has partitions, keeps them, and heard nothing from them."""
        client, seconds = self.client, time.monotonic() - self.quiet_since
        return seconds >= IDLE_SECONDS and client is not None and self.is_assigned() and not kafka.is_joining(client)

    def take(self, records: Sequence[Record]) -> int:
        """Apply what was polled; after a failure it is polled again from where it was not applied."""
        return sum(self._apply(records[start:end], records[start:]) for start, end in self._cuts(records))

    def _cuts(self, records: Sequence[Record]) -> Iterator[tuple[int, int]]:
        start, size = 0, 0
        for at, record in enumerate(records):
            size += len(record.value)
            if size > self.most_bytes and at > start:
                yield start, at
                start, size = at, len(record.value)
        yield start, len(records)

    def _apply(self, batch: Sequence[Record], unapplied: Sequence[Record]) -> int:
        client = self.client
        assert client is not None
        ends = {TopicPartition(record.topic, record.partition): record.offset + 1 for record in batch}
        try:
            applied = self.apply(batch, lambda tx: self._save(tx, ends))
        except Exception:
            for record in reversed(unapplied):
                client.seek(TopicPartition(record.topic, record.partition), record.offset)
            raise
        client.commit_async({p: OffsetAndMetadata(end, "", -1) for p, end in ends.items()})
        return applied

    def close(self) -> None:
        if self.client is not None:
            kafka.leave(self.client, self.settings)
            self.client = None

    def is_assigned(self) -> bool:
        return self.client is not None and bool(self.client.assignment())

    def _connect(self) -> KafkaConsumer:
        self.is_lost = self.is_resting = False
        self.client = kafka.consumer(self.settings, self.group)
        self.client.subscribe(list(self.topics), listener=SeekStored(self))
        self.quiet_since = self.checked_at = time.monotonic()
        return self.client

    def resume(self, assigned: Sequence[TopicPartition]) -> None:
        """Go on where the database says."""
        stored, client = self.stored(), self.client
        assert client is not None
        for partition in assigned:
            client.seek(partition, stored.get((partition.topic, partition.partition), 0))

    def stored(self) -> dict[tuple[str, int], int]:
        """Next offsets by the database, for this cluster only: another cluster is read from its beginning."""
        with self.engine.connect() as tx:
            rows = tx.exec_driver_sql(_STORED, {"cluster": self.cluster_id, "topics": list(self.topics)}).all()
        return {(row.topic, row.partition): row.next_offset for row in rows}

    def _save(self, tx: Connection, ends: dict[TopicPartition, int]) -> None:
        for partition, end in sorted(ends.items()):
            values = {
                "cluster": self.cluster_id,
                "topic": partition.topic,
                "partition": partition.partition,
                "end": end,
            }
            tx.exec_driver_sql(_SAVE, values)

    def _is_to_be_checked(self, client: KafkaConsumer) -> bool:
        """Not while it joins, unless that takes very long: kafka-python forgets a join that ends beside a poll."""
        now = time.monotonic()
        if kafka.is_joining(client) and now - self.checked_at < JOINING_SECONDS:
            return False
        return now - max(self.quiet_since, self.checked_at) >= IDLE_SECONDS or now - self.checked_at >= BUSY_SECONDS

    def _check_that_nothing_is_missed(self, client: KafkaConsumer) -> None:
        """A partition can stand still while its end grows, and a new broker can take an old one's place in silence."""
        is_idle = time.monotonic() - self.quiet_since >= IDLE_SECONDS
        self.checked_at = time.monotonic()
        if (seen := kafka.cluster_id(self.settings)) != self.cluster_id:
            raise BrokerChanged(f"cluster {seen} answers instead of {self.cluster_id}")
        elsewhere = set(self.topics) - {partition.topic for partition in client.assignment()}
        if elsewhere and (hidden := elsewhere - client.topics()):  # kafka-python would wait for them in silence
            raise kafka.TopicsHidden(self.settings.kafka_sasl_username, hidden)
        own = {(partition.topic, partition.partition) for partition in client.assignment()}
        if still := self.standstill.found(self._behind(client), own, is_idle, self.checked_at):
            logger().warning(
                "partitions stand still: the consumer is built anew", group=self.group, still=sorted(still)
            )
            CONSUMER_RESTARTS.labels(self.service).inc()
            self.standstill.begin_anew(self.checked_at)
            self.close()

    def _behind(self, client: KafkaConsumer) -> dict[tuple[str, int], int]:
        """Of all partitions, also those of others, that hold more: how far they are applied."""
        stored, ends = self.stored(), end_offsets(client, self.topics)
        return {place: at for place, end in ends.items() if (at := stored.get(place, 0)) < end}


class SeekStored(ConsumerRebalanceListener):  # type: ignore[misc]
    def __init__(self, consumer: Consumer):
        self._consumer = consumer

    def on_partitions_revoked(self, revoked: object) -> None:
        """Offsets are in the database already."""

    def on_partitions_assigned(self, assigned: Sequence[TopicPartition]) -> None:
        """Of what is raised here kafka-python writes a line and reads on somewhere: the consumer has to hear of it."""
        try:
            self._consumer.resume(assigned)
        except Exception:
            self._consumer.is_lost = True
            raise


def into(inbox: Inbox) -> Callable[[Sequence[Record], SaveOffsets], int]:
    """Apply records that hold one message each; what cannot be read is logged with its place and left behind."""

    def apply(records: Sequence[Record], save: SaveOffsets) -> int:
        messages = [message for record in records if (message := _decoded(record)) is not None]
        return inbox.receive(messages, save)

    return apply


def _decoded(record: Record) -> Message | None:
    try:
        return decode(record.value)
    except ValueError as error:
        place = f"{record.topic}/{record.partition}/{record.offset}"
        logger().error("not a message", place=place, error=str(error))
        return None


_STORED = """
SELECT topic, partition, next_offset FROM consumer_offsets WHERE cluster_id = %(cluster)s AND topic = ANY(%(topics)s)"""

_SAVE = """
INSERT INTO consumer_offsets (cluster_id, topic, partition, next_offset)
VALUES (%(cluster)s, %(topic)s, %(partition)s, %(end)s)
ON CONFLICT (cluster_id, topic, partition) DO UPDATE
SET next_offset = GREATEST(consumer_offsets.next_offset, excluded.next_offset)"""
