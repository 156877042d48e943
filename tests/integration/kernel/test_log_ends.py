"""How far a topic reaches, to the message, on either kind of broker."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from kafka import KafkaConsumer

from shared import kafka
from shared.kafka import Publisher
from shared.log_ends import exact_end_offsets
from tests.support.tower.house import Tower


@pytest.fixture
def watcher(own_tower: Tower) -> Iterator[KafkaConsumer]:
    client = kafka.consumer(own_tower.settings("worker"), None)
    yield client
    client.close()


def ends(tower: Tower, watcher: KafkaConsumer) -> list[int]:
    found = exact_end_offsets(watcher, tower.settings("worker"), [tower.topic])
    return sorted(end for end in found.values() if end)


def test_all_messages_of_the_last_batch_count(own_tower: Tower, watcher: KafkaConsumer) -> None:
    publisher = Publisher(own_tower.settings("worker"))
    assert ends(own_tower, watcher) == []
    for already in (0, 5, 10):
        publisher.send([(own_tower.topic, b"one key", b"message")] * 5)
        assert ends(own_tower, watcher) == [already + 5]
    assert ends(own_tower, watcher) == [15]
    publisher.send([(own_tower.topic, b"another key", b"message")] * 3)
    assert ends(own_tower, watcher) in ([3, 15], [18])
    publisher.close()


def test_a_batch_of_many_large_messages_is_told_as_well(own_tower: Tower, watcher: KafkaConsumer) -> None:
    publisher = Publisher(own_tower.settings("worker"))
    publisher.send([(own_tower.topic, b"one key", bytes(900_000))] * 4)
    assert ends(own_tower, watcher) == [4]
    publisher.close()
