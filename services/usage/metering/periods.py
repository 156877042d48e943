"""A period as a whole, computed from the stored events: when it opens, closes or is counted again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import Connection

from services.usage.domain.event_key import as_number, event_key
from services.usage.domain.measure import CompiledMeter, compile_meter
from services.usage.domain.meter import MeterDefinition
from services.usage.domain.tally import PeriodTally
from services.usage.domain.usage_period.decide import PeriodNotFound
from services.usage.domain.usage_period.state import PeriodTerms
from services.usage.metering.counts import Counts
from services.usage.metering.leaving import list_left
from services.usage.metering.lists import found
from services.usage.metering.locks import take_periods
from services.usage.metering.period_counts import count_stored, is_accounted_for
from services.usage.metering.stored_events import Range, StoredEvent, pages
from services.usage.metering.totals import Totals, add_to_totals, replace_totals, totals_of
from services.usage.metering.watches import PeriodKey, compiled

LONG_AGO = datetime(1, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Recount:
    """The totals that were kept, and those that the stored events give; the latter are kept from now on."""

    before: Totals
    after: Totals

    @property
    def differs(self) -> bool:
        return self.before != self.after


@dataclass(frozen=True, slots=True)
class StoredPeriod:
    """What of a period decides which events it holds."""

    range: Range
    meter: CompiledMeter
    group_by: tuple[str, ...]


def open_period(tx: Connection, key: PeriodKey, terms: PeriodTerms, definition: MeterDefinition) -> Totals:
    """Counts the events that were there before their period, and takes them off the list of unmatched ones.

    The caller appends the opening in this transaction; until it ends, no batch of this tenant is metered. Raises
    UnknownGroup. For a period that is already there the caller does not ask.
    """
    take_periods(tx, key.tenant_id)
    period = PeriodTally(compile_meter(definition, terms.group_by), terms.starts_at, terms.ends_at)
    counts, received, range_ = Counts(), 0, seen(key.tenant_id, terms.subjects, period)
    for page in pages(tx, range_):
        matched = tally(period, key.tenant_id, page)
        received += of_period(period, page)
        found(tx, counts, key.tenant_id, [event.place.position for event in matched])
    counts.save(tx)
    count_stored(tx, key, period, range_.subjects or (), received)
    if not period.groups:
        return ()
    add_to_totals(tx, {key: period})
    return totals_of(tx, [key])[key]


def closing_totals(tx: Connection, tenant_id: UUID, keys: Sequence[PeriodKey]) -> dict[PeriodKey, Totals]:
    """The totals with which periods of a tenant close. What is metered after this transaction finds them closed, and
    is late."""
    take_periods(tx, tenant_id)
    return totals_of(tx, keys)


def settled_totals(tx: Connection, key: PeriodKey) -> Totals:
    """The totals of a period, which nobody adds to until the end of this transaction."""
    take_periods(tx, key.tenant_id)
    return totals_of(tx, [key])[key]


def recount(tx: Connection, key: PeriodKey) -> Recount:
    """Counts a period again from its stored events and corrects its totals if they differ. Raises PeriodNotFound."""
    take_periods(tx, key.tenant_id)
    before = totals_of(tx, [key])[key]
    period, received = count_anew(tx, key)
    if not is_accounted_for(tx, key):
        count_stored(tx, key, period, stored_period(tx, key).range.subjects or (), received)
    return Recount(before, totals_of(tx, [key])[key])


def count_anew(tx: Connection, key: PeriodKey) -> tuple[PeriodTally, int]:
    """For a caller who has taken the tenant's periods; what was counted, and from how many events."""
    stored, received = stored_period(tx, key), 0
    period = PeriodTally(stored.meter, stored.range.starts_at, stored.range.ends_at)
    for page in pages(tx, seen(key.tenant_id, stored.range.subjects, period)):
        tally(period, key.tenant_id, page)
        received += of_period(period, page)
    replace_totals(tx, key, period)
    return period, received


def remeter(tx: Connection, key: PeriodKey, definition: MeterDefinition) -> Totals:
    """Counts a period by another version of its meter; events that it matches now are unmatched no more, and those that it
    matches no more are.

    The caller appends what happened in this transaction. Raises PeriodNotFound, UnknownGroup.
    """
    take_periods(tx, key.tenant_id)
    old = stored_period(tx, key)
    period = PeriodTally(compile_meter(definition, old.group_by), old.range.starts_at, old.range.ends_at)
    counts, received, range_ = Counts(), 0, seen(key.tenant_id, old.range.subjects, period)
    for page in pages(tx, range_):
        received += of_period(period, page)
        found(tx, counts, key.tenant_id, [event.place.position for event in tally(period, key.tenant_id, page)])
    replace_totals(tx, key, period)
    count_stored(tx, key, period, range_.subjects or (), received)
    list_left(tx, counts, key, old.range, lambda event: _is_left(old.meter, period.meter, event))
    counts.save(tx)
    return totals_of(tx, [key])[key]


def _is_left(old: CompiledMeter, new: CompiledMeter, event: StoredEvent) -> bool:
    """Of an event of the old meter's type."""
    return old.matches(event.data) and not (new.event_type == old.event_type and new.matches(event.data))


def stored_period(tx: Connection, key: PeriodKey) -> StoredPeriod:
    row = tx.exec_driver_sql(_PERIOD, {"tenant": key.tenant_id, "period": key.period_id}).first()
    if row is None:
        raise PeriodNotFound("no such usage period")
    group_by = tuple(row.group_by)
    meter = compiled(row.definition, group_by)
    range_ = Range(key.tenant_id, row.subjects, meter.event_type, row.starts_at, row.ends_at)
    return StoredPeriod(range_, meter, group_by)


def seen(tenant_id: UUID, subjects: Sequence[str] | None, period: PeriodTally) -> Range:
    """A level from long ago may still hold."""
    starts_at = LONG_AGO if period.meter.holds_levels else period.starts_at
    return Range(tenant_id, subjects, period.meter.event_type, starts_at, period.ends_at)


def of_period(period: PeriodTally, events: Sequence[StoredEvent]) -> int:
    """How many of them happened in it; of a level, those before its start are read, too."""
    if not period.meter.holds_levels:
        return len(events)
    return sum(period.counts(event.place.time) for event in events)


def tally(period: PeriodTally, tenant_id: UUID, events: Sequence[StoredEvent]) -> list[StoredEvent]:
    """Adds the events that the meter matches, and returns those that count in the period."""
    meter = period.meter
    matched = [event for event in events if meter.matches(event.data)] if meter.conditions else events
    for (time, _), source, id_, _, data in matched:
        period.add(as_number(event_key(tenant_id, source, id_)), time, data)
    return [event for event in matched if period.counts(event.place.time)] if meter.holds_levels else list(matched)


_PERIOD = """
SELECT p.subjects, p.group_by, p.starts_at, p.ends_at, m.definition::text AS definition
FROM usage_periods AS p
JOIN usage_meters AS m ON m.tenant_id = p.tenant_id AND m.slug = p.meter AND m.version = p.meter_version
WHERE p.tenant_id = %(tenant)s AND p.period_id = %(period)s"""
