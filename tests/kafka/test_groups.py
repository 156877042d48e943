"""Workers come and go while messages flow: partitions move one by one, and each message has its effect once."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from uuid import UUID, uuid4

import pytest

from shared.consumer import Consumer
from shared.kafka import Publisher
from shared.messages import encode
from tests.support.tower.house import Tower
from tests.support.tower.letters import heard, letter
from tests.support.tower.members import member, partitions
from tests.support.waiting import eventually

pytestmark = pytest.mark.timeout(900)

PATIENCE = 200.0  # a group comes to rest slowly where the machine does much else
FIRST = 100  # far from what a listener cannot bear


@dataclass
class Teller:
    """Tells each bell's next number whenever it is asked."""

    tower: Tower
    tenant: UUID
    told: int = 0

    def __post_init__(self) -> None:
        self.publisher = Publisher(self.tower.settings("worker"))
        self.bells = [uuid4() for _ in range(20)]

    def tell(self) -> None:
        self.told += 1
        letters = [letter(self.tenant, bell, self.told, times=FIRST + self.told) for bell in self.bells]
        self.publisher.send((self.tower.topic, str(m.subject).encode(), encode(m).encode()) for m in letters)

    def is_heard(self) -> bool:
        everything = tuple(FIRST + n for n in range(1, self.told + 1))
        return all(heard(self.tower, self.tenant, bell) == everything for bell in self.bells)


def shared_as(wanted: list[int], teller: Teller, *members: Consumer) -> bool:
    teller.tell()
    return partitions(*members) == wanted


def test_a_second_worker_takes_half_of_the_partitions_and_gives_them_back(own_tower: Tower, tenant: UUID) -> None:
    teller = Teller(own_tower, tenant)
    with member(own_tower) as first, ExitStack() as passing:
        eventually(lambda: shared_as([4], teller, first), seconds=PATIENCE)
        second = passing.enter_context(member(own_tower))
        eventually(lambda: shared_as([2, 2], teller, first, second), seconds=PATIENCE)
        passing.close()
        eventually(lambda: shared_as([4], teller, first), seconds=PATIENCE)
        eventually(lambda: first.step() >= 0 and teller.is_heard(), seconds=PATIENCE)
    teller.publisher.close()
    assert own_tower.rows("SELECT 1 FROM parked_messages") == []
