"""What was archived is not counted: whoever would read it is told, instead of a number that is too small."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Connection

from shared.errors import Conflict


class Archived(Conflict):
    """Events that the answer needs lie in an archive."""


def check_there(tx: Connection, tenant_id: UUID, type_: str, starts_at: datetime, ends_at: datetime) -> None:
    """All events of this type with starts_at <= time < ends_at are there until the end of this transaction. Raises
    Archived."""
    hold_events(tx)
    _refuse(archived_months(tx, tenant_id, type_, starts_at, ends_at))


def check_event_there(tx: Connection, tenant_id: UUID, key: bytes) -> None:
    """For an event that was not found. Raises Archived."""
    _refuse([row.month for row in tx.exec_driver_sql(_OF_KEYS, {"tenant": tenant_id, "keys": [key]})])


def hold_events(tx: Connection) -> None:
    """Nothing is archived until the end of this transaction. At a level with one snapshot, this has to come first."""
    tx.exec_driver_sql("LOCK TABLE ONLY usage_events IN ACCESS SHARE MODE")


def archived_months(tx: Connection, tenant_id: UUID, type_: str, starts_at: datetime, ends_at: datetime) -> list[date]:
    wanted = {"tenant": tenant_id, "type": type_, "starts_at": starts_at, "ends_at": ends_at}
    return [row.month for row in tx.exec_driver_sql(_TOUCHED, wanted)]


def archived_keys(tx: Connection, tenant_id: UUID, keys: Iterable[bytes]) -> set[bytes]:
    """Of the keys of events that are not there, those of archived ones."""
    return {row.key_hash for row in tx.exec_driver_sql(_OF_KEYS, {"tenant": tenant_id, "keys": list(keys)})}


def _refuse(months: Iterable[date]) -> None:
    if named := ", ".join(month.isoformat()[:7] for month in months):
        raise Archived(f"events that arrived in {named} are archived: have them restored, then ask again")


_TOUCHED = """
SELECT month FROM usage_archives
WHERE tenant_id = %(tenant)s AND %(type)s = ANY(types) AND first_event_at < %(ends_at)s AND last_event_at >= %(starts_at)s
ORDER BY month"""

_OF_KEYS = """
SELECT k.key_hash, a.month FROM usage_event_keys AS k
JOIN usage_archives AS a ON a.tenant_id = k.tenant_id AND a.month = date_trunc('month', k.received_at, 'UTC')::date
WHERE k.tenant_id = %(tenant)s AND k.key_hash = ANY(%(keys)s)"""
