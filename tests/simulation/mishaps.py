"""What goes wrong between people and the APIs: a database that refuses for once, an answer that never arrives."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from random import Random
from typing import Any

from tests.simulation.faults import refused
from tests.simulation.world import Away, Request, World

MOST_TRIES = 20


@dataclass(frozen=True)
class Mishaps:
    """People repeat a request with the same key until they have an answer, and now and then once more."""

    random: Random
    share: float

    @contextmanager
    def befall(self, world: World) -> Iterator[None]:
        world.carry = lambda request: self._carry(world, request)
        try:
            yield
        finally:
            world.carry = world.patiently

    def _carry(self, world: World, request: Request) -> Any:
        answer = self._until_answered(world, request)
        if request.method == "POST" and self.random.random() < self.share:
            again = self._until_answered(world, request)
            assert request.is_ingest or _same(again, answer), f"{request} was answered {answer}, then {again}"
        return answer

    def _until_answered(self, world: World, request: Request) -> Any:
        faults = world.rooms[request.service].faults
        for _ in range(MOST_TRIES):
            if self.random.random() < self.share:
                faults.arm(self.random.randint(1, 14), refused)
            try:
                return world.ask(request)
            except Away:
                continue
            finally:
                faults.disarm()
        raise AssertionError(f"no answer to {request}")


def _same(again: Any, answer: Any) -> bool:
    """A token is shown once only."""
    return bool(answer | {"acceptance_token": None} == again | {"acceptance_token": None})
