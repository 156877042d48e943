"""What became of the events of each period, counted as they come and never made from its totals: both have to agree."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict

import msgspec
from sqlalchemy import Connection

from services.usage.domain.came import NOTHING, Came
from services.usage.domain.tally import PeriodTally
from services.usage.metering.watches import PeriodKey


def add_counts(tx: Connection, added: Mapping[PeriodKey, Came]) -> None:
    """To periods that are accounted for. Rows are locked in the order of their keys."""
    rows = [
        {"tenant_id": key.tenant_id, "period_id": key.period_id, **asdict(came)}
        for key, came in added.items()
        if came != NOTHING
    ]
    if rows:
        tx.exec_driver_sql(_ADD, {"rows": msgspec.json.encode(rows).decode()})


def is_accounted_for(tx: Connection, key: PeriodKey) -> bool:
    """Not so a period that a release without this opened."""
    named = {"tenant": key.tenant_id, "period": key.period_id}
    return tx.exec_driver_sql(f"SELECT FROM usage_period_counts {_OF}", named).first() is not None


def count_stored(tx: Connection, key: PeriodKey, period: PeriodTally, subjects: Sequence[str], received: int) -> None:
    """In place of what was counted before: so many stored events were shown to the period, which those that were taken
    back are not."""
    of_meter = {"type": period.meter.event_type, "starts_at": period.starts_at, "ends_at": period.ends_at}
    named = {"tenant": key.tenant_id, "subjects": sorted(set(subjects)), **of_meter}
    taken_back = tx.exec_driver_sql(_TAKEN_BACK, named).scalar_one()
    metered = sum(tally.count for tally in period.groups.values())
    _replace(tx, key, Came(received + taken_back, excluded=received - metered, taken_back=taken_back))


def disagreeing(tx: Connection, most: int) -> int:
    """Of so many periods, others each time, those whose totals do not hold what came."""
    found: int = tx.exec_driver_sql(_DISAGREEING, {"most": most}).scalar_one()
    return found


def _replace(tx: Connection, key: PeriodKey, came: Came) -> None:
    named = {"tenant": key.tenant_id, "period": key.period_id}
    tx.exec_driver_sql(f"DELETE FROM usage_period_counts {_OF}", named)  # noqa: S608
    tx.exec_driver_sql(_INSERT, named | asdict(came))


_OF = "WHERE tenant_id = %(tenant)s AND period_id = %(period)s"

_TAKEN_BACK = """
SELECT count(*) FROM unnest(%(subjects)s::text[]) AS wanted(subject) CROSS JOIN LATERAL (
  SELECT position FROM usage_events
  WHERE tenant_id = %(tenant)s AND subject = wanted.subject AND type = %(type)s
    AND time >= %(starts_at)s AND time < %(ends_at)s
) AS event
JOIN usage_amendments AS a ON a.tenant_id = %(tenant)s AND a.position = event.position WHERE a.data IS NULL"""

_DISAGREEING = """
SELECT count(*) FROM (SELECT tenant_id, period_id FROM usage_periods ORDER BY random() LIMIT %(most)s) AS p
JOIN usage_period_counts AS c ON c.tenant_id = p.tenant_id AND c.period_id = p.period_id
WHERE c.received - c.excluded - c.taken_back - c.repeated - c.conflicting <> coalesce((
  SELECT sum(event_count) FROM usage_totals AS t WHERE t.tenant_id = p.tenant_id AND t.period_id = p.period_id), 0)"""

_KINDS = ("received", "excluded", "taken_back", "repeated", "conflicting")

_INSERT = f"""
INSERT INTO usage_period_counts (tenant_id, period_id, {", ".join(_KINDS)})
VALUES (%(tenant)s, %(period)s, {", ".join(f"%({kind})s" for kind in _KINDS)})"""  # noqa: S608 - kinds are constants

_ADD = f"""
WITH row AS (
  SELECT * FROM json_to_recordset(%(rows)s::json) AS row(
    tenant_id uuid, period_id uuid, {", ".join(f"{kind} bigint" for kind in _KINDS)})
), locked AS MATERIALIZED (
  SELECT c.tenant_id, c.period_id FROM usage_period_counts AS c JOIN row USING (tenant_id, period_id)
  ORDER BY c.tenant_id, c.period_id FOR UPDATE OF c
)
UPDATE usage_period_counts AS c SET {", ".join(f"{kind} = c.{kind} + row.{kind}" for kind in _KINDS)}
FROM row JOIN locked USING (tenant_id, period_id)
WHERE c.tenant_id = row.tenant_id AND c.period_id = row.period_id"""  # noqa: S608
