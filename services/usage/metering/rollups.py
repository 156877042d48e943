"""Hours of event time, rolled up by meter, subject and group in the transaction that stores their events."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import compress
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
from sqlalchemy import Connection

from services.usage.domain.event_key import KEYS, as_number, event_key
from services.usage.domain.measure import CompiledMeter, measure
from services.usage.domain.meter import MeterDefinition
from services.usage.domain.tally import Entry, Tally
from services.usage.metering.counts import QUARTER_SECONDS
from services.usage.metering.measures import Measures
from services.usage.metering.stored_events import Range, StoredEvent, read_range
from services.usage.metering.watches import compiled

HOUR_SECONDS = 3600
QUARTERS = HOUR_SECONDS // QUARTER_SECONDS


class RolledMeter(NamedTuple):
    """A version of a meter with all of its groups. Of the events that were there before it was rolled up, those behind
    `done` and up to `until` are still to be taken over; some of hours before `complete_from` were archived by then."""

    tenant_id: UUID
    slug: str
    version: int
    meter: CompiledMeter
    done: int
    until: int
    complete_from: datetime | None

    @property
    def named(self) -> dict[str, Any]:
        return {"tenant": self.tenant_id, "meter": self.slug, "version": self.version}

    def has_taken(self, position: int) -> bool:
        return position <= self.done or position > self.until

    def answers(self, hour: int) -> bool:
        return self.complete_from is None or hour_at(hour) >= self.complete_from


class Changed(NamedTuple):
    """A subject's hour of which an event, added before, is another now."""

    tenant_id: UUID
    type: str
    subject: str
    hour: int


Parts = dict[tuple[str, int, str], Tally]  # by subject, hours since 1970, and group


def rolled_groups(definition: MeterDefinition) -> tuple[str, ...]:
    """The names behind the values of `group_key`."""
    return tuple(sorted(definition.groups))


def hour_of(time: datetime) -> int:
    return int(time.timestamp() // HOUR_SECONDS)


def hour_at(hour: float) -> datetime:
    return datetime.fromtimestamp(hour * HOUR_SECONDS, UTC)


@dataclass(slots=True)
class Rollups:
    """What one batch adds to the hours, and which it changes so that their events are counted again."""

    by_type: dict[tuple[int, str], list[tuple[RolledMeter, Parts]]] = field(default_factory=dict)
    changed: set[Changed] = field(default_factory=set)

    def load(self, tx: Connection, tenant_ids: Iterable[UUID]) -> None:
        for rolled in rolled_meters(tx, tenant_ids):
            self.by_type.setdefault((rolled.tenant_id.int, rolled.meter.event_type), []).append((rolled, {}))

    def add(self, tenant_id: UUID, subject: str, type_: str, measures: Measures) -> None:
        for rolled, parts in self.by_type.get((tenant_id.int, type_), ()):
            for (hour, group), entries in _by_hour(measures, rolled.meter).items():
                _part(parts, rolled, subject, hour, group).add_all(entries)

    def change(self, tenant_id: UUID, type_: str, subject: str, time: datetime) -> None:
        self.changed.add(Changed(tenant_id, type_, subject, hour_of(time)))

    def recounted(self, tenant_id: UUID, type_: str, subject: str, time: datetime) -> list[Range]:
        """The hour of which all events would be counted again, if any, for an event that is another now."""
        changed = Changed(tenant_id, type_, subject, hour_of(time))
        return [_range(changed)] if any(self._to_count_again(changed)) else []

    def save(self, tx: Connection) -> None:
        """What was said about an event is stored before."""
        add_to_rollups(tx, (added for of_type in self.by_type.values() for added in of_type))
        for changed in sorted(self.changed):
            for rolled in self._to_count_again(changed):
                _count_again(tx, rolled, changed)

    def _to_count_again(self, changed: Changed) -> Iterator[RolledMeter]:
        of_type = self.by_type.get((changed.tenant_id.int, changed.type), ())
        return (rolled for rolled, _ in of_type if rolled.answers(changed.hour))


def rolled_meters(tx: Connection, tenant_ids: Iterable[UUID]) -> list[RolledMeter]:
    return [_rolled(row) for row in tx.exec_driver_sql(_METERS, {"tenants": list(tenant_ids)})]


def rolled_parts(rolled: RolledMeter, events: Iterable[StoredEvent]) -> Parts:
    """Of events of the meter's type."""
    parts: Parts = {}
    for event in events:
        measured = measure(rolled.meter, event.data, event.place.time) if rolled.meter.matches(event.data) else None
        if measured is not None:
            key = as_number(event_key(rolled.tenant_id, event.source, event.id))
            part = _part(parts, rolled, event.subject, hour_of(event.place.time), measured.group)
            part.add(measured, event.place.time, key)
    return parts


def add_to_rollups(tx: Connection, added: Iterable[tuple[RolledMeter, Parts]]) -> None:
    """Rows are locked in the order of their keys."""
    for rolled, parts in sorted(added, key=lambda each: each[0][:3]):
        if parts:
            tx.exec_driver_sql(_ADD, rolled.named | {"aggregation": rolled.meter.aggregation} | _columns(parts))


def _by_hour(measures: Measures, meter: CompiledMeter) -> dict[tuple[int, str], list[Entry]]:
    by_hour: dict[tuple[int, str], list[Entry]] = defaultdict(list)
    measured = measures.by(meter).measured
    counted = compress(measures.events, [value is not None for value in measured])
    for staged, entry in zip(counted, measures.entries(measured), strict=True):
        by_hour[staged.quarter // QUARTERS, entry[2].group].append(entry)
    return by_hour


def _part(parts: Parts, rolled: RolledMeter, subject: str, hour: int, group: str) -> Tally:
    part = parts.get((subject, hour, group))
    if part is None:
        part = parts[subject, hour, group] = Tally(rolled.meter.aggregation)
    return part


def _count_again(tx: Connection, rolled: RolledMeter, changed: Changed) -> None:
    """Nothing else of the tenant is metered meanwhile. What is still to be taken over is left for then."""
    range_ = _range(changed)
    taken = (event for event in read_range(tx, range_) if rolled.has_taken(event.place.position))
    tx.exec_driver_sql(_FORGET, {**rolled.named, "subject": changed.subject, "hour_at": range_.starts_at})
    add_to_rollups(tx, [(rolled, rolled_parts(rolled, taken))])


def _range(changed: Changed) -> Range:
    starts_at, ends_at = hour_at(changed.hour), hour_at(changed.hour + 1)
    return Range(changed.tenant_id, [changed.subject], changed.type, starts_at, ends_at)


def _rolled(row: Any) -> RolledMeter:
    definition = msgspec.json.decode(row.definition, type=MeterDefinition)
    meter = compiled(row.definition, rolled_groups(definition))
    return RolledMeter(
        row.tenant_id, row.meter, row.meter_version, meter, row.done_position, row.until_position, row.complete_from
    )


def _columns(parts: Parts) -> dict[str, str]:
    """As arrays, which cost PostgreSQL half of what rows of JSON do, written here: the driver takes five times as long."""
    subjects, hours, groups = zip(*parts, strict=True)
    kept = parts.values()
    return {
        "subjects": _texts(subjects),
        "hours": _plain(hours),
        "groups": _texts(groups),
        "quantities": _plain(part.quantity for part in kept),
        "counts": _plain(part.count for part in kept),
        "key_sums": _plain(part.key_sum % KEYS for part in kept),
        "latest_ats": _plain(part.latest and part.latest[0] for part in kept),
        "latest_keys": _plain(part.latest and part.latest[1] for part in kept),
    }


def _plain(values: Iterable[object]) -> str:
    """An array of numbers or instants."""
    return "{" + ",".join(["NULL" if value is None else str(value) for value in values]) + "}"


def _texts(values: Iterable[str]) -> str:
    return '{"' + '","'.join([value.replace("\\", "\\\\").replace('"', '\\"') for value in values]) + '"}'


_LATER = "(excluded.latest_at, excluded.latest_key) > (r.latest_at, r.latest_key)"

_ADD = f"""
INSERT INTO usage_rollups AS r (tenant_id, meter, meter_version, subject, hour_at, group_key, aggregation, quantity,
  event_count, key_sum, latest_at, latest_key)
SELECT %(tenant)s, %(meter)s, %(version)s, subject, to_timestamp(hour * 3600), group_key, %(aggregation)s, quantity,
  event_count, key_sum, latest_at, latest_key
FROM unnest(%(subjects)s::text[], %(hours)s::bigint[], %(groups)s::text[], %(quantities)s::numeric[], %(counts)s::bigint[],
  %(key_sums)s::numeric[], %(latest_ats)s::timestamptz[], %(latest_keys)s::numeric[])
  AS row(subject, hour, group_key, quantity, event_count, key_sum, latest_at, latest_key)
ORDER BY subject, hour, group_key
ON CONFLICT (tenant_id, meter, meter_version, subject, hour_at, group_key) DO UPDATE SET
  quantity = CASE r.aggregation
    WHEN 'min' THEN least(r.quantity, excluded.quantity)
    WHEN 'max' THEN greatest(r.quantity, excluded.quantity)
    WHEN 'latest' THEN CASE WHEN {_LATER} THEN excluded.quantity ELSE r.quantity END
    ELSE r.quantity + excluded.quantity END,
  event_count = r.event_count + excluded.event_count,
  key_sum = mod(r.key_sum + excluded.key_sum, {KEYS}),
  latest_at = greatest(r.latest_at, excluded.latest_at),
  latest_key = CASE WHEN {_LATER} THEN excluded.latest_key ELSE r.latest_key END"""  # noqa: S608 - a constant

_FORGET = """
DELETE FROM usage_rollups WHERE tenant_id = %(tenant)s AND meter = %(meter)s AND meter_version = %(version)s
  AND subject = %(subject)s AND hour_at = %(hour_at)s"""

_METERS = """
SELECT r.*, m.definition::text AS definition FROM usage_rolled_meters AS r
JOIN usage_meters AS m ON m.tenant_id = r.tenant_id AND m.slug = r.meter AND m.version = r.meter_version
WHERE r.tenant_id = ANY(%(tenants)s)"""
