"""What usage told of periods that are open: the last total of each day, and when it was told.

A total is overtaken by the next one within seconds, and by the closing for good, so none of them is an event. Each day can
be asked for later; of periods that are billed, after a while, each month.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
from psycopg import Cursor
from sqlalchemy import Connection

from services.billing.domain.period_total import PeriodTotal
from shared.statements import run
from shared.unit_of_work import UnitOfWork

KEPT = timedelta(days=62)
AT_ONCE = 100_000

_totals = msgspec.json.Decoder(tuple[PeriodTotal, ...])


@dataclass(frozen=True, slots=True)
class RunningTotal:
    told_at: datetime
    totals: tuple[PeriodTotal, ...]


def tell(unit: UnitOfWork, period_id: UUID, totals: Sequence[PeriodTotal], on_day: date) -> bool:
    """It takes the place of what was told of the period on that day. Whether it is new, and may be billed at once."""
    return _is_progressive(run(unit.session.connection, _TELL, _told(unit, period_id, totals, on_day)))


def tell_part(
    unit: UnitOfWork, period_id: UUID, totals: Sequence[PeriodTotal], on_day: date, *, part: int, parts: int
) -> bool:
    """Of parts that come one behind the other, from 1. Until the last one is there nothing is told of the day. Whether it is
    the last of what is new, and may be billed at once."""
    told = _told(unit, period_id, totals, on_day)
    rows = run(unit.session.connection, _BEGIN if part == 1 else _GO_ON, told | {"is_last": part == parts})
    return part == parts and _is_progressive(rows)


def _is_progressive(rows: Cursor[Any]) -> bool:
    return any(row[0] for row in rows.fetchall())


def _told(unit: UnitOfWork, period_id: UUID, totals: Sequence[PeriodTotal], on_day: date) -> dict[str, Any]:
    where = {"tenant": unit.tenant_id, "period": period_id, "day": on_day, "at": unit.now}
    return where | {"totals": msgspec.json.encode(totals).decode()}


def told_before(unit: UnitOfWork, until: datetime, period_ids: Iterable[UUID]) -> dict[UUID, RunningTotal]:
    """The last total of each period that was told by then; none where nothing was."""
    where = {"tenant": unit.tenant_id, "until": until, "ids": list(period_ids)}
    return {id_: RunningTotal(at, _totals.decode(totals)) for id_, at, totals in run(unit.tx, _TOLD, where)}


def thin(tx: Connection) -> int:
    """Of periods that are closed and billed only the last total of each month stays, and all that was told within `KEPT`
    before the last that usage told the tenant. Returns how many rows are gone, at most `AT_ONCE`."""
    return run(tx, _THIN, {"kept": KEPT, "most": AT_ONCE}).rowcount


_TELL = """
INSERT INTO running_usage (tenant_id, period_id, on_day, told_at, totals)
VALUES (%(tenant)s, %(period)s, %(day)s, %(at)s, %(totals)s::jsonb)
ON CONFLICT (tenant_id, period_id, on_day) DO UPDATE SET told_at = excluded.told_at, totals = excluded.totals
WHERE running_usage.told_at <= excluded.told_at OR running_usage.told_at = 'infinity'
RETURNING (SELECT p.is_progressive FROM usage_periods p WHERE p.tenant_id = %(tenant)s AND p.period_id = %(period)s)"""

# What is told in parts is told at no time yet.
_BEGIN = """
INSERT INTO running_usage (tenant_id, period_id, on_day, told_at, totals)
VALUES (%(tenant)s, %(period)s, %(day)s, 'infinity', %(totals)s::jsonb)
ON CONFLICT (tenant_id, period_id, on_day) DO UPDATE SET told_at = excluded.told_at, totals = excluded.totals
WHERE running_usage.told_at <= %(at)s OR running_usage.told_at = 'infinity'
RETURNING false"""

_GO_ON = """
UPDATE running_usage
SET totals = totals || %(totals)s::jsonb, told_at = CASE WHEN %(is_last)s THEN %(at)s ELSE 'infinity' END
WHERE tenant_id = %(tenant)s AND period_id = %(period)s AND on_day = %(day)s AND told_at = 'infinity'
RETURNING (SELECT p.is_progressive FROM usage_periods p WHERE p.tenant_id = %(tenant)s AND p.period_id = %(period)s)"""

_TOLD = """
SELECT DISTINCT ON (period_id) period_id, told_at, totals::text FROM running_usage
WHERE tenant_id = %(tenant)s AND period_id = ANY(%(ids)s) AND told_at < %(until)s
ORDER BY period_id DESC, on_day DESC"""

# Both windows are in the order of the primary key.
_THIN = """
DELETE FROM running_usage r USING (
  SELECT tenant_id, period_id, on_day
  FROM (SELECT tenant_id, period_id, on_day, told_at,
          max(nullif(told_at, 'infinity')) OVER (PARTITION BY tenant_id) AS last_told_at,
          lead(on_day) OVER (PARTITION BY tenant_id, period_id ORDER BY on_day) AS next_day
        FROM running_usage) AS told
  JOIN usage_periods p USING (tenant_id, period_id)
  WHERE p.status = 'closed' AND p.invoice_id IS NOT NULL AND told_at < last_told_at - %(kept)s
    AND date_trunc('month', next_day) = date_trunc('month', on_day)
  LIMIT %(most)s) AS gone
WHERE (r.tenant_id, r.period_id, r.on_day) = (gone.tenant_id, gone.period_id, gone.on_day)"""
