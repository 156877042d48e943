"""How many records a transaction takes, and where reading goes on after a failure."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast

import pytest
from kafka import TopicPartition

from shared.consumer import Consumer, NotSought, SeekStored


@dataclass(frozen=True)
class Polled:
    offset: int
    partition: int = 0
    value: bytes = b"12345"
    topic: str = "t"


class Member:
    """Of a group that nobody joins or leaves."""

    rejoining = False

    def reset_generation(self) -> None: ...


@dataclass
class Client:
    """Hands over one batch, and remembers where it was told to go on."""

    records: list[Polled]
    sought: dict[int, int] = field(default_factory=dict)
    committed: list[dict[int, int]] = field(default_factory=list)
    is_closed: bool = False
    timeouts: list[int] = field(default_factory=list)
    _coordinator: Member = field(default_factory=Member)

    def assignment(self) -> set[TopicPartition]:
        return {TopicPartition("t", 0)}

    def close(self, *, autocommit: bool) -> None:
        self.is_closed = True

    def poll(self, timeout_ms: int) -> dict[TopicPartition, list[Polled]]:
        self.timeouts.append(timeout_ms)
        polled: dict[TopicPartition, list[Polled]] = {}
        for record in self.records:
            polled.setdefault(TopicPartition("t", record.partition), []).append(record)
        return polled

    def seek(self, partition: TopicPartition, offset: int) -> None:
        self.sought[partition.partition] = offset

    def commit_async(self, offsets: Any) -> None:
        self.committed.append({partition.partition: end.offset for partition, end in offsets.items()})


def consumer(client: Client, apply: Any, most_bytes: int, kafka_profile: str = "local") -> Consumer:
    settings, unused = cast("Any", SimpleNamespace(kafka_profile=kafka_profile)), cast("Any", None)
    return Consumer(settings, "s", "g", ["t"], unused, "c", apply, most_bytes=most_bytes, client=client)


def test_a_transaction_takes_records_up_to_a_size_and_always_one():
    client = Client([Polled(0), Polled(1), Polled(2, value=b"x" * 99), Polled(7, partition=1)])
    batches: list[list[int]] = []
    reader = consumer(client, lambda records, _: batches.append([r.offset for r in records]) or len(records), 10)
    assert reader.step() == 4
    assert batches == [[0, 1], [2], [7]]
    assert client.committed == [{0: 2}, {0: 3}, {1: 8}]


def test_after_a_failure_reading_goes_on_at_the_first_record_that_was_not_applied():
    client = Client([Polled(0), Polled(1), Polled(2), Polled(7, partition=1), Polled(8, partition=1)])

    def apply(records: Any, _: Any) -> int:
        if records[0].offset == 2:
            raise ValueError
        return len(records)

    with pytest.raises(ValueError):  # noqa: PT011
        consumer(client, apply, 10).step()
    assert client.committed == [{0: 2}]
    assert client.sought == {0: 2, 1: 7}


class Away:
    """A database that cannot be reached."""

    def connect(self) -> Any:
        raise ConnectionError


def test_a_consumer_that_cannot_read_where_to_go_on_asks_for_its_partitions_again():
    client = Client([Polled(0)])
    reader = consumer(client, lambda records, _: len(records), 10)
    reader.engine = cast("Any", Away())
    with pytest.raises(ConnectionError):
        SeekStored(reader).on_partitions_assigned([TopicPartition("t", 0)])
    with pytest.raises(NotSought):
        reader.step()
    assert client.is_closed
    assert reader.client is None
    assert client.committed == []


@pytest.mark.parametrize(
    ("kafka_profile", "timeouts", "rests"),
    [("local", [200, 200, 1, 200], [0.0, 0.15, 0.0]), ("apache", [200] * 4, [0.0] * 3)],
)
def test_who_hears_nothing_rests_between_short_polls_where_a_fetch_does_not_wait_for_long(
    kafka_profile: str, timeouts: list[int], rests: list[float]
):
    client, rested = Client([]), list[float]()
    reader = consumer(client, lambda records, _: len(records), 10, kafka_profile)
    reader.sleep = rested.append

    def turn(*records: Polled) -> None:
        client.records = [*records]
        if not reader.step():
            reader.rest(0.0)

    turn()
    reader.quiet_since -= 2
    turn()
    turn(Polled(0))
    turn()
    assert (client.timeouts, rested) == (timeouts, rests)
