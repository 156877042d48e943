"""A consumer joins its group however briefly it is polled."""

from __future__ import annotations

from tests.support.tower.house import Tower
from tests.support.tower.members import member, partitions
from tests.support.waiting import eventually


def test_a_consumer_that_is_polled_for_moments_only_joins_its_group(own_tower: Tower) -> None:
    with member(own_tower) as alone:
        alone.poll_milliseconds = 60  # it has joined, mostly before it has heard of the topic's partitions
        alone.step()
        alone.poll_milliseconds = 50
        eventually(lambda: partitions(alone) == [4])


def test_a_leader_that_ends_while_its_group_forms_leaves_the_partitions_to_the_others(own_tower: Tower) -> None:
    with member(own_tower) as leader, member(own_tower) as joining:
        eventually(lambda: partitions(leader) == [4])
        for _ in range(10):
            joining.step()
        leader.close()
        eventually(lambda: partitions(joining) == [4], seconds=60)
