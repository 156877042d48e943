"""Asking how far partitions reach, of a client that does not always know who to ask."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from kafka import TopicPartition
from kafka.errors import KafkaTimeoutError

from shared.log_ends import end_offsets

PERIODS = TopicPartition("usage.periods", 0)


class Client:
    """Knows of no leader so many times."""

    def __init__(self, leaderless: int):
        self.leaderless = leaderless

    def partitions_for_topic(self, topic: str) -> set[int]:
        return {0}

    def beginning_offsets(self, partitions: Sequence[TopicPartition]) -> dict[TopicPartition, int]:
        return self._known(partitions, 0)

    def end_offsets(self, partitions: Sequence[TopicPartition]) -> dict[TopicPartition, int]:
        return self._known(partitions, 7)

    def _known(self, partitions: Sequence[TopicPartition], offset: int) -> dict[TopicPartition, int]:
        self.leaderless -= 1
        if self.leaderless >= 0:
            raise KeyError(partitions[0])
        return dict.fromkeys(partitions, offset)


def test_a_partition_without_a_leader_for_a_moment_is_asked_for_again() -> None:
    assert end_offsets(Client(leaderless=2), [PERIODS.topic]) == {("usage.periods", 0): 7}


def test_one_without_a_leader_for_long_is_named() -> None:
    with pytest.raises(KafkaTimeoutError, match=r"usage\.periods"):
        end_offsets(Client(leaderless=1000), [PERIODS.topic], patience=0.05)
