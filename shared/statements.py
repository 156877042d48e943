"""Statements by the driver itself, and writes that wait for each other and go as one."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import msgspec
import psycopg
from sqlalchemy import Connection, Dialect, Engine, Insert
from sqlalchemy.exc import DBAPIError

_WAITING = "inserts that wait"
_PARAMETER = re.compile(r"(?<!%)%\(")

Parameters = Mapping[str, Any]


@dataclass(frozen=True)
class Insertion:
    """How rows come into a table: `columns` with their types; any number of rows is one statement."""

    table: str
    columns: Mapping[str, str]
    ending: str = ""

    @cached_property
    def one(self) -> str:
        values = ", ".join(f"%({name})s::{kind}" for name, kind in self.columns.items())
        return f"INSERT INTO {self.table} ({', '.join(self.columns)}) VALUES ({values}) {self.ending}"  # noqa: S608

    @cached_property
    def many(self) -> str:
        names, typed = ", ".join(self.columns), ", ".join(f"{name} {kind}" for name, kind in self.columns.items())
        rows = f"SELECT {names} FROM jsonb_to_recordset(%(rows)s::jsonb) AS row({typed})"  # noqa: S608 - our own names
        return f"INSERT INTO {self.table} ({names}) {rows} {self.ending}"


def run(tx: Connection, statement: str, parameters: Parameters) -> psycopg.Cursor[Any]:
    """Rows are plain tuples, errors are SQLAlchemy's. SQLAlchemy takes as long to wrap a result as PostgreSQL to find it."""
    send_waiting(tx)
    return _execute(tx, statement, parameters)


def ahead(tx: Connection, statement: str, parameters: Parameters) -> psycopg.Cursor[Any]:
    """Before what waits, and without sending it: for what has to be locked, or known, before anything is written."""
    return _execute(tx, statement, parameters)


def look(engine: Engine, statement: str, parameters: Parameters) -> list[tuple[Any, ...]]:
    """The rows of one statement that only reads: a transaction around it would cost two round trips more. For loops that
    look many times a second and mostly find nothing."""
    pooled = engine.raw_connection()
    driver: psycopg.Connection[Any] = pooled.driver_connection  # type: ignore[assignment]
    try:
        driver.autocommit = True
        rows = driver.execute(statement, parameters).fetchall()
        driver.autocommit = False
    except psycopg.Error as error:
        pooled.invalidate(error)
        if driver.closed:
            engine.dispose()
        raise _wrapped(error, is_lost=driver.closed) from error
    finally:
        pooled.close()
    return rows


def is_appending(tx: Connection) -> bool:
    """Whether what is written waits, to be sent as one; a rebuild does not, and has locked the tables."""
    return _WAITING in tx.info


def write(tx: Connection, statement: str | Insert, *rows: Parameters) -> None:
    """An insert or update of which nobody reads the answer: it waits for others of the same `together`.

    A single row of one of SQLAlchemy's goes by the driver, too, in the words that SQLAlchemy gave it the first time.
    """
    if len(rows) > 1 and not isinstance(statement, str):
        tx.execute(statement, rows)
        return
    for row in rows:
        words, values = (statement, row) if isinstance(statement, str) else _in_words(tx, statement, row)
        _write_one(tx, words, values)


def _write_one(tx: Connection, statement: str, parameters: Parameters) -> None:
    waiting: dict[str, tuple[str, Parameters]] | None = tx.info.get(_WAITING)
    if waiting is None:
        _execute(tx, statement, parameters)
        return
    table = _table(statement)
    if table in waiting:  # one statement does not change a row twice
        send_waiting(tx)
    waiting[table] = (statement, parameters)


@lru_cache(maxsize=512)
def _table(statement: str) -> str:
    """Which one it changes: `INSERT INTO table` or `UPDATE table`."""
    verb, table, *more = statement.split(None, 3)
    return table if verb == "UPDATE" else more[0]


def write_rows(tx: Connection, into: Insertion, rows: Sequence[Parameters]) -> None:
    """One row goes as values, which PostgreSQL plans once; more go as one JSON document, which it unpacks faster."""
    if len(rows) == 1:
        documents = {k: _json(v) for k, v in rows[0].items() if into.columns[k] == "jsonb"}
        write(tx, into.one, {**rows[0], **documents})
    elif rows:
        write(tx, into.many, {"rows": _json(rows)})


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()


@contextmanager
def together(tx: Connection) -> Iterator[None]:
    """Inserts into several tables are one statement: one plan, one round trip. The first one decides the order of locks."""
    if _WAITING in tx.info:
        yield
        return
    info = tx.info  # once the connection is lost nobody may ask for it, and what is to be told is the loss
    info[_WAITING] = {}
    try:
        yield
        send_waiting(tx)
    finally:
        info.pop(_WAITING, None)


def send_waiting(tx: Connection, *_: object) -> None:
    """What waits comes before any other statement, also before one of SQLAlchemy's."""
    waiting: dict[str, tuple[str, Parameters]] | None = tx.info.get(_WAITING)
    if waiting:
        statements, parameters = zip(*waiting.values(), strict=True)
        waiting.clear()
        _execute(tx, _as_one(statements), {f"{n}_{k}": v for n, p in enumerate(parameters) for k, v in p.items()})


@lru_cache(maxsize=512)
def _as_one(statements: tuple[str, ...]) -> str:
    first, *others = (_PARAMETER.sub(f"%({n}_", statement) for n, statement in enumerate(statements))
    return f"WITH {', '.join(f'w{n} AS ({other})' for n, other in enumerate(others))} {first}" if others else first


def _in_words(tx: Connection, statement: Insert, parameters: Parameters) -> tuple[str, Parameters]:
    words, fixed, processors = _compiled(tx.dialect, statement, frozenset(parameters))
    values = {**fixed, **parameters}
    for name, process in processors:
        values[name] = process(values[name])
    return words, values


@lru_cache(maxsize=512)
def _compiled(
    dialect: Dialect, statement: Insert, columns: frozenset[str]
) -> tuple[str, Parameters, list[tuple[str, Callable[[Any], Any]]]]:
    compiled = statement.compile(dialect=dialect, column_keys=sorted(columns))
    processors: list[tuple[str, Callable[[Any], Any]]] = [
        (name, process)
        for name, bind in compiled.binds.items()
        if (process := bind.type.dialect_impl(dialect).bind_processor(dialect))
    ]
    fixed = {name: bind.effective_value for name, bind in compiled.binds.items() if name not in columns}
    return str(compiled), fixed, processors


def _execute(tx: Connection, statement: str, parameters: Parameters) -> psycopg.Cursor[Any]:
    """After a lost connection the whole pool is made anew: the others are lost as well."""
    driver: psycopg.Connection[Any] = tx.connection.driver_connection  # type: ignore[assignment]
    try:
        return driver.execute(statement, parameters)
    except psycopg.Error as error:
        if driver.closed:
            tx.invalidate(error)
            tx.engine.dispose()
        raise _wrapped(error, is_lost=driver.closed) from error


def _wrapped(error: psycopg.Error, *, is_lost: bool) -> BaseException:
    return DBAPIError.instance(None, None, error, psycopg.Error, connection_invalidated=is_lost)
