"""The levels behind weighted sums: each value with its instant, and what new ones change in the integral."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from sqlalchemy import Connection

from services.usage.domain.aggregation import Level
from services.usage.domain.tally import PeriodTally
from services.usage.metering.watches import PeriodKey


def add_levels(tx: Connection, added: Mapping[PeriodKey, PeriodTally]) -> None:
    """Only what follows the earliest new level is weighed again. The caller holds the locks of the groups' totals."""
    touched = [
        {
            "tenant_id": key.tenant_id,
            "period_id": key.period_id,
            "group_key": group,
            "starts_at": period.starts_at,
            "ends_at": period.ends_at,
            "earliest": min(level.time for level in tally.levels),
            "levels": [_row(level) for level in tally.levels],
        }
        for key, period in added.items()
        for group, tally in period.groups.items()
        if tally.levels
    ]
    if not touched:
        return
    rows = {"rows": msgspec.json.encode(touched).decode()}
    tx.exec_driver_sql(_WEIGH.format(sign="-"), rows)
    tx.exec_driver_sql(_INSERT, rows)
    tx.exec_driver_sql(_WEIGH.format(sign="+"), rows)


def _row(level: Level) -> dict[str, Any]:
    return {"time": level.time, "key": str(level.key), "value": level.value}


_GROUPS = """
json_to_recordset(%(rows)s::json) AS g(
  tenant_id uuid, period_id uuid, group_key text, starts_at timestamptz, ends_at timestamptz, earliest timestamptz,
  levels json)"""

_INSERT = f"""
INSERT INTO usage_levels (tenant_id, period_id, group_key, time, key, value)
SELECT g.tenant_id, g.period_id, g.group_key, l.time, l.key, l.value
FROM {_GROUPS} CROSS JOIN json_to_recordset(g.levels) AS l(time timestamptz, key numeric, value numeric)
ON CONFLICT DO NOTHING"""  # noqa: S608 - a constant

# From the level that holds at the earliest new one to the end: taken off before, added after the insert.
_WEIGH = f"""
UPDATE usage_totals AS t SET quantity = t.quantity {{sign}} w.area
FROM (
  SELECT g.tenant_id, g.period_id, g.group_key, sum(
    l.value * extract(epoch FROM least(l.until, g.ends_at) - greatest(l.time, g.starts_at))) AS area
  FROM {_GROUPS} CROSS JOIN LATERAL (
    SELECT time, value, lead(time, 1, g.ends_at) OVER (ORDER BY time, key) AS until FROM usage_levels AS level
    WHERE (level.tenant_id, level.period_id, level.group_key) = (g.tenant_id, g.period_id, g.group_key)
      AND level.time >= coalesce((
        SELECT max(time) FROM usage_levels AS before
        WHERE (before.tenant_id, before.period_id, before.group_key) = (g.tenant_id, g.period_id, g.group_key)
          AND before.time < g.earliest), g.earliest)
  ) AS l
  WHERE l.until > g.starts_at
  GROUP BY 1, 2, 3
) AS w
WHERE (t.tenant_id, t.period_id, t.group_key) = (w.tenant_id, w.period_id, w.group_key)"""  # noqa: S608 - a constant
