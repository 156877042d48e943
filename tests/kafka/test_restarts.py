"""Apache Kafka that is restarted, or killed, while messages flow: it comes back with its data, and nothing is lost."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from uuid import UUID, uuid4

import pytest
from kafka import TopicPartition
from kafka.errors import KafkaError

from infra.local.apache_kafka import ApacheKafka
from shared import kafka
from shared.background import Background
from shared.kafka import BrokerAway, Publisher
from tests.support.tower.bell import BELL, Ring
from tests.support.tower.house import Tower
from tests.support.tower.letters import heard
from tests.support.tower.work import work_of
from tests.support.waiting import eventually

SECONDS = 120.0


@contextmanager
def away_and_back(broker: ApacheKafka, how: str) -> Iterator[Future[None]]:
    def again() -> None:
        broker.kill() if how == "kill" else broker.stop()
        broker.start()

    with ThreadPoolExecutor(1) as thread:
        coming = thread.submit(again)
        yield coming
        coming.result()


@contextmanager
def ringing(tower: Tower, tenant: UUID, bells: Sequence[UUID]) -> Iterator[list[int]]:
    """Each bell is rung once a round, in a thread; gives the rounds so far."""
    rung: list[int] = []
    enough = threading.Event()

    def ring() -> None:
        while not enough.wait(0.02):
            for bell in bells:
                tower.do(BELL, tenant, bell, Ring())
            rung.append(len(rung))

    with ThreadPoolExecutor(1) as thread:
        going = thread.submit(ring)
        try:
            yield rung
        finally:
            enough.set()
            going.result()


@contextmanager
def working(tower: Tower) -> Iterator[Background]:
    worker = work_of(tower)
    try:
        yield worker
    finally:
        worker.close()


def turn(worker: Background) -> None:
    """As a worker does: what fails is done again at the next turn."""
    for step in (worker.relay.step, worker.consumer.step):
        with suppress(BrokerAway, KafkaError):
            step()


@pytest.mark.parametrize("how", ["stop", "kill"])
def test_a_restart_under_load_loses_nothing_and_doubles_nothing(
    tower: Tower, broker: ApacheKafka, tenant: UUID, how: str
) -> None:
    bells = [uuid4() for _ in range(8)]
    before = kafka.cluster_id(tower.settings("worker"))
    with working(tower) as worker:
        eventually(lambda: turn(worker) or worker.is_consuming(), seconds=SECONDS)
        with ringing(tower, tenant, bells) as rung:
            eventually(lambda: turn(worker) or heard(tower, tenant, bells[-1]), seconds=SECONDS)
            with away_and_back(broker, how) as coming:
                while not coming.done():
                    turn(worker)
        everything = (1,) * len(rung)
        eventually(
            lambda: turn(worker) or all(heard(tower, tenant, bell) == everything for bell in bells), seconds=SECONDS
        )
    assert kafka.cluster_id(tower.settings("worker")) == before
    assert tower.rows("SELECT 1 FROM outbox") == tower.rows("SELECT 1 FROM parked_messages") == []


def test_what_was_acknowledged_before_a_kill_is_there_after_it(tower: Tower, broker: ApacheKafka) -> None:
    publisher, acknowledged, number = Publisher(tower.settings("api"), timeout_ms=1500), set(), 0

    def send() -> bool:
        nonlocal number
        number += 1
        try:
            publisher.send_to(tower.topic, [(number % 4, str(number).encode())])
        except BrokerAway:
            return False
        acknowledged.add(number)
        return True

    eventually(lambda: send() and len(acknowledged) > 50, seconds=SECONDS)
    with away_and_back(broker, "kill") as coming:
        while not coming.done():
            send()
    eventually(send, seconds=SECONDS)
    publisher.close()
    assert acknowledged <= numbers_in(tower)


def numbers_in(tower: Tower) -> set[int]:
    client, found = kafka.consumer(tower.settings("worker"), None), set()
    try:
        partitions = [TopicPartition(tower.topic, n) for n in range(4)]
        client.assign(partitions)
        client.seek_to_beginning(*partitions)
        ends = client.end_offsets(partitions)
        while any(client.position(partition) < end for partition, end in ends.items()):
            found |= {int(record.value) for batch in client.poll(timeout_ms=200).values() for record in batch}
    finally:
        client.close()
    return found
