"""Backfills as they stand, with how far each is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, RowMapping, Select, select

from services.usage.domain.backfill import (
    BackfillAccepted,
    BackfillCommitted,
    BackfillDiscarded,
    BackfillNotFound,
    BackfillOpened,
)
from services.usage.tables import backfill_changes, backfill_loads, backfill_progress, backfill_rejected, backfills
from services.usage.tables import usage_periods as periods
from shared.event_store import Recorded


def project(tx: Connection, recorded: Sequence[Recorded]) -> None:
    for entry in recorded:
        key = {"tenant": entry.tenant_id, "backfill": entry.stream_id, "at": entry.cause.occurred_at}
        match entry.event:
            case BackfillOpened(name=name):
                tx.exec_driver_sql(_OPENED, key | {"name": name})
            case BackfillAccepted():
                tx.exec_driver_sql(_ACCEPTED, key)
            case BackfillCommitted():
                tx.exec_driver_sql(_ENDED, key | {"status": "committed"})
            case BackfillDiscarded():
                tx.exec_driver_sql(_ENDED, key | {"status": "discarded"})


def of_tenant(tenant_id: UUID, status: str | None = None) -> Select[Any]:
    """Each with its progress; none of it where it ended long ago."""
    on = (backfill_progress.c.tenant_id == backfills.c.tenant_id) & (
        backfill_progress.c.backfill_id == backfills.c.backfill_id
    )
    progress = [column for column in backfill_progress.c if column.key not in ("tenant_id", "backfill_id")]
    found = select(*backfills.c, *progress).select_from(backfills.outerjoin(backfill_progress, on))
    found = found.where(backfills.c.tenant_id == tenant_id)
    return found if status is None else found.where(backfills.c.status == status)


def get(tx: Connection, tenant_id: UUID, backfill_id: UUID) -> RowMapping:
    """Raises BackfillNotFound."""
    row = tx.execute(of_tenant(tenant_id).where(backfills.c.backfill_id == backfill_id)).mappings().first()
    if row is None:
        raise BackfillNotFound("no such backfill")
    return row


def loads(tenant_id: UUID, backfill_id: UUID) -> Select[Any]:
    table = backfill_loads.c
    return select(backfill_loads).where(table.tenant_id == tenant_id, table.backfill_id == backfill_id)


def rejected(tenant_id: UUID, backfill_id: UUID) -> Select[Any]:
    table = backfill_rejected.c
    return select(backfill_rejected).where(table.tenant_id == tenant_id, table.backfill_id == backfill_id)


def changes(tenant_id: UUID, backfill_id: UUID) -> Select[Any]:
    """What the last preview saw, with whose periods they are."""
    table = backfill_changes.c
    on = (periods.c.tenant_id == table.tenant_id) & (periods.c.period_id == table.period_id)
    named = (periods.c.subscription_id, periods.c.subjects, periods.c.charge, periods.c.meter, periods.c.status)
    found = select(backfill_changes, *named).select_from(backfill_changes.join(periods, on))
    return found.where(table.tenant_id == tenant_id, table.backfill_id == backfill_id)


def counted(tx: Connection) -> Sequence[Row[Any]]:
    """An accepted one, of any tenant, of which no row is left to count, nor under way; others pass over it."""
    return tx.exec_driver_sql(_COUNTED).all()


def count_under_way(tx: Connection, tenant_id: UUID) -> int:
    """Of a tenant, open or being counted; nobody else opens one of it until the end of this transaction."""
    tx.exec_driver_sql(_LOCK, {"tenant": str(tenant_id)})
    counted: int = tx.exec_driver_sql(_UNDER_WAY, {"tenant": tenant_id}).scalar_one()
    return counted


def count_unsettled(tx: Connection, tenant_id: UUID) -> int:
    """How many of a tenant's wait for a worker."""
    counted: int = tx.exec_driver_sql(_UNSETTLED, {"tenant": tenant_id}).scalar_one()
    return counted


def pending_rows(tx: Connection, tenant_id: UUID) -> int:
    """Rows that were accepted for counting and are not counted yet."""
    return int(tx.exec_driver_sql(_PENDING, {"tenant": tenant_id}).scalar_one())


_OPENED = """
INSERT INTO backfills (tenant_id, backfill_id, name, status, opened_at)
VALUES (%(tenant)s, %(backfill)s, %(name)s, 'open', %(at)s)"""

_ACCEPTED = """
UPDATE backfills SET status = 'committing', accepted_at = %(at)s
WHERE tenant_id = %(tenant)s AND backfill_id = %(backfill)s"""

_ENDED = """
UPDATE backfills SET status = %(status)s, ended_at = %(at)s
WHERE tenant_id = %(tenant)s AND backfill_id = %(backfill)s"""

_COUNTED = """
SELECT tenant_id, backfill_id, accepted_at FROM backfills AS b
WHERE status = 'committing' AND NOT EXISTS (
  SELECT 1 FROM backfill_chunks AS c WHERE c.tenant_id = b.tenant_id AND c.backfill_id = b.backfill_id)
ORDER BY accepted_at LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED"""

_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended(%(tenant)s, 13))"

_UNDER_WAY = """
SELECT count(*) FROM backfills WHERE tenant_id = %(tenant)s AND status IN ('open', 'committing')"""

_UNSETTLED = """
SELECT (SELECT count(*) FROM backfills WHERE tenant_id = %(tenant)s AND status = 'committing')
  + (SELECT count(*) FROM backfill_progress WHERE tenant_id = %(tenant)s AND preview_asked_at IS NOT NULL)"""

_PENDING = """
SELECT coalesce(sum(p.staged_rows - p.done_rows), 0) FROM backfills AS b JOIN backfill_progress AS p
  ON p.tenant_id = b.tenant_id AND p.backfill_id = b.backfill_id
WHERE b.tenant_id = %(tenant)s AND b.status = 'committing'"""
