"""What usage told of periods that are open: the last total of each day, and when it was told.

A total is overtaken by the next one within seconds, and by the closing for good, so none of them is an event.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

import msgspec

from services.billing.domain.usage_period import PeriodTotal
from shared.statements import run
from shared.unit_of_work import UnitOfWork

_totals = msgspec.json.Decoder(tuple[PeriodTotal, ...])


@dataclass(frozen=True, slots=True)
class RunningTotal:
    told_at: datetime
    totals: tuple[PeriodTotal, ...]


def tell(unit: UnitOfWork, period_id: UUID, totals: Sequence[PeriodTotal], on_day: date) -> None:
    """It takes the place of what was told of the period on that day; nothing that was decided waits for it."""
    where = {"tenant": unit.tenant_id, "period": period_id, "day": on_day, "at": unit.now}
    run(unit.session.connection, _TELL, where | {"totals": msgspec.json.encode(totals).decode()})


def told_before(unit: UnitOfWork, until: datetime, period_ids: Iterable[UUID]) -> dict[UUID, RunningTotal]:
    """The last total of each period that was told by then; none where nothing was."""
    where = {"tenant": unit.tenant_id, "until": until, "ids": list(period_ids)}
    return {id_: RunningTotal(at, _totals.decode(totals)) for id_, at, totals in run(unit.tx, _TOLD, where)}


_TELL = """
INSERT INTO running_usage (tenant_id, period_id, on_day, told_at, totals)
VALUES (%(tenant)s, %(period)s, %(day)s, %(at)s, %(totals)s::jsonb)
ON CONFLICT (tenant_id, period_id, on_day) DO UPDATE SET told_at = excluded.told_at, totals = excluded.totals
WHERE running_usage.told_at <= excluded.told_at"""

_TOLD = """
SELECT DISTINCT ON (period_id) period_id, told_at, totals::text FROM running_usage
WHERE tenant_id = %(tenant)s AND period_id = ANY(%(ids)s) AND told_at < %(until)s
ORDER BY period_id DESC, on_day DESC"""
