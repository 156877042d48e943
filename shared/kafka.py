"""Kafka clients with the settings that keep our promises, for either kind of broker."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import stamina
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer
from kafka.coordinator.assignors.cooperative_sticky import CooperativeStickyAssignor
from kafka.coordinator.assignors.range import RangePartitionAssignor
from kafka.errors import KafkaConnectionError, KafkaError, TopicAuthorizationFailedError

from shared.errors import Unavailable
from shared.logs import logger
from shared.settings import Settings

# The local broker does not wake a waiting fetch when data arrives, and its groups form in half a session time-out.
_FETCH: Mapping[str, Mapping[str, Any]] = {"local": {"fetch_max_wait_ms": 30}, "apache": {"fetch_max_wait_ms": 500}}
# Each fetch that waits there costs both sides half a millisecond, and is over soon: who hears nothing rests between two.
_REST_SECONDS: Mapping[str, float] = {"local": 0.15, "apache": 0.0}
_GROUP: Mapping[str, Mapping[str, Any]] = {
    "local": {
        "session_timeout_ms": 3000,
        "heartbeat_interval_ms": 300,
        "partition_assignment_strategy": [RangePartitionAssignor],
    },
    "apache": {
        "session_timeout_ms": 15000,
        "heartbeat_interval_ms": 3000,
        "partition_assignment_strategy": [CooperativeStickyAssignor],
    },
}
LARGEST_RECORD = 1_048_576  # what a topic takes if nobody says otherwise


class BrokerAway(Unavailable):
    """Kafka did not acknowledge in time: what was sent may or may not have arrived."""


class WriteDenied(Unavailable):
    """Kafka's access rules do not let this service write there. Somebody has to put that right; nothing is lost."""

    def __init__(self, principal: str | None, topics: Iterable[str]) -> None:
        super().__init__(f"Kafka does not let {principal or 'us'} write to {', '.join(sorted(topics))}")


class TopicsHidden(Unavailable):
    """Kafka does not show topics that this service listens to: nobody made them, or its access rules do not let us."""

    def __init__(self, principal: str | None, topics: Iterable[str]) -> None:
        super().__init__(f"Kafka does not show {principal or 'us'} {', '.join(sorted(topics))}")


class Publisher:
    """Sends and waits for `acks=all`. A producer that failed is thrown away: a wedged one never recovers.

    Threads may share a publisher.
    """

    def __init__(self, settings: Settings, *, timeout_ms: int = 4000):
        self._settings = settings
        self._timeout_ms = timeout_ms
        self._producer: KafkaProducer | None = None
        self._building = threading.Lock()

    def send(self, records: Iterable[tuple[str, bytes, bytes]]) -> None:
        """Records are (topic, key, value). Raises BrokerAway, WriteDenied; sending again is safe and expected."""
        self._deliver(lambda producer: [producer.send(topic, key=key, value=value) for topic, key, value in records])

    def send_to(self, topic: str, values: Iterable[tuple[int, bytes]]) -> None:
        """Like `send`, for given partitions."""
        self._deliver(lambda producer: [producer.send(topic, value=v, partition=p) for p, v in values])

    def partitions(self, topic: str) -> int:
        """How many the topic has. Raises BrokerAway."""
        with self._producing() as producer:
            return len(producer.partitions_for(topic))

    def close(self) -> None:
        producer, self._producer = self._producer, None
        if producer is not None:
            producer.close(timeout=self._timeout_ms / 1000)

    def _deliver(self, enqueue: Callable[[KafkaProducer], Iterable[Any]]) -> None:
        with self._producing() as producer:
            give_up_at = time.monotonic() + self._timeout_ms / 1000
            for future in enqueue(producer):
                future.get(timeout=max(0.0, give_up_at - time.monotonic()))

    @contextmanager
    def _producing(self) -> Iterator[KafkaProducer]:
        producer = None
        try:
            producer = self._connected()
            yield producer
        except (KafkaError, AssertionError) as error:
            if producer is not None:
                self._discard(producer)
            raise self._explained(error) from error

    def _explained(self, error: Exception) -> Unavailable:
        if not isinstance(error, TopicAuthorizationFailedError):
            return BrokerAway("Kafka is away: try again")
        refused = error.args[0]  # a topic, or a set of them
        denied = WriteDenied(self._settings.kafka_sasl_username, [refused] if isinstance(refused, str) else refused)
        logger().error("a write was denied", error=str(denied))
        return denied

    def _discard(self, producer: KafkaProducer) -> None:
        """Others may have thrown it away before."""
        with self._building:
            is_current = producer is self._producer
            self._producer = None if is_current else self._producer
        if is_current:
            threading.Thread(target=_abandon, args=[producer], daemon=True).start()

    def _connected(self) -> KafkaProducer:
        """While somebody builds it for long, the broker is away for everybody else, too."""
        if self._producer is not None:
            return self._producer
        if not self._building.acquire(timeout=1):
            raise KafkaConnectionError("the broker does not answer")
        try:
            return self._build()
        finally:
            self._building.release()

    def _build(self) -> KafkaProducer:
        if self._producer is None:
            self._producer = KafkaProducer(
                **_connection(self._settings),
                acks="all",
                linger_ms=0,
                metrics_enabled=False,  # nobody reads the client's own, and they are a quarter of its work
                max_block_ms=self._timeout_ms,
                bootstrap_timeout_ms=self._timeout_ms,
                reconnect_backoff_max_ms=1000,
                request_timeout_ms=self._timeout_ms - 500,
                delivery_timeout_ms=self._timeout_ms,
                max_request_size=LARGEST_RECORD,
            )
        return self._producer


def _abandon(producer: KafkaProducer) -> None:
    """Closing alone waits for a flush that a wedged producer never finishes, and leaves its thread behind."""
    producer._sender.force_close()
    producer.close(timeout=10)


def consumer(settings: Settings, group: str | None) -> KafkaConsumer:
    """A client of that group, or of none. It commits nothing by itself, and begins at the beginning where nothing is stored."""
    return KafkaConsumer(
        **_connection(settings),
        group_id=group,
        bootstrap_timeout_ms=5000,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        fetch_min_bytes=1,
        metrics_enabled=False,
        max_poll_records=2000,
        **_FETCH[settings.kafka_profile],
        **(_GROUP[settings.kafka_profile] if group else {}),
    )


def keep_joining(client: KafkaConsumer) -> None:
    """To be called after each poll. kafka-python forgets a join that it began because the topics had changed, where
    the poll ends before the join does: as leader of the group it then takes the join for done, never takes over
    what it was assigned, and sends no heartbeats any more."""
    coordinator = client._coordinator
    if coordinator.rejoining and not coordinator.need_rejoin():
        coordinator.request_rejoin()


def is_joining(client: KafkaConsumer) -> bool:
    return bool(client._coordinator.rejoining)


def leave(client: KafkaConsumer, settings: Settings) -> None:
    """Ends a member of a group. On the local broker in silence, until its session is over: that broker keeps a leader
    that takes its leave while the group forms, and nobody gets a partition any more."""
    if settings.kafka_profile == "local":
        client._coordinator.reset_generation()
    client.close(autocommit=False)


def cluster_id(settings: Settings) -> str:
    """Of the cluster that answers now. Raises KafkaError where none does within 2 seconds."""
    admin = KafkaAdminClient(**_connection(settings), bootstrap_timeout_ms=2000)
    try:
        return str(admin.describe_cluster()["cluster_id"])
    finally:
        admin.close()


def wait_for_broker(settings: Settings) -> str:
    """The cluster's id once the broker answers. Gives up with a clear error."""
    try:
        for attempt in stamina.retry_context(
            on=KafkaError, attempts=None, timeout=settings.startup_timeout_seconds, wait_max=2
        ):
            with attempt:
                if attempt.num > 1:
                    logger().warning("waiting for Kafka", attempt=attempt.num)
                return cluster_id(settings)
    except KafkaError as error:
        who = settings.kafka_sasl_username
        or_else = f", or does not believe that we are {who}" if who else ""
        seconds = f"{settings.startup_timeout_seconds:.0f} s"
        raise SystemExit(f"Kafka is away{or_else}: gave up after {seconds} ({error})") from error
    raise AssertionError("unreachable")


def _connection(settings: Settings) -> dict[str, Any]:
    """Where every client connects, and as whom."""
    password = settings.kafka_sasl_password
    return {
        "bootstrap_servers": settings.kafka_bootstrap_servers,
        "security_protocol": settings.kafka_security_protocol,
        "ssl_cafile": settings.kafka_ssl_cafile,
        **(
            {
                "sasl_mechanism": settings.kafka_sasl_mechanism,
                "sasl_plain_username": settings.kafka_sasl_username,
                "sasl_plain_password": password.get_secret_value(),
            }
            if password
            else {}
        ),
    }


def session_seconds(settings: Settings) -> float:
    """After how long a group takes a member for dead that is not heard of."""
    return float(_GROUP[settings.kafka_profile]["session_timeout_ms"]) / 1000


def rest_seconds(settings: Settings) -> float:
    """Of a consumer that hears nothing, between two polls."""
    return _REST_SECONDS[settings.kafka_profile]
