"""A process that dies: its connection ends before the n-th thing that it asks of the database, a commit being one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from sqlalchemy import Engine, create_engine, event


class Died(BaseException):
    """Nothing in a process can catch its own end."""


@dataclass
class Mortal:
    """`engine` works until its time has come."""

    url: Any
    lives: int
    engine: Engine = field(init=False)

    def __post_init__(self) -> None:
        self.engine = create_engine(self.url, connect_args={"options": "-c timezone=UTC"})
        event.listen(self.engine, "before_cursor_execute", self._live)
        event.listen(self.engine, "commit", self._live)

    def _live(self, *_: object) -> None:
        self.lives -= 1
        if self.lives < 0:
            raise Died


def deaths_of(url: Any, act: Callable[[Engine], object], afterwards: Callable[[], None]) -> int:
    """Plays `act` anew, dying one step later each time, until it lives to its end; `afterwards` is played after each
    death. How often it died."""
    for lives in count():
        mortal = Mortal(url, lives)
        try:
            act(mortal.engine)
        except Died:
            afterwards()
        else:
            return lives
        finally:
            mortal.engine.dispose()
    raise AssertionError
