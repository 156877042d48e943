"""What of a partition may go to an archive, what stands against that, and how it leaves: noted and gone at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
from sqlalchemy import Connection

from services.usage.domain.aggregation import ROLLED
from services.usage.domain.cloud_event import OLDEST
from services.usage.metering.months import following

BEFORE_ALL = "usage_events_before"  # where tables that were filled before there were months have their events
ROWS_AT_ONCE = 2_000
# An event may say that it happens some minutes after it arrives.
MEMORY = OLDEST + timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Choice:
    """The rows of a partition that arrived before `before`, but for those that are still needed: of types that a meter
    holds levels of, however long ago; unmatched ones; those of tenants whose test clock was there after `kept`."""

    partition: str
    before: datetime
    kept_months: int

    @property
    def named(self) -> dict[str, Any]:
        return {"before": self.before, "kept": self.kept_months}


class Slice(NamedTuple):
    """The chosen events of a tenant and month: how many they are, and the sum of their positions, which nothing that is
    added or taken away leaves as it was."""

    tenant_id: UUID
    month: datetime
    rows: int
    positions: Decimal
    types: list[str]
    first: datetime
    last: datetime


def partitions(tx: Connection, before: datetime, now: datetime) -> list[str]:
    """Those to archive from, the earliest first. In the one before all months rows may stay, so it need only be past."""
    rows = tx.exec_driver_sql(_PARTITIONS, {"before": before, "now": now, "all": BEFORE_ALL})
    return [row.name for row in rows]


def slices(tx: Connection, choice: Choice) -> list[Slice]:
    return [Slice(*row) for row in tx.exec_driver_sql(_SLICES.format(table=choice.partition), choice.named)]


def events(tx: Connection, choice: Choice, of: Slice) -> Iterator[Any]:
    """In the order of their positions, some thousands in memory at a time."""
    named = {**choice.named, "tenant": of.tenant_id, "from": of.month, "to": following(of.month)}
    options = {"stream_results": True, "max_row_buffer": ROWS_AT_ONCE}
    statement = _EVENTS.format(table=choice.partition)
    return (tuple(row) for row in tx.exec_driver_sql(statement, named, execution_options=options))


def objections(tx: Connection, found: Sequence[Slice]) -> list[str]:
    """Why these events have to stay for now."""
    rows = [each._asdict() for each in found]
    named = {"rows": msgspec.json.encode(rows).decode(), "rolled": sorted(ROLLED)}
    told = tx.exec_driver_sql(_OBJECTIONS, named)
    return [f"{row.month} of tenant {row.tenant_id}: {row.why}" for row in told]


def hold_still(tx: Connection, choice: Choice) -> None:
    """Nothing is added to the partition until the end of this transaction; others go on."""
    tx.exec_driver_sql(f"LOCK TABLE partitions.{choice.partition} IN SHARE MODE")


def take_away(tx: Connection, choice: Choice) -> None:
    """The partition goes; what was not chosen stays in a smaller one of the same name."""
    name = choice.partition
    bounds, condition = tx.exec_driver_sql(_BOUNDS, {"name": name}).one()
    for statement in _SPLIT:
        tx.exec_driver_sql(statement.format(name=name, condition=condition), choice.named)
    rows_stay = tx.exec_driver_sql(f"SELECT FROM partitions.{name}_staying LIMIT 1").first() is not None
    tx.exec_driver_sql(f"ALTER TABLE usage_events DETACH PARTITION partitions.{name}")
    tx.exec_driver_sql(f"DROP TABLE partitions.{name}")
    if rows_stay or name == BEFORE_ALL:
        tx.exec_driver_sql(f"ALTER TABLE partitions.{name}_staying RENAME TO {name}")
        tx.exec_driver_sql(f"ALTER TABLE usage_events ATTACH PARTITION partitions.{name} {bounds}")
        tx.exec_driver_sql(f"ALTER TABLE partitions.{name} DROP CONSTRAINT staying")
    else:
        tx.exec_driver_sql(f"DROP TABLE partitions.{name}_staying")


def note(tx: Connection, of: Slice, *, digest: str, file: str, sha256: str, at: datetime) -> None:
    named = {**of._asdict(), "digest": digest, "file": file, "sha256": sha256, "at": at}
    tx.exec_driver_sql(_NOTE, named)


def noted(tx: Connection, month: date, tenant_id: UUID | None) -> list[Any]:
    """What was archived of a month, of one tenant or all."""
    return list(tx.exec_driver_sql(_NOTED, {"month": month, "tenant": tenant_id}))


def forget_note(tx: Connection, tenant_id: UUID, month: date) -> bool:
    return bool(tx.exec_driver_sql(_FORGET_NOTE, {"tenant": tenant_id, "month": month}).rowcount)


def with_old_keys(tx: Connection, now: datetime) -> list[Any]:
    """Archived months of which nothing can be repeated any more, by their tenants' clocks."""
    return list(tx.exec_driver_sql(_WITH_OLD_KEYS, {"now": now, "memory": MEMORY}))


def forget_keys(tx: Connection, tenant_id: UUID, month: date, now: datetime) -> int:
    named = {"tenant": tenant_id, "month": month, "now": now}
    forgotten = tx.exec_driver_sql(_FORGET_KEYS, named).rowcount
    tx.exec_driver_sql(_KEYS_FORGOTTEN, named)
    return forgotten


_PARTITIONS = """
SELECT name FROM usage_event_partitions
WHERE ends_at <= %(before)s OR (name = %(all)s AND ends_at <= date_trunc('month', %(now)s::timestamptz, 'UTC'))
ORDER BY starts_at"""

_CHOSEN = """
e.received_at < %(before)s
  AND NOT EXISTS (
    SELECT FROM usage_meters AS m WHERE m.tenant_id = e.tenant_id AND m.event_type = e.type
      AND m.definition ->> 'aggregation' = 'weighted_sum')
  AND NOT EXISTS (SELECT FROM usage_unmatched AS u WHERE u.tenant_id = e.tenant_id AND u.position = e.position)
  AND NOT EXISTS (
    SELECT FROM test_clocks AS c WHERE c.tenant_id = e.tenant_id
      AND e.received_at >= c.now - make_interval(months => %(kept)s))"""

_SLICES = f"""
SELECT tenant_id, month, sum(count)::bigint, sum(positions), array_agg(type ORDER BY type),
  min(first), max(last)
FROM (
  SELECT tenant_id, date_trunc('month', received_at, 'UTC') AS month, type, count(*) AS count,
    sum(position) AS positions, min(time) AS first, max(time) AS last
  FROM partitions.{{table}} AS e WHERE {_CHOSEN} GROUP BY 1, 2, 3
) AS of_type GROUP BY 1, 2 ORDER BY 2, 1"""  # noqa: S608 - names come from the catalogue

_EVENTS = f"""
SELECT position, source, id, type, subject, time, data::text, batch_id::text, received_at
FROM partitions.{{table}} AS e
WHERE tenant_id = %(tenant)s AND received_at >= %(from)s AND received_at < %(to)s AND {_CHOSEN}
ORDER BY position"""  # noqa: S608

_OBJECTIONS = """
WITH chosen AS (SELECT * FROM json_to_recordset(%(rows)s::json) AS row(
  tenant_id uuid, month timestamptz, types json, first timestamptz, last timestamptz))
SELECT to_char(c.month, 'YYYY-MM') AS month, c.tenant_id, why FROM chosen AS c CROSS JOIN LATERAL (
  (SELECT 'the period ' || p.period_id || ' is open over its events' AS why FROM usage_periods AS p
   JOIN usage_meters AS m ON m.tenant_id = p.tenant_id AND m.slug = p.meter AND m.version = p.meter_version
   WHERE p.tenant_id = c.tenant_id AND p.status = 'open' AND p.starts_at <= c.last AND p.ends_at > c.first
     AND m.event_type IN (SELECT json_array_elements_text(c.types)) LIMIT 1)
  UNION ALL
  (SELECT 'the backfill ' || b.name || ' is being counted' FROM backfills AS b
   WHERE b.tenant_id = c.tenant_id AND b.status = 'committing' LIMIT 1)
  UNION ALL
  (SELECT 'hours of the meter ' || m.slug || ' are still to be rolled up' FROM usage_meters AS m
   LEFT JOIN usage_rolled_meters AS r ON r.tenant_id = m.tenant_id AND r.meter = m.slug AND r.meter_version = m.version
   WHERE m.tenant_id = c.tenant_id AND m.event_type IN (SELECT json_array_elements_text(c.types))
     AND CASE WHEN r.meter IS NOT NULL THEN r.done_position < r.until_position
       ELSE m.definition ->> 'aggregation' = ANY(%(rolled)s) AND NOT EXISTS (
         SELECT FROM usage_meters AS n WHERE n.tenant_id = m.tenant_id AND n.slug = m.slug AND n.version > m.version) END
   ORDER BY m.slug LIMIT 1)
  UNION ALL
  SELECT 'it was archived before, and events came since: have it restored, then archive all of it'
  FROM usage_archives AS a WHERE a.tenant_id = c.tenant_id AND a.month = (c.month AT TIME ZONE 'UTC')::date
) AS objection"""

# The indexes are like those of the table and are found again when it is attached; by the constraint it is not read then.
_SPLIT = (
    "CREATE TABLE partitions.{name}_staying (LIKE usage_events INCLUDING INDEXES)",
    "ALTER TABLE partitions.{name}_staying ADD CONSTRAINT staying CHECK ({condition})",
    "ALTER TABLE partitions.{name}_staying ENABLE ROW LEVEL SECURITY",
    f"INSERT INTO partitions.{{name}}_staying SELECT * FROM partitions.{{name}} AS e WHERE NOT ({_CHOSEN})",  # noqa: S608
)

_BOUNDS = """
SELECT pg_get_expr(c.relpartbound, c.oid), format('received_at >= %%L AND received_at < %%L', p.starts_at, p.ends_at)
FROM usage_event_partitions AS p
JOIN pg_class AS c ON c.relname = p.name AND c.relnamespace = 'partitions'::regnamespace
WHERE p.name = %(name)s"""

_NOTE = """
INSERT INTO usage_archives (tenant_id, month, count, digest, types, first_event_at, last_event_at, file, sha256, archived_at)
VALUES (%(tenant_id)s, (%(month)s::timestamptz AT TIME ZONE 'UTC')::date, %(rows)s, %(digest)s, %(types)s::text[],
  %(first)s, %(last)s, %(file)s, %(sha256)s, %(at)s)"""

_NOTED = """
SELECT * FROM usage_archives
WHERE month = %(month)s AND (%(tenant)s::uuid IS NULL OR tenant_id = %(tenant)s) ORDER BY tenant_id"""

_FORGET_NOTE = "DELETE FROM usage_archives WHERE tenant_id = %(tenant)s AND month = %(month)s"

_WITH_OLD_KEYS = """
SELECT a.tenant_id, a.month FROM usage_archives AS a LEFT JOIN test_clocks AS c ON c.tenant_id = a.tenant_id
WHERE a.keys_forgotten_at IS NULL
  AND (a.month + interval '1 month') AT TIME ZONE 'UTC' < coalesce(c.now, %(now)s) - %(memory)s::interval
ORDER BY a.month, a.tenant_id"""

_FORGET_KEYS = """
DELETE FROM usage_event_keys AS k
WHERE k.tenant_id = %(tenant)s AND k.received_at >= %(month)s::timestamp AT TIME ZONE 'UTC'
  AND k.received_at < (%(month)s::timestamp + interval '1 month') AT TIME ZONE 'UTC'
  AND NOT EXISTS (SELECT FROM usage_events AS e
    WHERE e.tenant_id = k.tenant_id AND e.position = k.position AND e.received_at = k.received_at)"""

_KEYS_FORGOTTEN = """
UPDATE usage_archives SET keys_forgotten_at = %(now)s WHERE tenant_id = %(tenant)s AND month = %(month)s"""
