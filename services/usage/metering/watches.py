"""Which periods an event may count in: read once per batch, for the subjects and times that are staged."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple
from uuid import UUID

import msgspec
from sqlalchemy import Connection

from services.usage.domain.measure import CompiledMeter, compile_meter
from services.usage.domain.meter import MeterDefinition
from services.usage.domain.tally import PeriodTally


class PeriodKey(NamedTuple):
    tenant_id: UUID
    period_id: UUID


@dataclass(frozen=True, slots=True)
class Watch:
    """An open or closed period and what this batch adds to it."""

    key: PeriodKey
    is_closed: bool
    tally: PeriodTally


Watches = dict[tuple[UUID, str, str], list[Watch]]  # by tenant, subject and event type


def staged_watches(tx: Connection) -> Watches:
    """The periods of all staged events. A period with several subjects is one watch in several places."""
    by_key: dict[PeriodKey, Watch] = {}
    watches: Watches = defaultdict(list)
    for row in tx.exec_driver_sql(_STAGED_PERIODS):
        key = PeriodKey(row.tenant_id, row.period_id)
        if key not in by_key:
            meter = compiled(row.definition, tuple(row.group_by))
            by_key[key] = Watch(key, row.status == "closed", PeriodTally(meter, row.starts_at, row.ends_at))
        watches[row.tenant_id, row.subject, row.event_type].append(by_key[key])
    return watches


def current_meters(tx: Connection, tenant_ids: Iterable[UUID]) -> dict[UUID, list[CompiledMeter]]:
    meters: dict[UUID, list[CompiledMeter]] = defaultdict(list)
    for row in tx.exec_driver_sql(_CURRENT_METERS, {"tenants": list(tenant_ids)}):
        meters[row.tenant_id].append(compiled(row.definition, ()))
    return meters


@lru_cache(maxsize=10_000)
def compiled(definition: str, group_by: Sequence[str]) -> CompiledMeter:
    """A meter as it is stored; the same text is compiled once."""
    return compile_meter(msgspec.json.decode(definition, type=MeterDefinition), group_by)


# OFFSET 0 keeps PostgreSQL from turning the joins around: by its estimates it would read every period of the tenant.
_STAGED_PERIODS = """
SELECT p.tenant_id, s.subject, p.period_id, p.status, p.starts_at, p.ends_at, p.group_by, m.event_type, m.definition
FROM (SELECT tenant_id, subject, min(time) AS first, max(time) AS last FROM usage_staging GROUP BY 1, 2) AS staged
CROSS JOIN LATERAL (
  SELECT * FROM usage_period_subjects AS s
  WHERE s.tenant_id = staged.tenant_id AND s.subject = staged.subject
    AND s.ends_at > staged.first AND s.starts_at <= staged.last OFFSET 0
) AS s
CROSS JOIN LATERAL (
  SELECT * FROM usage_periods AS p WHERE p.tenant_id = s.tenant_id AND p.period_id = s.period_id OFFSET 0
) AS p
CROSS JOIN LATERAL (
  SELECT event_type, definition::text AS definition FROM usage_meters AS m
  WHERE m.tenant_id = p.tenant_id AND m.slug = p.meter AND m.version = p.meter_version OFFSET 0
) AS m"""

_CURRENT_METERS = """
SELECT DISTINCT ON (tenant_id, slug) tenant_id, definition::text AS definition
FROM usage_meters WHERE tenant_id = ANY(%(tenants)s) ORDER BY tenant_id, slug, version DESC"""
