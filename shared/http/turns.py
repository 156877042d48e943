"""Turns: a tenant that asks for a lot at once waits for itself, and not the others for it."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from uuid import UUID

import anyio
from anyio.lowlevel import RunVar

from shared.http.problems import RETRY_AFTER_SECONDS, Problem

REMEMBERED_SECONDS = 1.0
LONGEST_LINE = 1000


class Crowded(Problem):
    def __init__(self) -> None:
        detail = f"more than {LONGEST_LINE} requests of this tenant wait already: wait for answers before asking more"
        super().__init__(429, "too_many_at_once", detail, {"Retry-After": str(RETRY_AFTER_SECONDS)})


@dataclass(slots=True)
class Line:
    """A tenant's requests: those that run, and those that wait in the order in which they came."""

    running: int = 0
    waiting: deque[anyio.Event] = field(default_factory=deque)
    seen_at: float = 0.0


@dataclass(slots=True)
class Turns:
    """Of `most` that may run at once a tenant has all while it is alone, and one while others ask, too.

    What runs shares one interpreter, so it is what runs at the same time that makes others slow, not what waits. Each
    event loop has lines of its own; a server has one loop.
    """

    most: int
    swept_at: float = 0.0
    _lines: RunVar[dict[UUID, Line]] = field(default_factory=lambda: RunVar("lines"))

    @property
    def lines(self) -> dict[UUID, Line]:
        try:
            return self._lines.get()
        except LookupError:
            self._lines.set({})
            return self._lines.get()

    @asynccontextmanager
    async def turn(self, tenant_id: UUID) -> AsyncIterator[None]:
        """Waits for it, in order. Raises Crowded."""
        line = self.lines.setdefault(tenant_id, Line())
        line.seen_at = time.monotonic()
        await self._enter(line)
        try:
            yield
        finally:
            self._leave(line)

    async def _enter(self, line: Line) -> None:
        if not line.waiting and line.running < self._share():
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
                self._leave(line)
            else:
                line.waiting.remove(called)
            raise

    def _leave(self, line: Line) -> None:
        line.running -= 1
        line.seen_at = time.monotonic()
        while line.waiting and line.running < self._share():
            line.running += 1
            line.waiting.popleft().set()

    def _share(self) -> int:
        self._sweep()
        return self.most if len(self.lines) == 1 else 1

    def _sweep(self) -> None:
        """Forgets who has asked nothing for a while."""
        now = time.monotonic()
        if now - self.swept_at < REMEMBERED_SECONDS / 4:
            return
        self.swept_at = now
        gone = [
            tenant_id
            for tenant_id, line in self.lines.items()
            if not line.running and not line.waiting and now - line.seen_at > REMEMBERED_SECONDS
        ]
        for tenant_id in gone:
            del self.lines[tenant_id]
