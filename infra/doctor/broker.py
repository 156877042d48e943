"""Are the topics as the file says, and how far is each service behind?"""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Sequence

from infra.doctor.findings import Finding, graded, judged
from infra.doctor.installation import Installation, Service
from infra.local.topics import partition_counts, read_topics
from shared import kafka
from shared.backlog import Offsets, lag
from shared.log_ends import end_offsets
from shared.settings import Settings

WARN_MESSAGES, FAIL_MESSAGES = 10_000, 1_000_000


def topics(installation: Installation) -> Iterator[Finding]:
    counts = partition_counts(installation.bootstrap_servers)
    wanted = {topic.name: topic.partitions for topic in read_topics()}
    wrong = {name: counts.get(name, 0) for name, partitions in wanted.items() if counts.get(name) != partitions}
    shown = ", ".join(f"{name} has {there} of {wanted[name]} partitions" for name, there in wrong.items())
    said = shown or f"{len(wanted)} topics with their partitions"
    yield judged("topics", "all", said, "python -m infra.kafka makes those that are missing", is_well=not wrong)


def lags(installation: Installation, service: Service) -> Iterator[Finding]:
    settings = installation.settings(service)
    topics = set(importlib.import_module(f"services.{service.name}.messaging.inbound").TOPICS)
    with service.connected("worker") as tx:
        topics |= {row.topic for row in tx.exec_driver_sql("SELECT DISTINCT topic FROM consumer_offsets")}
        behind = lag(tx, kafka.cluster_id(settings), _ends(settings, sorted(topics)))
    said = ", ".join(f"{topic} {messages}" for topic, messages in behind.items() if messages) or "has applied all"
    most, remedy = max(behind.values(), default=0), "runbook: a consumer is far behind"
    yield graded("lag", service.name, most, WARN_MESSAGES, FAIL_MESSAGES, said, remedy)


def _ends(settings: Settings, topics: Sequence[str]) -> Offsets:
    client = kafka.consumer(settings, None)
    try:
        return end_offsets(client, topics)
    finally:
        client.close()
