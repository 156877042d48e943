"""A broker that stops answering, and comes back."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from infra.local.broker import Broker
from infra.local.children import free_port
from infra.local.topics import create_topics, read_topics
from shared.kafka import BrokerAway, Publisher
from shared.settings import Settings
from tests.support.waiting import eventually

TOPIC = "usage.events"


@pytest.fixture
def others() -> list[threading.Thread]:
    """Producers of other tests in this process."""
    return threading.enumerate()


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    broker = Broker(tmp_path / "kafka.log")
    broker.start()
    create_topics(broker.bootstrap_servers, read_topics())
    yield broker
    broker.stop()


def publisher(bootstrap_servers: str) -> Publisher:
    settings = Settings(
        database_url="postgresql://nowhere",
        kafka_bootstrap_servers=bootstrap_servers,
        kafka_profile="local",
        auth_issuer="nobody",
        auth_jwks_url="file:///nowhere",
    )
    return Publisher(settings, timeout_ms=1000)


def senders(others: list[threading.Thread]) -> list[str]:
    return [thread.name for thread in threading.enumerate() if "producer" in thread.name and thread not in others]


def seconds_until_refused(publisher: Publisher) -> float:
    began = time.monotonic()
    with pytest.raises(BrokerAway):
        publisher.send_to(TOPIC, [(0, b"x")])
    return time.monotonic() - began


def sends(publisher: Publisher) -> bool:
    try:
        publisher.send_to(TOPIC, [(0, b"x")])
    except BrokerAway:
        return False
    return True


def test_a_broker_that_stops_answering_costs_a_second_and_no_thread(broker, others):
    waiting = publisher(broker.bootstrap_servers)
    waiting.send_to(TOPIC, [(0, b"x")])
    assert waiting.partitions(TOPIC) == 4
    broker.child.send_signal(signal.SIGSTOP)
    try:
        eventually(lambda: not sends(waiting))  # a busy machine takes its time to stop all of its threads
        with ThreadPoolExecutor(4) as threads:
            waited = list(threads.map(lambda _: seconds_until_refused(waiting), range(4)))
        assert max(waited) < 4
    finally:
        broker.child.send_signal(signal.SIGCONT)
    eventually(lambda: sends(waiting))
    eventually(lambda: len(senders(others)) == 1)
    waiting.close()
    assert senders(others) == []


def test_nobody_waits_long_for_a_broker_that_is_not_there():
    nowhere = publisher(f"127.0.0.1:{free_port()}")
    with ThreadPoolExecutor(4) as threads:
        waited = list(threads.map(lambda _: seconds_until_refused(nowhere), range(4)))
    assert max(waited) < 4
