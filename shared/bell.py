"""One process wakes another through PostgreSQL. A call that is missed costs time only: who waits looks now and then."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, cast

from psycopg import Connection as Driver
from sqlalchemy import Connection, Engine


@dataclass(slots=True)
class Bell:
    """A channel of the database. It keeps a connection of the engine while it is waited for."""

    engine: Engine
    channel: str
    connection: Connection | None = field(default=None, init=False)

    def wait(self, seconds: float) -> None:
        """Returns when it is rung, or after `seconds`; what broke raises, and the next call connects anew."""
        try:
            for _ in self._driver().notifies(timeout=seconds, stop_after=1):
                pass
        except Exception:
            self.close()
            raise

    def close(self) -> None:
        """The connection is not given back: it would go on listening for somebody else."""
        connection, self.connection = self.connection, None
        if connection is not None:
            connection.invalidate()
            connection.close()

    def _driver(self) -> Driver[Any]:
        if self.connection is None:
            self.connection = self.engine.connect().execution_options(isolation_level="AUTOCOMMIT")
            self.connection.exec_driver_sql(f"LISTEN {self.channel}")
        return cast("Driver[Any]", self.connection.connection.driver_connection)


def ring(tx: Connection, channel: str) -> None:
    """Whoever waits is woken by the commit. Not for every command: PostgreSQL lets commits that ring pass one by one."""
    tx.exec_driver_sql("SELECT pg_notify(%(channel)s, '')", {"channel": channel})
