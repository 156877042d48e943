"""Which periods have to close: their end and the time for collecting are over by their tenant's clock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, Engine

from services.usage.metering.watches import PeriodKey
from shared.statements import look

MOST = 1000


@dataclass(frozen=True, slots=True)
class DuePeriod:
    """`real` says that the tenant lives in real time."""

    key: PeriodKey
    subjects: tuple[str, ...]
    closes_at: datetime
    real: bool


def due_periods(engine: Engine, now: datetime) -> list[DuePeriod]:
    """The earliest ones; `now` is real time. Where a backfill is being counted they wait for it: it was accepted before."""
    rows = look(engine, _DUE, {"now": now, "most": MOST})
    return [
        DuePeriod(PeriodKey(tenant_id, period_id), tuple(subjects), closes_at, real)
        for tenant_id, period_id, subjects, closes_at, real in rows
    ]


def count(tx: Connection, tenant_id: UUID, now: datetime) -> int:
    """How many of a tenant's periods are due and not closed."""
    counted: int = tx.exec_driver_sql(_COUNT, {"tenant": tenant_id, "now": now}).scalar_one()
    return counted


_DUE = """
SELECT p.tenant_id, p.period_id, p.subjects, p.closes_at, false AS real
FROM test_clocks AS c JOIN usage_periods AS p
  ON p.tenant_id = c.tenant_id AND p.status = 'open' AND p.closes_at <= c.now
WHERE NOT EXISTS (SELECT 1 FROM backfills AS b WHERE b.tenant_id = p.tenant_id AND b.status = 'committing')
UNION ALL
SELECT p.tenant_id, p.period_id, p.subjects, p.closes_at, true
FROM usage_periods AS p WHERE p.status = 'open' AND p.closes_at <= %(now)s
  AND NOT EXISTS (SELECT 1 FROM test_clocks AS c WHERE c.tenant_id = p.tenant_id)
  AND NOT EXISTS (SELECT 1 FROM backfills AS b WHERE b.tenant_id = p.tenant_id AND b.status = 'committing')
ORDER BY closes_at LIMIT %(most)s"""

_COUNT = """
SELECT count(*) FROM usage_periods
WHERE tenant_id = %(tenant)s AND status = 'open' AND closes_at <= %(now)s"""
