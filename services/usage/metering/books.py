"""What has to agree in usage: the totals of periods, their events counted again, and what came; a place for each month."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection

from services.usage.metering.archived import hold_events
from services.usage.metering.months import missing_months
from services.usage.metering.period_counts import disagreeing
from services.usage.metering.periods import recount
from services.usage.metering.watches import PeriodKey
from shared.books import Check
from shared.clock import real_now

SAMPLE, MANY = 20, 1000


def _totals(tx: Connection) -> int:
    """Of some closed periods, others each time: a full count reads every event there is. What is archived is not counted."""
    hold_events(tx)
    keys = [PeriodKey(row.tenant_id, row.period_id) for row in tx.exec_driver_sql(_SAMPLE, {"size": SAMPLE})]
    return sum(_differs(tx, key) for key in keys)


def _differs(tx: Connection, key: PeriodKey) -> bool:
    """The savepoint gives back the lock that metering waits for."""
    savepoint = tx.begin_nested()
    differs = recount(tx, key).differs
    savepoint.rollback()
    return differs


def _statements(tx: Connection) -> int:
    return disagreeing(tx, MANY)


def _months(tx: Connection) -> int:
    """This month and the next that have no place."""
    return len(missing_months(tx, real_now()))


CHECKS: Mapping[str, Check] = {"usage_totals": _totals, "usage_statements": _statements, "usage_months": _months}

_SAMPLE = """
SELECT p.tenant_id, p.period_id FROM usage_periods AS p
JOIN usage_meters AS m ON m.tenant_id = p.tenant_id AND m.slug = p.meter AND m.version = p.meter_version
WHERE p.status <> 'open' AND NOT EXISTS (
  SELECT FROM usage_archives AS a WHERE a.tenant_id = p.tenant_id AND m.event_type = ANY(a.types)
    AND a.first_event_at < p.ends_at
    AND (a.last_event_at >= p.starts_at OR m.definition ->> 'aggregation' = 'weighted_sum'))
ORDER BY random() LIMIT %(size)s"""
