"""What `topics.yaml` says of writers and readers is what the services do, and becomes the access rules."""

from __future__ import annotations

from importlib import import_module

import pytest
from kafka.admin import ACLOperation

from infra.kafka.access import Rule, rules
from infra.local.services import SERVICES
from infra.local.topics import read_topics
from services.usage.messaging import ingest_log


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_writes_and_reads_the_topics_that_are_listed_for_it(service: str) -> None:
    ingested = {ingest_log.TOPIC} if service == "usage" else set()
    writes = set(import_module(f"services.{service}.messaging.outbound").TOPICS.values()) | ingested
    reads = set(import_module(f"services.{service}.messaging.inbound").TOPICS) | ingested
    assert {topic.name for topic in read_topics() if topic.owner == service} == writes
    assert {topic.name for topic in read_topics() if service in topic.readers} == reads


def test_nobody_may_write_to_what_another_owns() -> None:
    writers = {(rule.name, rule.service) for rule in rules(read_topics()) if rule.operation == "WRITE"}
    assert writers == {(topic.name, topic.owner) for topic in read_topics()}


def test_a_service_uses_its_own_groups_only() -> None:
    groups = {rule for rule in rules(read_topics()) if rule.kind == "GROUP"}
    assert groups == {Rule(service, "READ", "GROUP", f"quittance.{service}") for service in SERVICES}
    assert all(rule.operation in ACLOperation.__members__ for rule in rules(read_topics()))
