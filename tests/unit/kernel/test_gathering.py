"""What comes at the same time goes together, in order; what fails fails for all that went; nobody waits for the others."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from shared.http.gathering import Gathering


class Away(Exception):
    pass


@dataclass
class Server:
    """Doubles numbers, when it is let."""

    goes: list[list[int]] = field(default_factory=list)
    is_away: bool = False
    let: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.let.set()

    def __call__(self, numbers: Sequence[int]) -> list[int]:
        self.goes.append(list(numbers))
        assert self.let.wait(5)
        if self.is_away:
            raise Away
        return [2 * number for number in numbers]


Scene = Callable[[Gathering[int, int], Server], Awaitable[None]]


def play(scene: Scene, **settings: Any) -> Server:
    server = Server()
    stated = {"seconds": 0.001, "at_once": 1, "patience_seconds": 5} | settings
    gathering = Gathering[int, int](server, **stated)

    async def act() -> None:
        async with asyncio.timeout(5):
            await scene(gathering, server)

    asyncio.run(act())
    return server


async def until(is_true: Callable[[], bool]) -> None:
    while not is_true():
        await asyncio.sleep(0)


def test_what_comes_together_goes_together_and_each_gets_its_own_outcome() -> None:
    async def scene(gathering: Gathering[int, int], server: Server) -> None:
        assert await asyncio.gather(*(gathering.add(n) for n in range(5))) == [0, 2, 4, 6, 8]
        assert await gathering.add(7) == 14

    assert play(scene).goes == [[0, 1, 2, 3, 4], [7]]


def test_enough_do_not_wait_for_more() -> None:
    async def scene(gathering: Gathering[int, int], server: Server) -> None:
        server.let.clear()
        sent = [asyncio.create_task(gathering.add(n)) for n in range(7)]
        await until(lambda: len(server.goes) == 2)
        server.let.set()
        assert await asyncio.gather(*sent) == [0, 2, 4, 6, 8, 10, 12]

    goes = play(scene, enough=2, at_once=2, seconds=60).goes
    assert sorted(goes) == [[0, 1], [2, 3], [4, 5, 6]]


def test_while_a_go_is_under_way_the_next_one_grows() -> None:
    async def scene(gathering: Gathering[int, int], server: Server) -> None:
        server.let.clear()
        first = asyncio.create_task(gathering.add(1))
        await until(lambda: len(server.goes) == 1)
        others = [asyncio.create_task(gathering.add(n)) for n in (2, 3)]
        await asyncio.sleep(0.01)  # longer than it gathers
        others.append(asyncio.create_task(gathering.add(4)))
        await asyncio.sleep(0)
        server.let.set()
        assert await asyncio.gather(first, *others) == [2, 4, 6, 8]

    assert play(scene).goes == [[1], [2, 3, 4]]


def test_several_goes_may_be_under_way() -> None:
    async def scene(gathering: Gathering[int, int], server: Server) -> None:
        server.let.clear()
        tasks = []
        for n in (1, 2):
            tasks.append(asyncio.create_task(gathering.add(n)))
            await until(lambda n=n: len(server.goes) == n)
        server.let.set()
        assert await asyncio.gather(*tasks) == [2, 4]

    assert play(scene, at_once=2).goes == [[1], [2]]


def test_what_fails_fails_for_all_that_went_and_for_nobody_else() -> None:
    async def scene(gathering: Gathering[int, int], server: Server) -> None:
        server.is_away = True
        outcomes = await asyncio.gather(gathering.add(1), gathering.add(2), return_exceptions=True)
        assert [type(outcome) for outcome in outcomes] == [Away, Away]
        server.is_away = False
        assert await gathering.add(3) == 6

    play(scene)


def test_whoever_gives_up_waiting_harms_nobody() -> None:
    async def scene(gathering: Gathering[int, int], server: Server) -> None:
        server.let.clear()
        impatient, patient = (asyncio.create_task(gathering.add(n)) for n in (1, 2))
        await until(lambda: len(server.goes) == 1)
        impatient.cancel()
        with pytest.raises(asyncio.CancelledError):
            await impatient
        server.let.set()
        assert await patient == 4

    assert play(scene).goes == [[1, 2]]


def test_who_waits_too_long_is_told_and_the_next_round_goes_its_way() -> None:
    async def scene(gathering: Gathering[int, int], server: Server) -> None:
        server.let.clear()
        outcomes = await asyncio.gather(gathering.add(1), gathering.add(2), return_exceptions=True)
        assert [type(outcome) for outcome in outcomes] == [TimeoutError, TimeoutError]
        next_one = asyncio.create_task(gathering.add(3))
        await asyncio.sleep(0.01)  # longer than it gathers: the first round is still under way
        server.let.set()
        assert await next_one == 6

    assert play(scene, patience_seconds=0.1).goes == [[1, 2], [3]]


def test_what_did_not_go_in_time_never_goes_and_who_comes_later_has_patience_of_their_own() -> None:
    async def scene(gathering: Gathering[int, int], server: Server) -> None:
        server.let.clear()
        stuck = asyncio.create_task(gathering.add(1))
        await until(lambda: len(server.goes) == 1)
        with pytest.raises(TimeoutError):
            await gathering.add(2)
        with pytest.raises(TimeoutError):
            await gathering.add(3)
        last = asyncio.create_task(gathering.add(4))
        await asyncio.sleep(0.01)  # longer than it gathers
        server.let.set()
        assert await last == 8
        with pytest.raises(TimeoutError):
            await stuck

    assert play(scene, patience_seconds=0.1).goes == [[1], [4]]


def test_each_event_loop_gathers_for_itself() -> None:
    server = Server()
    gathering = Gathering[int, int](server, seconds=0.001, at_once=1, patience_seconds=5)
    assert [asyncio.run(gathering.add(n)) for n in (1, 2)] == [2, 4]
