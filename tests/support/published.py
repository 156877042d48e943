"""What a service has published, as anybody would read it from the topic."""

from __future__ import annotations

from kafka import TopicPartition

from infra.local.tokens import tenant_id
from shared import kafka
from shared.messages import Message, decode
from shared.settings import Settings
from tests.support.house import Service


def published(service: Service, topic: str, tenant: str) -> list[Message]:
    """All of a tenant's messages, by the time each took effect."""
    found = everything_on(topic, service.settings("worker"))
    mine = (message for message in found if message.tenantid == tenant_id(tenant))
    return sorted(mine, key=lambda message: (message.time, message.sequence))


def everything_on(topic: str, settings: Settings) -> list[Message]:
    """All messages up to the end that the topic has now, partition by partition as they come."""
    client = kafka.consumer(settings, None)
    try:
        partitions = [TopicPartition(topic, n) for n in client.partitions_for_topic(topic) or ()]
        client.assign(partitions)
        client.seek_to_beginning(*partitions)
        ends, found = client.end_offsets(partitions), []
        while any(client.position(partition) < end for partition, end in ends.items()):
            found += [decode(r.value) for batch in client.poll(timeout_ms=200).values() for r in batch]
    finally:
        client.close()
    return found
