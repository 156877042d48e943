"""Turns: a tenant that asks for a lot at once waits for itself, and not the others for it."""

from __future__ import annotations

import asyncio
import time
from asyncio import AbstractEventLoop
from collections import deque
from collections.abc import MutableMapping
from dataclasses import dataclass, field
from uuid import UUID
from weakref import WeakKeyDictionary

import anyio

from shared.http.problems import RETRY_SOON, Problem

REMEMBERED_SECONDS = 1.0
LONGEST_LINE = 1000


class Crowded(Problem):
    def __init__(self) -> None:
        detail = f"more than {LONGEST_LINE} requests of this tenant wait already: wait for answers before asking more"
        super().__init__(429, "too_many_at_once", detail, RETRY_SOON)


@dataclass(slots=True)
class Line:
    """A tenant's requests: those that run, and those that wait in the order in which they came."""

    running: int = 0
    waiting: deque[anyio.Event] = field(default_factory=deque)
    seen_at: float = 0.0


Lines = dict[UUID, Line]


@dataclass(slots=True)
class Turns:
    """Of `most` that may run at once a tenant has all while it is alone, and `beside_others` while others ask, too.

    What runs shares one interpreter, so it is what runs at the same time that makes others slow, not what waits. Each
    event loop has lines of its own; a server has one loop.
    """

    most: int
    beside_others: int = 1
    swept_at: float = 0.0
    _lines: MutableMapping[AbstractEventLoop, Lines] = field(default_factory=WeakKeyDictionary)
    _asked_last: tuple[AbstractEventLoop, Lines] | None = None

    @property
    def lines(self) -> Lines:
        loop, last = asyncio.get_running_loop(), self._asked_last
        if last is None or last[0] is not loop:
            last = self._asked_last = (loop, self._lines.setdefault(loop, {}))
        return last[1]

    def turn(self, tenant_id: UUID) -> Turn:
        """For `async with`: waits for it, in order. Raises Crowded."""
        return Turn(self, tenant_id)

    async def enter(self, lines: Lines, line: Line) -> None:
        if not line.waiting and line.running < self._share(lines):
            line.running += 1
            return
        if len(line.waiting) >= LONGEST_LINE:
            raise Crowded
        called = anyio.Event()
        line.waiting.append(called)
        try:
            await called.wait()
        except BaseException:  # its client went away
            if called.is_set():
                self.leave(lines, line)
            else:
                line.waiting.remove(called)
            raise

    def leave(self, lines: Lines, line: Line) -> None:
        line.running -= 1
        line.seen_at = time.monotonic()
        while line.waiting and line.running < self._share(lines):
            line.running += 1
            line.waiting.popleft().set()

    def _share(self, lines: Lines) -> int:
        self._sweep(lines)
        return self.most if len(lines) == 1 else self.beside_others

    def _sweep(self, lines: Lines) -> None:
        """Forgets who has asked nothing for a while."""
        now = time.monotonic()
        if now - self.swept_at < REMEMBERED_SECONDS / 4:
            return
        self.swept_at = now
        gone = [
            tenant_id
            for tenant_id, line in lines.items()
            if not line.running and not line.waiting and now - line.seen_at > REMEMBERED_SECONDS
        ]
        for tenant_id in gone:
            del lines[tenant_id]


class Turn:
    """A class and no generator: every request has one."""

    __slots__ = ("_line", "_lines", "_turns")

    def __init__(self, turns: Turns, tenant_id: UUID):
        self._turns, self._lines = turns, turns.lines
        line = self._lines.get(tenant_id)
        if line is None:
            line = self._lines[tenant_id] = Line()
        line.seen_at = time.monotonic()
        self._line = line

    async def enter(self) -> None:
        await self._turns.enter(self._lines, self._line)

    def leave(self) -> None:
        self._turns.leave(self._lines, self._line)

    __aenter__ = enter

    async def __aexit__(self, *_: object) -> None:
        self.leave()
