"""Creates the topics that `infra/kafka/topics.yaml` lists, and refuses a broker on which they look different."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml
from kafka import KafkaAdminClient
from kafka.admin import NewTopic
from kafka.errors import TopicAlreadyExistsError

TOPICS_FILE = Path(__file__).parent.parent / "kafka" / "topics.yaml"
MILLISECONDS_A_DAY = 86_400_000


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic, the only service that writes to it, those that read it, and how Apache Kafka keeps it."""

    name: str
    owner: str
    readers: tuple[str, ...]
    partitions: int
    replication_factor: int
    min_insync_replicas: int
    retention_days: int


class WrongPartitions(Exception):
    """A topic exists with another number of partitions: streams would be found in the wrong place."""

    def __init__(self, topic: Topic, found: int) -> None:
        super().__init__(
            f"{topic.name} has {found} partitions, not {topic.partitions}; remove it, or the broker's data"
        )


def read_topics(file: Path = TOPICS_FILE) -> list[Topic]:
    listed = yaml.safe_load(file.read_text())
    return [_topic(name, stated, listed["defaults"]) for name, stated in listed["topics"].items()]


def create_topics(
    bootstrap_servers: str,
    topics: Iterable[Topic],
    *,
    production: bool = False,
    access: Mapping[str, str] | None = None,
) -> None:
    """Creates what is missing and checks what is there; the local broker knows neither replicas nor retention.
    `access` is how to connect, in kafka-python's words."""
    admin = KafkaAdminClient(bootstrap_servers=bootstrap_servers, request_timeout_ms=10_000, **(access or {}))
    try:
        for topic in topics:
            _create(admin, topic, production=production)
    finally:
        admin.close()


def partition_counts(bootstrap_servers: str) -> dict[str, int]:
    """How many partitions each topic on that broker has."""
    admin = KafkaAdminClient(bootstrap_servers=bootstrap_servers, bootstrap_timeout_ms=5000, request_timeout_ms=10_000)
    try:
        return {found["name"]: len(found["partitions"]) for found in admin.describe_topics()}
    finally:
        admin.close()


def on_a_small_cluster(topic: Topic, replicas: int) -> Topic:
    """For one with fewer brokers than the file asks copies for."""
    return replace(topic, replication_factor=replicas, min_insync_replicas=min(replicas, topic.min_insync_replicas))


def _create(admin: KafkaAdminClient, topic: Topic, *, production: bool) -> None:
    try:
        admin.create_topics([_on_apache(topic) if production else NewTopic(topic.name, topic.partitions, 1)])
    except TopicAlreadyExistsError:
        found = len(admin.describe_topics([topic.name])[0]["partitions"])
        if found != topic.partitions:
            raise WrongPartitions(topic, found) from None


def _on_apache(topic: Topic) -> NewTopic:
    configs = {
        "min.insync.replicas": str(topic.min_insync_replicas),
        "retention.ms": str(topic.retention_days * MILLISECONDS_A_DAY),
    }
    return NewTopic(topic.name, topic.partitions, topic.replication_factor, topic_configs=configs)


def _topic(name: str, stated: dict[str, Any], defaults: dict[str, Any]) -> Topic:
    production = defaults["production"] | stated.get("production", {})
    return Topic(
        name=name,
        owner=stated["owner"],
        readers=tuple(stated["readers"]),
        partitions=stated.get("partitions", defaults["partitions"]),
        **production,
    )
