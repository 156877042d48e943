"""Turns at an API: who is alone has all of it, who floods waits for itself, and nobody is forgotten in a line."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from uuid import UUID, uuid4

import anyio
import pytest
from anyio.abc import TaskGroup
from anyio.lowlevel import checkpoint

from shared.http import turns as module
from shared.http.turns import Crowded, Turns

FLOODER, CALM = uuid4(), uuid4()


class Requests:
    """Requests that run until they are told to end."""

    def __init__(self, turns: Turns, tasks: TaskGroup):
        self.turns, self.tasks, self.running, self.ended = turns, tasks, list[UUID](), anyio.Event()

    async def begin(self, tenant_id: UUID, count: int = 1) -> None:
        for _ in range(count):
            self.tasks.start_soon(self._run, tenant_id)
        for _ in range(5):
            await checkpoint()

    async def _run(self, tenant_id: UUID) -> None:
        async with self.turns.turn(tenant_id):
            self.running.append(tenant_id)
            await self.ended.wait()


def play(scene: Callable[[Requests], Awaitable[None]], most: int = 8, beside_others: int = 1) -> None:
    async def act() -> None:
        with anyio.fail_after(5):
            async with anyio.create_task_group() as tasks:
                requests = Requests(Turns(most, beside_others), tasks)
                await scene(requests)
                tasks.cancel_scope.cancel()

    anyio.run(act)


def test_a_tenant_that_is_alone_has_all_turns() -> None:
    async def scene(requests: Requests) -> None:
        await requests.begin(FLOODER, 20)
        assert len(requests.running) == 8

    play(scene)


def test_whoever_comes_beside_a_flood_does_not_wait_for_it() -> None:
    async def scene(requests: Requests) -> None:
        await requests.begin(FLOODER, 100)
        await requests.begin(CALM)
        assert requests.running.count(CALM) == 1

    play(scene)


def test_beside_others_a_tenant_has_one_turn_at_a_time() -> None:
    async def scene(requests: Requests) -> None:
        await requests.begin(CALM)
        await requests.begin(FLOODER, 100)
        assert requests.running.count(FLOODER) == 1

    play(scene)


def test_beside_others_it_has_more_where_what_runs_mostly_waits() -> None:
    async def scene(requests: Requests) -> None:
        await requests.begin(CALM)
        await requests.begin(FLOODER, 100)
        assert requests.running.count(FLOODER) == 3

    play(scene, beside_others=3)


def test_everybody_in_a_line_gets_a_turn() -> None:
    async def scene(requests: Requests) -> None:
        await requests.begin(CALM, 5)
        await requests.begin(FLOODER, 50)
        requests.ended.set()
        while any(line.running for line in requests.turns.lines.values()):
            await checkpoint()
        assert len(requests.running) == 55
        assert not any(line.waiting for line in requests.turns.lines.values())

    play(scene)


def test_whoever_leaves_a_line_takes_no_turn_with_them() -> None:
    async def scene(requests: Requests) -> None:
        async with anyio.create_task_group() as impatient:
            others = Requests(requests.turns, impatient)
            await others.begin(FLOODER, 30)
            impatient.cancel_scope.cancel()
        await requests.begin(FLOODER, 8)
        assert len(requests.running) == 8
        assert requests.turns.lines[FLOODER].running == 8

    play(scene)


def test_a_line_has_an_end() -> None:
    async def scene(requests: Requests) -> None:
        await requests.begin(FLOODER, 8 + module.LONGEST_LINE)
        with pytest.raises(Crowded):
            async with requests.turns.turn(FLOODER):
                pass

    play(scene)
