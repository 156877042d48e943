"""Totals per period and group: added to, read, replaced."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import Connection

from services.usage.domain.aggregation import finished
from services.usage.domain.event_key import digest_text
from services.usage.domain.tally import GroupTotal, PeriodTally
from services.usage.domain.values import EXACT
from services.usage.metering.levels import add_levels
from services.usage.metering.watches import PeriodKey

Totals = tuple[GroupTotal, ...]


def add_to_totals(tx: Connection, added: Mapping[PeriodKey, PeriodTally]) -> None:
    """Each quantity is merged by its aggregation; a unique count grows by the values that its set did not hold, a
    weighted sum by what its new levels change. Rows are locked in order of their ids."""
    new_uniques = _add_uniques(tx, added)
    rows = [
        {
            "tenant_id": key.tenant_id,
            "period_id": key.period_id,
            "group_key": group,
            "aggregation": tally.aggregation,
            "divide_by": period.meter.divide_by,
            "quantity": EXACT.add(tally.quantity, new_uniques.get((*key, group), 0)),
            "event_count": tally.count,
            "key_sum": str(int(digest_text(tally.key_sum), 16)),
            "latest_at": None if tally.latest is None else tally.latest[0],
            "latest_key": None if tally.latest is None else str(tally.latest[1]),
        }
        for key, period in added.items()
        for group, tally in period.groups.items()
    ]
    tx.exec_driver_sql(_ADD, {"rows": _json(rows)})
    add_levels(tx, added)


def _add_uniques(tx: Connection, added: Mapping[PeriodKey, PeriodTally]) -> dict[tuple[UUID, UUID, str], int]:
    rows = [
        (key.tenant_id, key.period_id, group, value)
        for key, period in added.items()
        for group, tally in period.groups.items()
        for value in tally.uniques
    ]
    if not rows:
        return {}
    counted = tx.exec_driver_sql(_ADD_UNIQUES, {"rows": _json(rows)})
    return {(row.tenant_id, row.period_id, row.group_key): row.added for row in counted}


def totals_of(tx: Connection, keys: Iterable[PeriodKey]) -> dict[PeriodKey, Totals]:
    """The totals of each period by group; none for a period without events."""
    totals: dict[PeriodKey, list[GroupTotal]] = {key: [] for key in keys}
    ids: dict[UUID, list[UUID]] = defaultdict(list)
    for tenant_id, period_id in totals:
        ids[tenant_id].append(period_id)
    for tenant_id, period_ids in ids.items():
        for row in tx.exec_driver_sql(_READ, {"tenant": tenant_id, "periods": period_ids}):
            totals[PeriodKey(tenant_id, row.period_id)].append(_total(row))
    return {key: tuple(sorted(groups, key=lambda total: total.group)) for key, groups in totals.items()}


def _total(row: Any) -> GroupTotal:
    quantity = finished(row.aggregation, row.divide_by, row.quantity, row.event_count)
    return GroupTotal(row.group_key, quantity, row.event_count, digest_text(int(row.key_sum)))


def forget_empty(tx: Connection, keys: Iterable[PeriodKey]) -> None:
    """A group of which all events were taken out is none; a level holds without any event."""
    for tenant_id, period_id in keys:
        tx.exec_driver_sql(_FORGET_EMPTY, {"tenant": tenant_id, "period": period_id})


def replace_totals(tx: Connection, key: PeriodKey, counted: PeriodTally) -> None:
    for table in ("usage_totals", "usage_uniques", "usage_levels"):
        forget = f"DELETE FROM {table} WHERE tenant_id = %(tenant)s AND period_id = %(period)s"  # noqa: S608
        tx.exec_driver_sql(forget, {"tenant": key.tenant_id, "period": key.period_id})
    add_to_totals(tx, {key: counted})


def _json(rows: list[Any]) -> str:
    return msgspec.json.encode(rows).decode()


_LATER = "(excluded.latest_at, excluded.latest_key) > (t.latest_at, t.latest_key)"
_ADD = f"""
INSERT INTO usage_totals AS t (tenant_id, period_id, group_key, aggregation, divide_by, quantity, event_count, key_sum,
  latest_at, latest_key)
SELECT tenant_id, period_id, group_key, aggregation, divide_by, quantity, event_count, key_sum, latest_at, latest_key
FROM json_to_recordset(%(rows)s::json) AS row(
  tenant_id uuid, period_id uuid, group_key text, aggregation text, divide_by numeric, quantity numeric,
  event_count bigint, key_sum numeric, latest_at timestamptz, latest_key numeric)
ORDER BY tenant_id, period_id, group_key
ON CONFLICT (tenant_id, period_id, group_key) DO UPDATE SET
  quantity = CASE t.aggregation
    WHEN 'min' THEN least(t.quantity, excluded.quantity)
    WHEN 'max' THEN greatest(t.quantity, excluded.quantity)
    WHEN 'latest' THEN CASE WHEN {_LATER} THEN excluded.quantity ELSE t.quantity END
    ELSE t.quantity + excluded.quantity END,
  event_count = t.event_count + excluded.event_count,
  key_sum = mod(t.key_sum + excluded.key_sum, 340282366920938463463374607431768211456),
  latest_at = greatest(t.latest_at, excluded.latest_at),
  latest_key = CASE WHEN {_LATER} THEN excluded.latest_key ELSE t.latest_key END"""  # noqa: S608 - a constant

_ADD_UNIQUES = """
WITH added AS (
  INSERT INTO usage_uniques (tenant_id, period_id, group_key, value)
  SELECT (row ->> 0)::uuid, (row ->> 1)::uuid, row ->> 2, row ->> 3
  FROM json_array_elements(%(rows)s::json) AS row
  ORDER BY 1, 2, 3, 4
  ON CONFLICT DO NOTHING
  RETURNING tenant_id, period_id, group_key
)
SELECT tenant_id, period_id, group_key, count(*) AS added FROM added GROUP BY 1, 2, 3"""

_READ = """
SELECT period_id, group_key, aggregation, divide_by, quantity, event_count, key_sum FROM usage_totals
WHERE tenant_id = %(tenant)s AND period_id = ANY(%(periods)s)"""

_FORGET_EMPTY = """
DELETE FROM usage_totals
WHERE tenant_id = %(tenant)s AND period_id = %(period)s AND event_count = 0 AND aggregation <> 'weighted_sum'"""
