"""Which open periods have thresholds, and which of those were told as crossed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from services.usage.domain.usage_period.state import Totals
from services.usage.domain.usage_period.thresholds import Thresholds, crossed_now
from services.usage.metering.watches import PeriodKey


@dataclass(frozen=True, slots=True)
class Watched:
    thresholds: Thresholds
    crossed: frozenset[Decimal]

    def is_moved(self, totals: Totals) -> bool:
        """Whether there is something to tell."""
        return bool(crossed_now(self.thresholds, self.crossed, totals))


def watched(tx: Connection) -> list[PeriodKey]:
    """Every open period with thresholds."""
    return [PeriodKey(row.tenant_id, row.period_id) for row in tx.exec_driver_sql(_ALL)]


def locked(tx: Connection, tenant_id: UUID, period_ids: Sequence[UUID]) -> dict[PeriodKey, Watched]:
    """Those of these periods that are open and have thresholds, until the end of this transaction for nobody else.

    Totals that are read after it are of all that was committed before: of two who look, the later one sees more.
    """
    rows = tx.exec_driver_sql(_LOCKED, {"tenant": tenant_id, "periods": list(period_ids)})
    return {
        PeriodKey(tenant_id, row.period_id): Watched(_thresholds(row), frozenset(row.thresholds_crossed))
        for row in rows
    }


def before(
    tx: Connection, tenant_id: UUID, *, subscription_id: UUID, charge: str, meter: str, starts_at: datetime
) -> Thresholds | None:
    """Those of the latest period of a charge that starts before an instant."""
    wanted = {"tenant": tenant_id, "subscription": subscription_id, "charge": charge, "meter": meter, "at": starts_at}
    row = tx.exec_driver_sql(_BEFORE, wanted).first()
    return None if row is None or row.threshold_of is None else _thresholds(row)


def _thresholds(row: Any) -> Thresholds:
    return Thresholds(of=row.threshold_of, percents=tuple(row.threshold_percents))


_ALL = "SELECT tenant_id, period_id FROM usage_periods WHERE status = 'open' AND threshold_of IS NOT NULL"

_LOCKED = """
SELECT period_id, threshold_of, threshold_percents, thresholds_crossed FROM usage_periods
WHERE tenant_id = %(tenant)s AND period_id = ANY(%(periods)s) AND status = 'open' AND threshold_of IS NOT NULL
ORDER BY period_id FOR UPDATE"""

_BEFORE = """
SELECT threshold_of, threshold_percents FROM usage_periods
WHERE tenant_id = %(tenant)s AND subscription_id = %(subscription)s AND starts_at < %(at)s AND charge = %(charge)s
  AND meter = %(meter)s
ORDER BY starts_at DESC LIMIT 1"""
