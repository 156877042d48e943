"""Where an event went: stored once under its source and id, and counted in which periods."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection, RowMapping

from services.usage.domain.event_key import event_key
from services.usage.domain.measure import Measured, measure
from services.usage.domain.usage_period.state import EventName
from services.usage.domain.values import decode_exactly
from services.usage.metering.archived import check_event_there
from services.usage.metering.watches import compiled
from shared.errors import NotFound


class EventNotFound(NotFound):
    """No event of this source and id was stored; it may be rejected, pending, or never have come."""


@dataclass(frozen=True, slots=True)
class Counted:
    """A period of which the event is a part, and what it added."""

    period_id: UUID
    meter: str
    charge: str
    status: str
    measured: Measured


@dataclass(frozen=True, slots=True)
class Amended:
    """What was said later: `data` in the place of the event's, None if it was taken back, by which events."""

    data: str | None
    reason: str
    by: Sequence[EventName]


@dataclass(frozen=True, slots=True)
class EventPlaces:
    """`event` is as it was sent; it counts as it is `amended`."""

    event: RowMapping
    amended: Amended | None
    counted: Sequence[Counted]
    conflicts: int


def places_of(tx: Connection, tenant_id: UUID, source: str, id_: str) -> EventPlaces:
    """Raises EventNotFound, Archived."""
    key = event_key(tenant_id, source, id_)
    parameters = {"tenant": tenant_id, "key": key, "source": source, "id": id_}
    event = tx.exec_driver_sql(_EVENT, parameters).mappings().first()
    if event is None:
        check_event_there(tx, tenant_id, key)
        raise EventNotFound("no event of this source and id was stored")
    conflicts = tx.exec_driver_sql(_CONFLICTS, parameters).scalar_one()
    amended = _amended(tx, tenant_id, event) if event["is_amended"] else None
    data = event["data"] if amended is None else amended.data
    return EventPlaces(event, amended, [] if data is None else _counted(tx, tenant_id, event, data), conflicts)


def _amended(tx: Connection, tenant_id: UUID, event: RowMapping) -> Amended:
    rows = tx.exec_driver_sql(_NAMES, {"tenant": tenant_id, "positions": event["by_positions"]})
    by = [EventName(row.source, row.id) for row in rows]
    return Amended(event["amended_data"], event["amended_because"], by)


def _counted(tx: Connection, tenant_id: UUID, event: RowMapping, text: str) -> list[Counted]:
    data = decode_exactly(text.encode())
    wanted = {"tenant": tenant_id, "subject": event["subject"], "time": event["time"], "type": event["type"]}
    found = []
    for row in tx.exec_driver_sql(_PERIODS, wanted):
        meter = compiled(row.definition, tuple(row.group_by))
        measured = measure(meter, data, event["time"]) if meter.matches(data) else None
        if measured:
            found.append(Counted(row.period_id, row.meter, row.charge, row.status, measured))
    return found


_EVENT = """
SELECT e.source, e.id, e.type, e.subject, e.time, e.data::text AS data, e.batch_id, e.received_at, u.reason,
  a.position IS NOT NULL AS is_amended, a.data::text AS amended_data, a.reason AS amended_because, a.by_positions
FROM usage_event_keys AS k
JOIN usage_events AS e ON e.tenant_id = k.tenant_id AND e.position = k.position AND e.received_at = k.received_at
LEFT JOIN usage_unmatched AS u ON u.tenant_id = k.tenant_id AND u.position = k.position
LEFT JOIN usage_amendments AS a ON a.tenant_id = k.tenant_id AND a.position = k.position
WHERE k.tenant_id = %(tenant)s AND k.key_hash = %(key)s"""

_NAMES = """
SELECT source, id FROM unnest(%(positions)s::bigint[]) WITH ORDINALITY AS said(position, place)
JOIN usage_events AS e ON e.tenant_id = %(tenant)s AND e.position = said.position ORDER BY place"""

_CONFLICTS = """
SELECT count(*) FROM usage_conflicting WHERE tenant_id = %(tenant)s AND source = %(source)s AND id = %(id)s"""

_PERIODS = """
SELECT p.period_id, p.meter, p.charge, p.status, p.group_by, m.definition::text AS definition
FROM usage_period_subjects AS s
JOIN usage_periods AS p ON p.tenant_id = s.tenant_id AND p.period_id = s.period_id
JOIN usage_meters AS m ON m.tenant_id = p.tenant_id AND m.slug = p.meter AND m.version = p.meter_version
WHERE s.tenant_id = %(tenant)s AND s.subject = %(subject)s AND s.ends_at > %(time)s
  AND p.starts_at <= %(time)s AND m.event_type = %(type)s
ORDER BY p.meter, p.period_id"""
