"""The ingest log: what was accepted goes to Kafka, packed, and is accepted once Kafka has all of it."""

from __future__ import annotations

from services.usage.domain.cloud_event import Arrivals
from services.usage.messaging.ingest_record import pack
from shared.kafka import Publisher
from shared.settings import Settings

TOPIC = "usage.events"
TIMEOUT_MILLISECONDS = 3500  # a client is told within five seconds


class IngestLog:
    """One producer a process, shared by all requests. Nothing connects before the first one."""

    def __init__(self, settings: Settings):
        self._publisher = Publisher(settings, timeout_ms=TIMEOUT_MILLISECONDS)

    def append(self, *batches: Arrivals) -> None:
        """Returns when all is acknowledged. Raises BrokerAway: then part may have arrived, and sending again is safe."""
        partitions = self._publisher.partitions(TOPIC)
        packed = [record for arrivals in batches for record in pack(arrivals, partitions)]
        self._publisher.send_to(TOPIC, [(record.partition, record.value) for record in packed])

    def close(self) -> None:
        self._publisher.close()
