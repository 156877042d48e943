"""Which periods an event may count in: read once per batch, for the subjects and times that are staged."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any, Literal, NamedTuple
from uuid import UUID

import msgspec
from sqlalchemy import Connection

from services.usage.domain.came import Came
from services.usage.domain.measure import CompiledMeter, compile_meter
from services.usage.domain.meter import MeterDefinition
from services.usage.domain.tally import PeriodTally


class PeriodKey(NamedTuple):
    tenant_id: UUID
    period_id: UUID


@dataclass(frozen=True, slots=True)
class Watch:
    """An open or closed period, what this batch adds to it, and what became of the events that came for it."""

    key: PeriodKey
    is_closed: bool
    tally: PeriodTally
    came: Came = field(default_factory=Came)


@dataclass(frozen=True, slots=True)
class Watches:
    """By tenant, subject and event type. A period with several subjects is one watch in several places.

    A place has the tenant as a number, of which Python makes hashes fast.
    """

    by_key: dict[PeriodKey, Watch] = field(default_factory=dict)
    by_place: dict[tuple[int, str, str], dict[PeriodKey, Watch]] = field(default_factory=dict)

    def at(self, tenant_id: UUID, subject: str, type_: str) -> Iterable[Watch]:
        return self.by_place.get((tenant_id.int, subject, type_), _NONE).values()

    def load_staged(self, tx: Connection) -> None:
        self._load(tx.exec_driver_sql(_PERIODS_OF.format(places="usage_staging")))

    def load(self, tx: Connection, places: Iterable[tuple[UUID, str, datetime]]) -> None:
        rows = [{"tenant_id": tenant_id, "subject": subject, "time": time} for tenant_id, subject, time in places]
        if rows:
            given = "json_to_recordset(%(rows)s::json) AS row(tenant_id uuid, subject text, time timestamptz)"
            self._load(tx.exec_driver_sql(_PERIODS_OF.format(places=given), {"rows": _ENCODER.encode(rows).decode()}))

    def _load(self, rows: Iterable[Any]) -> None:
        for row in rows:
            key = PeriodKey(row.tenant_id, row.period_id)
            if key not in self.by_key:
                meter = compiled(row.definition, tuple(row.group_by))
                self.by_key[key] = Watch(key, row.status == "closed", PeriodTally(meter, row.starts_at, row.ends_at))
            self.by_place.setdefault((row.tenant_id.int, row.subject, row.event_type), {})[key] = self.by_key[key]


def current_meters(tx: Connection, tenant_ids: Iterable[UUID]) -> dict[UUID, list[CompiledMeter]]:
    meters: dict[UUID, list[CompiledMeter]] = defaultdict(list)
    for row in tx.exec_driver_sql(_CURRENT_METERS, {"tenants": list(tenant_ids)}):
        meters[row.tenant_id].append(compiled(row.definition, ()))
    return meters


def why_unmatched(meters: Iterable[CompiledMeter], type_: str, data: Any) -> Literal["no_meter", "no_period"]:
    """Of an event that no period counts: whether one of the current meters would."""
    return "no_period" if any(meter.event_type == type_ and meter.matches(data) for meter in meters) else "no_meter"


@lru_cache(maxsize=10_000)
def compiled(definition: str, group_by: Sequence[str]) -> CompiledMeter:
    """A meter as it is stored; the same text is compiled once."""
    return compile_meter(msgspec.json.decode(definition, type=MeterDefinition), group_by)


_NONE: dict[PeriodKey, Watch] = {}
_ENCODER = msgspec.json.Encoder()

# OFFSET 0 keeps PostgreSQL from turning the joins around: by its estimates it would read every period of the tenant.
_PERIODS_OF = """
SELECT p.tenant_id, s.subject, p.period_id, p.status, p.starts_at, p.ends_at, p.group_by, m.event_type, m.definition
FROM (SELECT tenant_id, subject, min(time) AS first, max(time) AS last FROM {places} GROUP BY 1, 2) AS staged
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
