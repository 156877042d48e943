"""What goes wrong between two statements: the process dies, or the database refuses for once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import psycopg
from sqlalchemy import Connection, Engine, event
from sqlalchemy.exc import OperationalError


class Crash(BaseException):
    """The process is gone: no handler of the product sees this, and PostgreSQL rolls back."""


def died() -> BaseException:
    return Crash()


def refused() -> BaseException:
    return psycopg.errors.DeadlockDetected("deadlock detected")


@dataclass
class Faults:
    """Strikes once, before the statement or commit that is `left` ones away."""

    left: int = 0
    kind: Callable[[], BaseException] = died
    struck: int = 0

    def arm(self, left: int, kind: Callable[[], BaseException]) -> None:
        self.left, self.kind = left, kind

    def disarm(self) -> None:
        self.left = 0

    def passed(self) -> None:
        if self.left:
            self.left -= 1
            if not self.left:
                self.struck += 1
                raise self.kind()

    def watch(self, engine: Engine) -> None:
        """From now on every statement and every commit of the engine passes here."""
        cursors = _cursors(self)

        def connecting(_: Any, __: Any, ___: Any, options: dict[str, Any]) -> None:
            options["cursor_factory"] = cursors

        event.listen(engine, "do_connect", connecting)
        event.listen(engine, "commit", self._committing)

    def _committing(self, _: Connection) -> None:
        try:
            self.passed()
        except psycopg.OperationalError as error:
            raise OperationalError("COMMIT", {}, error) from error


def _cursors(faults: Faults) -> type[psycopg.Cursor[Any]]:
    class Watched(psycopg.Cursor[Any]):
        def execute(self, *statement: Any, **options: Any) -> Any:
            faults.passed()
            return super().execute(*statement, **options)

        def executemany(self, *statement: Any, **options: Any) -> None:
            faults.passed()
            super().executemany(*statement, **options)

    return Watched
