"""PostgreSQL: one bounded pool a process, a start that waits and says so, and statements that travel together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import psycopg
import stamina
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError, OperationalError

from shared.logs import logger

_TOGETHER = "statements travel together"


class DatabaseAway(SystemExit):
    """PostgreSQL did not answer in time."""


def engine_for(url: str, *, pool_size: int) -> Engine:
    """No overflow: a request that finds no connection within 2 seconds is refused, with Retry-After."""
    engine = create_engine(
        url,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=2,
        pool_pre_ping=False,
        connect_args={"connect_timeout": 5, "options": "-c statement_timeout=30000 -c timezone=UTC"},
    )
    event.listen(engine, "after_cursor_execute", _wait_for_rows)
    return engine


def wait_for_database(engine: Engine, seconds: float) -> None:
    try:
        for attempt in stamina.retry_context(on=OperationalError, attempts=None, timeout=seconds, wait_max=2):
            with attempt:
                if attempt.num > 1:
                    logger().warning("waiting for PostgreSQL", attempt=attempt.num)
                with engine.connect() as tx:
                    tx.exec_driver_sql("SELECT 1")
    except OperationalError as error:
        raise DatabaseAway(f"PostgreSQL is away: gave up after {seconds:.0f} s ({error.orig})") from error


def run(tx: Connection, statement: str, parameters: Mapping[str, Any]) -> psycopg.Cursor[Any]:
    """One of the kernel's own statements, by the driver itself: rows are plain tuples, errors are SQLAlchemy's.

    SQLAlchemy takes as long to wrap a result as PostgreSQL does to find it.
    """
    with _errors_of(tx):
        return _driver(tx).execute(statement, parameters)


@contextmanager
def together(tx: Connection) -> Iterator[None]:
    """Statements that answer nothing are sent without waiting, those that answer are waited for; the end waits for all.

    So any number of inserts is one round trip. An error may come from a later statement than the one it is about. Only
    for engines made by `engine_for`; elsewhere every statement is waited for, as usual.
    """
    info = tx.info
    if _TOGETHER in info or not event.contains(tx.engine, "after_cursor_execute", _wait_for_rows):
        yield
        return
    with _errors_of(tx), _driver(tx).pipeline() as pipeline:
        info[_TOGETHER] = pipeline
        try:
            yield
        finally:
            del info[_TOGETHER]


def _wait_for_rows(tx: Connection, cursor: Any, statement: str, *_: Any) -> None:
    pipeline = tx.info.get(_TOGETHER)
    if pipeline and not (
        statement.lstrip().startswith(("INSERT", "UPDATE", "DELETE")) and "RETURNING" not in statement
    ):
        pipeline.sync()


def _driver(tx: Connection) -> psycopg.Connection[Any]:
    driver: psycopg.Connection[Any] = tx.connection.driver_connection  # type: ignore[assignment]
    return driver


@contextmanager
def _errors_of(tx: Connection) -> Iterator[None]:
    """After a lost connection the whole pool is made anew: the others are lost as well."""
    driver = _driver(tx)
    try:
        yield
    except psycopg.Error as error:
        if driver.closed:
            tx.invalidate(error)
            tx.engine.dispose()
        first = _first(error)
        raise DBAPIError.instance(None, None, first, psycopg.Error, connection_invalidated=driver.closed) from first


def _first(error: psycopg.Error) -> psycopg.Error:
    """What failed, and not the statements behind it that were given up for it."""
    while isinstance(error, psycopg.errors.PipelineAborted) and isinstance(error.__context__, psycopg.Error):
        error = error.__context__
    return error
