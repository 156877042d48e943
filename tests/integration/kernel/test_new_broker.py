"""A broker that came back empty is told everything again, as it was told the first time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from uuid import UUID, uuid4

from infra.local.broker import Broker
from shared.background import Background
from shared.messages import Message
from tests.support.published import everything_on
from tests.support.tower.bell import BELL, Ring
from tests.support.tower.house import Tower, create_topic
from tests.support.tower.letters import heard
from tests.support.tower.work import work_of
from tests.support.waiting import eventually


def test_a_new_broker_gets_the_same_messages_and_nobody_applies_them_twice(
    own_tower: Tower, tenant: UUID, tmp_path: Path
) -> None:
    bells = [uuid4() for _ in range(5)]
    for bell in bells:
        own_tower.do(BELL, tenant, bell, Ring(times=1), Ring(times=2))
    told = []
    for _ in range(2):
        with another_broker(own_tower, tmp_path) as tower, working(tower) as worker:
            eventually(lambda: heard_all(tower, tenant, bells, worker))
            worker.relay.step()
            eventually(lambda: len(read(tower)) == 10)
            told.append(read(tower))
    assert told[0] == told[1]
    assert {message.sequence for message in told[0]} == {1, 2}


def test_the_broker_that_is_known_is_not_told_again(own_tower: Tower, tenant: UUID, tmp_path: Path) -> None:
    with another_broker(own_tower, tmp_path) as tower:
        for _ in range(2):
            with working(tower):
                tower.do(BELL, tenant, uuid4(), Ring())
        assert tower.rows("SELECT count(*) FROM outbox")[0].count == 2


def heard_all(tower: Tower, tenant: UUID, bells: list[UUID], worker: Background) -> bool:
    worker.relay.step()
    worker.consumer.step()
    return all(heard(tower, tenant, bell) == (1, 2) for bell in bells)


@contextmanager
def another_broker(tower: Tower, directory: Path) -> Iterator[Tower]:
    broker = Broker(directory / "kafka.log")
    broker.start()
    servers = replace(tower.servers, bootstrap_servers=broker.bootstrap_servers, kafka_profile="local")
    create_topic(servers, tower.topic)
    try:
        yield Tower(tower.urls, servers, tower.topic)
    finally:
        broker.stop()


@contextmanager
def working(tower: Tower) -> Iterator[Background]:
    worker = work_of(tower, republish_on_new_broker=True)
    try:
        yield worker
    finally:
        worker.close()
        tower.close()


def read(tower: Tower) -> list[Message]:
    found = everything_on(tower.topic, tower.settings("worker"))
    return sorted(found, key=lambda message: (str(message.subject), message.sequence))
