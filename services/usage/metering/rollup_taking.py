"""Events that were there before a meter, or one of its versions, was rolled up are taken over page by page."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Engine

from services.usage.domain.aggregation import ROLLED
from services.usage.metering.archived import hold_events
from services.usage.metering.locks import share_periods, take_periods
from services.usage.metering.rollups import RolledMeter, add_to_rollups, rolled_meters, rolled_parts
from services.usage.metering.stored_events import StoredEvent, events_by_position

A_PAGE = 10_000
A_SWEEP = 10_000


@dataclass(frozen=True, slots=True)
class TakingOver:
    """Each step is one transaction: whoever dies in it has done nothing of it, and any worker goes on."""

    engine: Engine
    page: int = A_PAGE

    def step(self) -> int:
        """How many events or rows it looked at, or how many meters it began with."""
        with self.engine.begin() as tx:
            return _begin(tx) or _take_page(tx, self.page) or _forget(tx)


def _begin(tx: Connection) -> int:
    """From here on what is metered is added to the new versions; what is stored already is left to the pages."""
    row = tx.exec_driver_sql(_NEW, {"aggregations": sorted(ROLLED)}).first()
    if row is None:
        return 0
    take_periods(tx, row.tenant_id)  # nothing is on its way into the events of this tenant
    hold_events(tx)  # or to an archive
    return tx.exec_driver_sql(_BEGIN, {"tenant": row.tenant_id, "aggregations": sorted(ROLLED)}).rowcount


def _take_page(tx: Connection, size: int) -> int:
    tenant_id: UUID | None = tx.exec_driver_sql(_TENANT).scalar()
    if tenant_id is None or not tx.exec_driver_sql(_ALONE, {"tenant": str(tenant_id)}).scalar():
        return 0
    share_periods(tx, [tenant_id])  # nothing is corrected meanwhile
    row = tx.exec_driver_sql(_TO_DO, {"tenant": tenant_id}).first()
    return 0 if row is None else _take(tx, tenant_id, row, size)


def _take(tx: Connection, tenant_id: UUID, row: Any, size: int) -> int:
    page = events_by_position(tx, tenant_id, row.done_position, row.until_position, size)
    done = page.last if page.last is not None else row.until_position
    together = [rolled for rolled in rolled_meters(tx, [tenant_id]) if _is_at(rolled, row)]
    by_type: dict[str, list[StoredEvent]] = defaultdict(list)
    for type_, event in page.events:
        by_type[type_].append(event)
    add_to_rollups(tx, ((rolled, rolled_parts(rolled, by_type[rolled.meter.event_type])) for rolled in together))
    tx.exec_driver_sql(_DONE, {"tenant": tenant_id, "from": row.done_position, "until": row.until_position, "to": done})
    return max(len(page.events), 1)


def _is_at(rolled: RolledMeter, row: Any) -> bool:
    """Versions that began together are taken over together."""
    return (rolled.done, rolled.until) == (row.done_position, row.until_position)


def _forget(tx: Connection) -> int:
    """The hours of a version that is no longer current: nobody asks for them."""
    row = tx.exec_driver_sql(_OLD).mappings().first()
    if row is None:
        return 0
    take_periods(tx, row["tenant_id"])  # nothing is added to them meanwhile
    swept = tx.exec_driver_sql(_SWEEP, {**row, "size": A_SWEEP}).rowcount
    if swept < A_SWEEP:
        tx.exec_driver_sql(_FORGET, dict(row))
    return max(swept, 1)


_CURRENT = """
SELECT DISTINCT ON (tenant_id, slug) tenant_id, slug, version, event_type, definition ->> 'aggregation' AS aggregation
FROM usage_meters {of} ORDER BY tenant_id, slug, version DESC"""

_UNROLLED = """
SELECT m.tenant_id, m.slug, m.version, m.event_type FROM ({current}) AS m
WHERE m.aggregation = ANY(%(aggregations)s) AND NOT EXISTS (
  SELECT 1 FROM usage_rolled_meters AS r
  WHERE r.tenant_id = m.tenant_id AND r.meter = m.slug AND r.meter_version = m.version)"""

_NEW = _UNROLLED.format(current=_CURRENT.format(of="")) + " ORDER BY 1 LIMIT 1"

# Hours up to the last one of which there are archived events would be rolled up without them.
_BEGIN = f"""
INSERT INTO usage_rolled_meters (tenant_id, meter, meter_version, done_position, until_position, complete_from)
SELECT n.tenant_id, n.slug, n.version, 0,
  coalesce((SELECT max(position) FROM usage_events WHERE tenant_id = %(tenant)s), 0),
  (SELECT date_trunc('hour', max(last_event_at), 'UTC') + interval '1 hour' FROM usage_archives
   WHERE tenant_id = %(tenant)s AND n.event_type = ANY(types))
FROM ({_UNROLLED.format(current=_CURRENT.format(of="WHERE tenant_id = %(tenant)s"))}) AS n
ON CONFLICT DO NOTHING"""  # noqa: S608 - constants

_TENANT = "SELECT tenant_id FROM usage_rolled_meters WHERE done_position < until_position ORDER BY tenant_id LIMIT 1"

# One worker a tenant.
_ALONE = "SELECT pg_try_advisory_xact_lock(hashtextextended(%(tenant)s, 13))"

_TO_DO = """
SELECT done_position, until_position FROM usage_rolled_meters
WHERE tenant_id = %(tenant)s AND done_position < until_position ORDER BY until_position, done_position LIMIT 1"""

_DONE = """
UPDATE usage_rolled_meters SET done_position = %(to)s
WHERE tenant_id = %(tenant)s AND done_position = %(from)s AND until_position = %(until)s"""

_OLD = """
SELECT r.tenant_id, r.meter, r.meter_version FROM usage_rolled_meters AS r
WHERE EXISTS (
  SELECT 1 FROM usage_meters AS m
  WHERE m.tenant_id = r.tenant_id AND m.slug = r.meter AND m.version > r.meter_version)
ORDER BY 1, 2, 3 LIMIT 1"""

_OF = "tenant_id = %(tenant_id)s AND meter = %(meter)s AND meter_version = %(meter_version)s"

_SWEEP = f"""
DELETE FROM usage_rollups WHERE ctid = ANY(ARRAY(SELECT ctid FROM usage_rollups WHERE {_OF} LIMIT %(size)s))"""  # noqa: S608

_FORGET = f"DELETE FROM usage_rolled_meters WHERE {_OF}"  # noqa: S608
