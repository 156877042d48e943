"""What many requests want at about the same time is done together, once, in a thread."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import Generic, TypeVar

Item = TypeVar("Item")
Outcome = TypeVar("Outcome")


@dataclass(slots=True)
class _Round(Generic[Item, Outcome]):
    """What goes together, and who waits for it."""

    items: list[Item] = field(default_factory=list)
    futures: list[asyncio.Future[Outcome]] = field(default_factory=list)
    departure: asyncio.TimerHandle | None = None
    patience: asyncio.TimerHandle | None = None

    def fail(self, error: BaseException) -> None:
        for future in self.futures:
            if not future.done():
                future.set_exception(error)

    def tell(self, going: asyncio.Future[Sequence[Outcome]]) -> None:
        if self.patience:
            self.patience.cancel()
        if error := going.exception():
            return self.fail(error)
        for future, outcome in zip(self.futures, going.result(), strict=True):
            if not future.done():  # else whoever waited has left
                future.set_result(outcome)
        return None


@dataclass(slots=True)
class _Rounds(Generic[Item, Outcome]):
    """Of one event loop: the one that fills, and how many are on their way."""

    loop: asyncio.AbstractEventLoop
    filling: _Round[Item, Outcome] = field(default_factory=_Round)
    under_way: int = 0
    is_overdue: bool = False

    def give_up(self, late: _Round[Item, Outcome]) -> None:
        """Who comes after those that waited in vain has the patience of a round of their own."""
        if self.filling is late:
            self.filling, self.is_overdue = _Round(), False
        late.fail(TimeoutError())


class Gathering(Generic[Item, Outcome]):
    """`do` is given all that came within `seconds` of the first, or `enough` that came sooner, in order, and says what became
    of each. While `at_once` rounds are under way the next one waits and grows, so that a slow server gets fewer and larger
    ones."""

    def __init__(
        self,
        do: Callable[[Sequence[Item]], Sequence[Outcome]],
        *,
        seconds: float,
        at_once: int,
        patience_seconds: float,
        enough: int = sys.maxsize,
    ):
        self._do = do
        self._seconds = seconds
        self._enough = enough
        self._at_once = at_once
        self._patience_seconds = patience_seconds
        self._threads = ThreadPoolExecutor(at_once, "gathering")
        self._rounds: _Rounds[Item, Outcome] | None = None

    async def add(self, item: Item) -> Outcome:
        """What became of it. Raises what `do` raised for all that went together, and TimeoutError where that takes longer
        than the patience with the first of them. What went goes its way all the same; what did not go by then never does."""
        rounds = self._of_this_loop()
        future: asyncio.Future[Outcome] = rounds.loop.create_future()
        filling = rounds.filling
        filling.items.append(item)
        filling.futures.append(future)
        if len(filling.items) == 1:
            filling.departure = rounds.loop.call_later(self._seconds, self._go, rounds)
            filling.patience = rounds.loop.call_later(self._patience_seconds, rounds.give_up, filling)
        if len(filling.items) == self._enough:
            self._go(rounds)
        return await future

    def _of_this_loop(self) -> _Rounds[Item, Outcome]:
        """A server has one loop. Where another one asks, what the first has begun goes its way without the second."""
        loop, rounds = asyncio.get_running_loop(), self._rounds
        if rounds is None or rounds.loop is not loop:
            rounds = self._rounds = _Rounds(loop)
        return rounds

    def _go(self, rounds: _Rounds[Item, Outcome]) -> None:
        rounds.is_overdue = rounds.under_way >= self._at_once
        if rounds.is_overdue:
            return
        going, rounds.filling = rounds.filling, _Round()
        if going.departure:
            going.departure.cancel()
        rounds.under_way += 1
        done = rounds.loop.run_in_executor(self._threads, self._do, going.items)
        done.add_done_callback(partial(self._done, rounds, going))

    def _done(
        self, rounds: _Rounds[Item, Outcome], gone: _Round[Item, Outcome], done: asyncio.Future[Sequence[Outcome]]
    ) -> None:
        rounds.under_way -= 1
        gone.tell(done)
        if rounds.is_overdue:
            self._go(rounds)
