"""What has to be waited for is begun at once: most of it is there already, and needs no deadline."""

from __future__ import annotations

from collections.abc import Awaitable, Generator
from typing import Any, Generic, TypeVar

Outcome = TypeVar("Outcome")


class Begun(Generic[Outcome]):
    """Went as far as it could go without waiting. What it comes to, whenever that is, is for one who awaits it; what it
    raises at once is raised at once."""

    __slots__ = ("_going", "_outcome", "_waits_for", "is_over")

    def __init__(self, awaitable: Awaitable[Outcome]):
        self._going: Generator[Any, Any, Outcome] = awaitable.__await__()
        self._outcome: Outcome
        self.is_over = False
        try:
            self._waits_for = next(self._going)
        except StopIteration as ended:
            self.is_over, self._outcome = True, ended.value

    def __await__(self) -> Generator[Any, Any, Outcome]:
        if not self.is_over:
            try:
                yield self._waits_for
            except BaseException:
                self._going.close()
                raise
            self._outcome = yield from self._going
            self.is_over = True
        return self._outcome
