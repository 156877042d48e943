"""Totals per period and group: added to, read, replaced."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import Connection

from services.usage.domain.event_key import digest_text
from services.usage.domain.tally import GroupTotal, Tallies
from services.usage.domain.values import EXACT
from services.usage.metering.watches import PeriodKey

Totals = tuple[GroupTotal, ...]


def add_to_totals(tx: Connection, added: Mapping[PeriodKey, Tallies]) -> None:
    """Sums add up; a unique count grows by the values that its set did not hold. Rows are locked in order of their ids."""
    new_uniques = _add_uniques(tx, added)
    rows = [
        {
            "tenant_id": key.tenant_id,
            "period_id": key.period_id,
            "group_key": group,
            "quantity": EXACT.add(tally.quantity, new_uniques.get((*key, group), 0)),
            "event_count": tally.count,
            "key_sum": str(int(digest_text(tally.key_sum), 16)),
        }
        for key, tallies in added.items()
        for group, tally in tallies.items()
    ]
    tx.exec_driver_sql(_ADD, {"rows": _json(rows)})


def _add_uniques(tx: Connection, added: Mapping[PeriodKey, Tallies]) -> dict[tuple[UUID, UUID, str], int]:
    rows = [
        (key.tenant_id, key.period_id, group, value)
        for key, tallies in added.items()
        for group, tally in tallies.items()
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
            digest = digest_text(int(row.key_sum))
            total = GroupTotal(row.group_key, row.quantity, row.event_count, digest)
            totals[PeriodKey(tenant_id, row.period_id)].append(total)
    return {key: tuple(sorted(groups, key=lambda total: total.group)) for key, groups in totals.items()}


def replace_totals(tx: Connection, key: PeriodKey, tallies: Tallies) -> None:
    for statement in (_FORGET, _FORGET_UNIQUES):
        tx.exec_driver_sql(statement, {"tenant": key.tenant_id, "period": key.period_id})
    add_to_totals(tx, {key: tallies})


def _json(rows: list[Any]) -> str:
    return msgspec.json.encode(rows).decode()


_ADD = """
INSERT INTO usage_totals AS t (tenant_id, period_id, group_key, quantity, event_count, key_sum)
SELECT tenant_id, period_id, group_key, quantity, event_count, key_sum FROM json_to_recordset(%(rows)s::json) AS row(
  tenant_id uuid, period_id uuid, group_key text, quantity numeric, event_count bigint, key_sum numeric)
ORDER BY tenant_id, period_id, group_key
ON CONFLICT (tenant_id, period_id, group_key) DO UPDATE SET
  quantity = t.quantity + excluded.quantity,
  event_count = t.event_count + excluded.event_count,
  key_sum = mod(t.key_sum + excluded.key_sum, 340282366920938463463374607431768211456)"""

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
SELECT period_id, group_key, quantity, event_count, key_sum FROM usage_totals
WHERE tenant_id = %(tenant)s AND period_id = ANY(%(periods)s)"""

_FORGET = "DELETE FROM usage_totals WHERE tenant_id = %(tenant)s AND period_id = %(period)s"
_FORGET_UNIQUES = "DELETE FROM usage_uniques WHERE tenant_id = %(tenant)s AND period_id = %(period)s"
