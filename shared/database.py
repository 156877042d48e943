"""PostgreSQL: one bounded pool a process, and a start that waits and says so."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import msgspec
import stamina
from sqlalchemy import Engine, ExceptionContext, create_engine, event
from sqlalchemy.exc import DataError, OperationalError

from shared.logs import logger
from shared.statements import send_waiting


class DatabaseAway(SystemExit):
    """PostgreSQL did not answer in time."""


@dataclass(frozen=True, slots=True)
class Patience:
    """In seconds: how long a statement may take, how long of that it may wait for a lock, and how long a transaction may
    do nothing. What takes longer fails as if the database were away for a moment."""

    statement: float = 30
    lock: float = 10
    idle: float = 60

    @property
    def options(self) -> str:
        limits = {
            "statement_timeout": self.statement,
            "lock_timeout": self.lock,
            "idle_in_transaction_session_timeout": self.idle,
        }
        return " ".join(f"-c {name}={round(seconds * 1000)}" for name, seconds in limits.items())


FOR_WORKERS = Patience()
# program_limit_exceeded and what PostgreSQL counts among it.
OVER_A_LIMIT = ("54000", "54001", "54011", "54023")
# Somebody waits for the answer, and others for the connection.
FOR_REQUESTS = Patience(statement=15, lock=5, idle=30)


def engine_for(url: str, *, pool_size: int, patience: Patience = FOR_WORKERS) -> Engine:
    """No overflow: a request that finds no connection within 2 seconds is refused, with Retry-After."""
    engine = create_engine(
        url,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=2,
        pool_pre_ping=False,
        json_deserializer=_from_json,
        hide_parameters=True,  # an error is logged; what it was about is not
        connect_args={"connect_timeout": 5, "options": f"{patience.options} -c timezone=UTC"},
    )
    event.listen(engine, "before_cursor_execute", send_waiting)
    event.listen(engine, "handle_error", _limits_are_of_the_data, retval=True)
    return engine


def _limits_are_of_the_data(context: ExceptionContext) -> BaseException | None:
    """psycopg counts what is over a limit of PostgreSQL, as a value too long for an index, among the faults that pass.
    It fails however often it is tried."""
    fault = context.original_exception
    if getattr(fault, "sqlstate", None) in OVER_A_LIMIT:
        return DataError(context.statement, context.parameters, fault, hide_parameters=True)
    return None


def _from_json(text: str) -> Any:
    """Four times as fast as the standard library, which takes what is out of range for a number of eight bytes, too."""
    try:
        return msgspec.json.decode(text)
    except msgspec.MsgspecError:
        return json.loads(text)


def wait_for_database(engine: Engine, seconds: float) -> None:
    """Returns once it answers a query. Raises DatabaseAway after `seconds`, which ends the process."""
    try:
        for attempt in stamina.retry_context(on=OperationalError, attempts=None, timeout=seconds, wait_max=2):
            with attempt:
                if attempt.num > 1:
                    logger().warning("waiting for PostgreSQL", attempt=attempt.num)
                with engine.connect() as tx:
                    tx.exec_driver_sql("SELECT 1")
    except OperationalError as error:
        raise DatabaseAway(f"PostgreSQL is away: gave up after {seconds:.0f} s ({error.orig})") from error
