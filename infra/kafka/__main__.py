"""Creates the topics on an Apache Kafka: `python -m infra.kafka`, with KAFKA_BOOTSTRAP_SERVERS in the environment."""

from __future__ import annotations

import os
from dataclasses import replace

from infra.local.topics import Topic, create_topics, read_topics


def main() -> None:
    """KAFKA_REPLICAS, where set, is for clusters with fewer brokers than the file asks copies for."""
    replicas = int(os.environ.get("KAFKA_REPLICAS", "0"))
    topics = [_on_a_small_cluster(topic, replicas) if replicas else topic for topic in read_topics()]
    create_topics(os.environ["KAFKA_BOOTSTRAP_SERVERS"], topics, production=True)


def _on_a_small_cluster(topic: Topic, replicas: int) -> Topic:
    return replace(topic, replication_factor=replicas, min_insync_replicas=min(replicas, topic.min_insync_replicas))


if __name__ == "__main__":
    main()
