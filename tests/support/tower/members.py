"""Members of the tower's group of consumers, to be polled by the test."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from shared import consumer, kafka
from shared.consumer import Consumer
from tests.support.tower.house import Tower
from tests.support.tower.letters import inbox


@contextmanager
def member(tower: Tower) -> Iterator[Consumer]:
    settings = tower.settings("worker")
    group = f"quittance.tower{settings.consumer_group_suffix}"
    cluster, apply = kafka.cluster_id(settings), consumer.into(inbox(tower))
    joining = Consumer(settings, "tower", group, [tower.topic], tower.worker, cluster, apply, poll_milliseconds=50)
    try:
        yield joining
    finally:
        joining.close()


def partitions(*members: Consumer) -> list[int]:
    """How many each has, once all have been polled again."""
    for each in members:
        each.step()
    return [len(each.client.assignment()) if each.client else 0 for each in members]
