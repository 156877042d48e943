"""A log with topics, partitions and offsets, in memory: what relays send to and consumers read from."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from kafka import TopicPartition

from infra.local.topics import read_topics
from services.usage.domain.cloud_event import Arrivals
from services.usage.messaging.ingest_log import TOPIC
from services.usage.messaging.ingest_record import pack


@dataclass(frozen=True, slots=True)
class Entry:
    topic: str
    partition: int
    offset: int
    value: bytes


@dataclass
class Log:
    """Keeps the order inside a partition, and no other. Keys take partitions in turn as they are first seen: where a
    stream goes follows from the steps alone and not from ids, some of which are random."""

    number: int = 0
    partitions_of: Mapping[str, int] = field(default_factory=lambda: {t.name: t.partitions for t in read_topics()})
    entries: dict[TopicPartition, list[Entry]] = field(default_factory=lambda: defaultdict(list))
    places: dict[str, dict[bytes, int]] = field(default_factory=lambda: defaultdict(dict))

    @property
    def cluster_id(self) -> str:
        return f"simulated-{self.number}"

    def begin_anew(self) -> None:
        """This broker is lost with all it holds, and an empty one takes its place."""
        self.number += 1
        self.entries.clear()
        self.places.clear()

    def append(self, records: Iterable[tuple[str, bytes, bytes]]) -> None:
        for topic, key, value in records:
            places = self.places[topic]
            self.append_to(topic, places.setdefault(key, len(places) % self.partitions_of[topic]), value)

    def append_to(self, topic: str, partition: int, value: bytes) -> None:
        entries = self.entries[TopicPartition(topic, partition)]
        entries.append(Entry(topic, partition, len(entries), value))

    def partitions(self, topics: Sequence[str]) -> list[TopicPartition]:
        return [TopicPartition(topic, number) for topic in topics for number in range(self.partitions_of[topic])]

    def end(self, partition: TopicPartition) -> int:
        return len(self.entries[partition])


@dataclass
class Reader:
    """A consumer's client that somebody else polls, as far as he likes."""

    log: Log
    topics: Sequence[str]
    positions: dict[TopicPartition, int] = field(default_factory=dict)

    def behind(self) -> list[TopicPartition]:
        return [p for p in self.log.partitions(self.topics) if self.positions.get(p, 0) < self.log.end(p)]

    def read(self, plans: Mapping[TopicPartition, tuple[int, int]]) -> list[Entry]:
        self.positions |= {partition: end for partition, (_, end) in plans.items()}
        return [entry for partition, (start, end) in plans.items() for entry in self.log.entries[partition][start:end]]

    def seek(self, partition: TopicPartition, offset: int) -> None:
        self.positions[partition] = offset

    def commit_async(self, offsets: Mapping[TopicPartition, Any]) -> None:
        """What counts is in the database."""


@dataclass(frozen=True)
class IngestLog:
    """Where the usage API puts events: packed as for Kafka, acknowledged at once."""

    log: Log

    def append(self, *batches: Arrivals) -> None:
        for arrivals in batches:
            for record in pack(arrivals, self.log.partitions_of[TOPIC]):
                self.log.append_to(TOPIC, record.partition, record.value)
