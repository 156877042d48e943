"""Archived events and their keys, loaded again as they were."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from services.usage.metering import months

Keyed = tuple[bytes, bytes, int, datetime]


def make_month(tx: Connection, month: date) -> None:
    months.make_month(tx, datetime(month.year, month.month, 1, tzinfo=UTC))


def load_events(tx: Connection, tenant_id: UUID, events: Iterable[Any]) -> None:
    """JSON travels as its text, digit for digit."""
    types = ["uuid", "int8", "text", "text", "text", "text", "timestamptz", "bytea", "uuid", "timestamptz"]
    rows = ((tenant_id, *e[:6], e[6].encode(), UUID(e[7]), e[8]) for e in events)
    _copy(tx, _COPY_EVENTS, types, rows)


def load_keys(tx: Connection, tenant_id: UUID, keys: Iterable[Keyed]) -> None:
    """Those that are not there."""
    tx.exec_driver_sql(_KEYS_TABLE)
    _copy(tx, _COPY_KEYS, ["uuid", "bytea", "bytea", "int8", "timestamptz"], ((tenant_id, *key) for key in keys))
    tx.exec_driver_sql(_ADD_KEYS)
    tx.exec_driver_sql("DROP TABLE restored_keys")


def _copy(tx: Connection, statement: str, types: list[str], rows: Iterable[tuple[Any, ...]]) -> None:
    driver = tx.connection.driver_connection
    assert driver is not None
    with driver.cursor() as cursor, cursor.copy(statement) as copy:
        copy.set_types(types)
        for row in rows:
            copy.write_row(row)


_COPY_EVENTS = """
COPY usage_events (tenant_id, position, source, id, type, subject, time, data, batch_id, received_at)
FROM STDIN (FORMAT BINARY)"""

_KEYS_TABLE = """
CREATE TEMPORARY TABLE restored_keys (LIKE usage_event_keys) ON COMMIT DROP"""

_COPY_KEYS = """
COPY restored_keys (tenant_id, key_hash, payload_hash, position, received_at) FROM STDIN (FORMAT BINARY)"""

_ADD_KEYS = """
INSERT INTO usage_event_keys (tenant_id, key_hash, payload_hash, position, received_at)
SELECT tenant_id, key_hash, payload_hash, position, received_at FROM restored_keys ORDER BY tenant_id, key_hash
ON CONFLICT DO NOTHING"""
