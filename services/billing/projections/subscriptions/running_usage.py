"""What usage told of periods that are open: the last total of each day, and when it was told.

A total is overtaken by the next one within seconds, and by the closing for good, so none of them is an event. Each day can
be asked for later; of periods that are billed, after a while, each month.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

import msgspec
from sqlalchemy import Connection

from services.billing.domain.usage_period import PeriodTotal
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
    where = {"tenant": unit.tenant_id, "period": period_id, "day": on_day, "at": unit.now}
    told = run(unit.session.connection, _TELL, where | {"totals": msgspec.json.encode(totals).decode()}).fetchone()
    return told is not None and bool(told[0])


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
WHERE running_usage.told_at <= excluded.told_at
RETURNING (SELECT p.is_progressive FROM usage_periods p WHERE p.tenant_id = %(tenant)s AND p.period_id = %(period)s)"""

_TOLD = """
SELECT DISTINCT ON (period_id) period_id, told_at, totals::text FROM running_usage
WHERE tenant_id = %(tenant)s AND period_id = ANY(%(ids)s) AND told_at < %(until)s
ORDER BY period_id DESC, on_day DESC"""

# Both windows are in the order of the primary key.
_THIN = """
DELETE FROM running_usage r USING (
  SELECT tenant_id, period_id, on_day
  FROM (SELECT tenant_id, period_id, on_day, told_at, max(told_at) OVER (PARTITION BY tenant_id) AS last_told_at,
          lead(on_day) OVER (PARTITION BY tenant_id, period_id ORDER BY on_day) AS next_day
        FROM running_usage) AS told
  JOIN usage_periods p USING (tenant_id, period_id)
  WHERE p.status = 'closed' AND p.invoice_id IS NOT NULL AND told_at < last_told_at - %(kept)s
    AND date_trunc('month', next_day) = date_trunc('month', on_day)
  LIMIT %(most)s) AS gone
WHERE (r.tenant_id, r.period_id, r.on_day) = (gone.tenant_id, gone.period_id, gone.on_day)"""
