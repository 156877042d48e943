"""What is begun at once ends like what is awaited: with its outcome, its error, or its end where nobody waits any more."""

from __future__ import annotations

import asyncio

import pytest

from shared.http.begun import Begun


class Door:
    """Somebody comes through when it is opened."""

    def __init__(self, is_open: bool) -> None:
        self.opened, self.left = asyncio.Event(), False
        if is_open:
            self.opened.set()

    async def guest(self) -> str:
        try:
            await self.opened.wait()
            await asyncio.sleep(0)  # a second wait
            return "ann"
        finally:
            self.left = True

    async def who_is_here(self) -> str:
        return "bob"

    async def nobody(self) -> str:
        raise LookupError


def test_what_is_there_is_there_at_once() -> None:
    async def act() -> None:
        begun = Begun(Door(is_open=True).who_is_here())
        assert begun.is_over
        assert [await begun, await begun] == ["bob", "bob"]

    asyncio.run(act())


@pytest.mark.parametrize("is_open", [True, False])
def test_what_has_to_be_waited_for_is_waited_for(is_open: bool) -> None:
    async def act() -> None:
        door = Door(is_open)
        begun = Begun(door.guest())
        assert not begun.is_over
        asyncio.get_running_loop().call_soon(door.opened.set)
        async with asyncio.timeout(5):
            assert await begun == "ann"
        assert begun.is_over and door.left

    asyncio.run(act())


def test_who_does_not_wait_any_longer_ends_it() -> None:
    async def act() -> None:
        door = Door(is_open=False)
        begun = Begun(door.guest())
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await begun
        assert door.left and not begun.is_over

    asyncio.run(act())


def test_what_fails_at_once_fails_at_once() -> None:
    async def act() -> None:
        with pytest.raises(LookupError):
            Begun(Door(is_open=True).nobody())

    asyncio.run(act())
