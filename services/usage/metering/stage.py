"""Arrived events, named and put where SQL can reach them: one COPY into the worker's own staging table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import lru_cache
from hashlib import blake2b
from typing import Any
from uuid import UUID

import msgspec
from psycopg.types.string import BytesBinaryDumper
from sqlalchemy import Connection
from sqlalchemy.schema import CreateTable

from services.usage.domain.cloud_event import Arrivals, CloudEvent
from services.usage.domain.event_key import event_key
from services.usage.domain.values import decode_exactly
from services.usage.metering.counts import quarter_of
from services.usage.tables import usage_staging

_CREATE = CreateTable(usage_staging, if_not_exists=True)
_COPY = f"COPY usage_staging ({', '.join(usage_staging.columns.keys())}) FROM STDIN (FORMAT BINARY)"
# JSON travels as its text and a UUID as its bytes: what `json` and `uuid` read in binary form is the same as `bytea`.
_TYPES = [
    *("int4", "int8", "bytea", "bytea", "bytea"),
    *("text", "text", "text", "text", "timestamptz", "bytea", "bytea", "timestamptz"),
]
_POSITIONS = """
SELECT coalesce(array_agg(nextval((SELECT pg_get_serial_sequence('usage_event_keys', 'position')::regclass))), '{}')
FROM generate_series(1, %(number)s)"""
_SORTED = msgspec.json.Encoder(order="sorted")


class Staged(msgspec.Struct, frozen=True, gc=False):
    """An event with its names: `key` says which event it is, `payload` what it says. `data` is decoded exactly; `quarter`
    is that of its time."""

    tenant_id: UUID
    key: bytes
    payload: bytes
    event: CloudEvent
    data: dict[str, Any]
    quarter: int
    batch_id: UUID
    received_at: datetime


def named(arrivals: Sequence[Arrivals]) -> list[Staged]:
    return [_named(event, arrival) for arrival in arrivals for event in arrival.events]


def stage(tx: Connection, events: Sequence[Staged]) -> list[int]:
    """Puts events, numbered from 0 by their place in `events`, into a staging table that is empty before; each with a
    position of its own, which is the answer."""
    make_room(tx)
    positions = _positions(tx, len(events))
    driver = tx.connection.driver_connection
    assert driver is not None
    with driver.cursor() as cursor:
        cursor.adapters.register_dumper(bytes, BytesBinaryDumper)  # which is not written in Python
        with cursor.copy(_COPY) as copy:
            copy.set_types(_TYPES)
            for row in _rows(positions, events):
                copy.write_row(row)
    return positions


def _rows(positions: Sequence[int], events: Sequence[Staged]) -> Iterator[tuple[Any, ...]]:
    for ordinal, (position, staged) in enumerate(zip(positions, events, strict=True)):
        event = staged.event
        yield (
            *(ordinal, position, staged.tenant_id.bytes, staged.key, staged.payload),
            *(event.source, event.id, event.type, event.subject, event.time, bytes(event.data)),
            *(staged.batch_id.bytes, staged.received_at),
        )


def _positions(tx: Connection, number: int) -> list[int]:
    """Given out beforehand, so that nothing has to be read back."""
    given: list[int] = tx.exec_driver_sql(_POSITIONS, {"number": number}).scalar_one()
    return given


def make_room(tx: Connection) -> None:
    """The staging table of this session; a session that may only read has it made before it may only read."""
    if not tx.exec_driver_sql("SELECT to_regclass('pg_temp.usage_staging')").scalar():
        tx.execute(_CREATE)


def _named(event: CloudEvent, arrival: Arrivals) -> Staged:
    data = decode_exactly(event.data)
    key = event_key(arrival.tenant_id, event.source, event.id)
    payload = payload_hash(event.type, event.subject, data)
    quarter = quarter_of(event.time)
    return Staged(arrival.tenant_id, key, payload, event, data, quarter, arrival.batch_id, arrival.received_at)


def payload_hash(type_: str, subject: str, data: Any) -> bytes:
    """The same for the same type, subject and values, however they were written down; the time is not in it."""
    payload = _of_place(type_, subject).copy()
    payload.update(_SORTED.encode(data))
    return payload.digest()


@lru_cache(maxsize=10_000)
def _of_place(type_: str, subject: str) -> blake2b:
    """All but the data, hashed: a subject has many events of a type."""
    return blake2b(msgspec.json.encode((type_, subject)), digest_size=16)
