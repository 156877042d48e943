"""Meters one batch in one transaction: what is new is stored and added to every period that it belongs to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection

from services.usage.domain.cloud_event import Arrivals
from services.usage.domain.event_key import as_number
from services.usage.domain.measure import CompiledMeter
from services.usage.domain.usage_period.state import EventName
from services.usage.metering.counts import Counts, Kind
from services.usage.metering.lists import Unmatched, keep_conflicting, keep_rejected, keep_unmatched
from services.usage.metering.locks import share_periods
from services.usage.metering.stage import Staged, named
from services.usage.metering.store import Sorted, store
from services.usage.metering.totals import Totals, add_to_totals, totals_of
from services.usage.metering.watches import PeriodKey, Watches, current_meters, staged_watches

LateEvents = dict[PeriodKey, list[EventName]]


@dataclass(frozen=True, slots=True)
class Late:
    """What came into a closed period: its totals before and after, and the events that made the difference."""

    before: Totals
    after: Totals
    events: tuple[EventName, ...]


@dataclass(frozen=True, slots=True)
class Metered:
    """`advanced` has the running totals of the open periods that were added to; `counts` are of this batch."""

    advanced: dict[PeriodKey, Totals]
    late: dict[PeriodKey, Late]
    counts: dict[UUID, dict[Kind, int]]


def meter(tx: Connection, arrivals: Sequence[Arrivals]) -> Metered:
    """Stores the batch's new events and adds them to their periods; repeats and conflicts change no total.

    The caller saves its offsets and appends what follows from the answer, and commits, all in this transaction.
    """
    share_periods(tx, {arrival.tenant_id for arrival in arrivals})
    events = store(tx, named(arrivals))
    watches = staged_watches(tx)
    late_events: LateEvents = defaultdict(list)
    unplaced = [place for place in events.fresh if not _count(place[1], watches, late_events)]
    unmatched = _with_reasons(tx, unplaced)
    keep_unmatched(tx, unmatched)
    keep_conflicting(tx, events.conflicting)
    keep_rejected(tx, arrivals)
    advanced, late = _add(tx, watches, late_events)
    counts = _counted(arrivals, events, unmatched)
    counts.save(tx)
    return Metered(advanced, late, counts.by_tenant())


def _count(staged: Staged, watches: Watches, late_events: LateEvents) -> bool:
    """Adds the event to its periods; whether there is one whose meter matches, even if it finds no value to count."""
    event, number, matched = staged.event, as_number(staged.key), False
    for watch in watches.get((staged.tenant_id, event.subject, event.type), ()):
        if watch.tally.sees(event.time) and watch.tally.meter.matches(staged.data):
            matched = matched or watch.tally.counts(event.time)
            added = watch.tally.add(number, event.time, staged.data)
            if added and watch.is_closed:
                late_events[watch.key].append(EventName(event.source, event.id))
    return matched


def _with_reasons(tx: Connection, unplaced: Sequence[tuple[int, Staged]]) -> list[Unmatched]:
    if not unplaced:
        return []
    meters = current_meters(tx, {staged.tenant_id for _, staged in unplaced})
    return [
        Unmatched(position, staged, "no_period" if _has_meter(staged, meters[staged.tenant_id]) else "no_meter")
        for position, staged in unplaced
    ]


def _has_meter(staged: Staged, meters: Iterable[CompiledMeter]) -> bool:
    return any(meter.event_type == staged.event.type and meter.matches(staged.data) for meter in meters)


def _add(
    tx: Connection, watches: Watches, late_events: LateEvents
) -> tuple[dict[PeriodKey, Totals], dict[PeriodKey, Late]]:
    touched = {watch.key: watch for places in watches.values() for watch in places if watch.tally.groups}
    closed = sorted(key for key, watch in touched.items() if watch.is_closed)
    _lock(tx, closed)
    before = totals_of(tx, closed)
    add_to_totals(tx, {key: watch.tally for key, watch in touched.items()})
    after = totals_of(tx, touched)
    late = {key: Late(before[key], after[key], tuple(late_events[key])) for key in closed}
    return {key: totals for key, totals in after.items() if key not in late}, late


def _lock(tx: Connection, closed: Sequence[PeriodKey]) -> None:
    """Two workers that are late for one period tell its totals one after the other."""
    for tenant_id, period_id in closed:
        tx.exec_driver_sql(_LOCK, {"tenant": tenant_id, "period": period_id})


def _counted(arrivals: Sequence[Arrivals], events: Sorted, unmatched: Sequence[Unmatched]) -> Counts:
    counts = Counts()
    for arrival in arrivals:
        for event in arrival.events:
            counts.add("received", arrival.tenant_id, event.time)
        for rejected in arrival.rejected:
            counts.add("received", arrival.tenant_id, rejected.at)
            counts.add("rejected", arrival.tenant_id, rejected.at)
    of_kind: dict[Kind, Iterable[Staged]] = {
        "metered": (staged for _, staged in events.fresh),
        "repeated": events.repeated,
        "conflicting": events.conflicting,
    }
    for kind, staged_events in of_kind.items():
        for staged in staged_events:
            counts.add(kind, staged.tenant_id, staged.event.time)
    for _, staged, _ in unmatched:
        counts.move(staged.tenant_id, [staged.event.time], source="metered", target="unmatched")
    return counts


_LOCK = "SELECT FROM usage_periods WHERE tenant_id = %(tenant)s AND period_id = %(period)s FOR UPDATE"
