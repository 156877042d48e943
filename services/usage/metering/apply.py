"""Meters one batch in one transaction: what is new is stored and added to every period that it belongs to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection

from services.usage.domain.amendment import is_amendment
from services.usage.domain.cloud_event import Arrivals
from services.usage.domain.usage_period.state import EventName, RevisionCause
from services.usage.metering.amending import amend, amended_before, parted
from services.usage.metering.batch import Batch, Fresh
from services.usage.metering.counts import Counts, Kind
from services.usage.metering.lists import Unmatched, keep_conflicting, keep_rejected, keep_unmatched
from services.usage.metering.locks import lock_periods, share_periods
from services.usage.metering.period_counts import add_counts
from services.usage.metering.periods import count_anew
from services.usage.metering.stage import Staged, named
from services.usage.metering.store import Sorted, store
from services.usage.metering.totals import Totals, add_to_totals, forget_empty, totals_of
from services.usage.metering.watches import PeriodKey, current_meters, why_unmatched


@dataclass(frozen=True, slots=True)
class Late:
    """What came into a closed period: its totals before and after, and the events that made the difference, the last of
    them accepted at `received_at`."""

    before: Totals
    after: Totals
    events: tuple[EventName, ...]
    cause: RevisionCause
    received_at: datetime | None


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
    amenders = {a.tenant_id for a in arrivals if any(map(is_amendment, {event.type for event in a.events}))}
    share_periods(tx, {arrival.tenant_id for arrival in arrivals}, alone=amenders)
    arrived, counts, batch = named(arrivals), Counts(), Batch()
    events = store(tx, arrived)
    batch.watches.load_staged(tx)
    batch.rollups.load(tx, {arrival.tenant_id for arrival in arrivals})
    plain, amending = parted(events.fresh)
    staying = amended_before(tx, counts, plain)
    unmatched = _with_reasons(tx, batch.count(staying))
    _note_others(batch, events, plain, staying)
    keep_unmatched(tx, unmatched)
    waiting = amend(tx, batch, counts, amending) if amending else []
    keep_unmatched(tx, waiting)
    keep_conflicting(tx, events.conflicting)
    keep_rejected(tx, arrivals)
    advanced, late = _add(tx, batch)
    batch.rollups.save(tx)
    add_counts(tx, {key: watch.came for key, watch in batch.watches.by_key.items()})
    counts.add_all("received", map(_quarter, arrived))
    _count(counts, arrivals, events, [*unmatched, *waiting])
    counts.save(tx)
    return Metered(advanced, late, counts.by_tenant())


def _note_others(batch: Batch, events: Sorted, plain: Sequence[Fresh], staying: Sequence[Fresh]) -> None:
    batch.note(events.repeated, "repeated")
    batch.note(events.conflicting, "conflicting")
    if len(staying) < len(plain):
        positions = {position for position, _ in staying}
        batch.note((staged for position, staged in plain if position not in positions), "taken_back")


def _with_reasons(tx: Connection, unplaced: Sequence[tuple[int, Staged]]) -> list[Unmatched]:
    if not unplaced:
        return []
    meters = current_meters(tx, {staged.tenant_id for _, staged in unplaced})
    return [
        Unmatched(position, staged, why_unmatched(meters[staged.tenant_id], staged.event.type, staged.data))
        for position, staged in unplaced
    ]


def _add(tx: Connection, batch: Batch) -> tuple[dict[PeriodKey, Totals], dict[PeriodKey, Late]]:
    touched = batch.touched
    closed = sorted(key for key, watch in touched.items() if watch.is_closed)
    lock_periods(tx, closed)
    before = totals_of(tx, closed)
    add_to_totals(tx, {key: watch.tally for key, watch in touched.items() if key not in batch.anew})
    for key in sorted(batch.anew):
        count_anew(tx, key)
    forget_empty(tx, batch.amended)
    after = totals_of(tx, touched)
    late = {key: _late(batch, key, before[key], after[key]) for key in closed}
    return {key: totals for key, totals in after.items() if key not in late}, late


def _late(batch: Batch, key: PeriodKey, before: Totals, after: Totals) -> Late:
    cause: RevisionCause = "corrections" if key in batch.amended else "late_events"
    events = batch.late[key]
    names = tuple(EventName(staged.event.source, staged.event.id) for staged in events)
    return Late(before, after, names, cause, max((staged.received_at for staged in events), default=None))


def _count(counts: Counts, arrivals: Sequence[Arrivals], events: Sorted, unmatched: Sequence[Unmatched]) -> None:
    for arrival in arrivals:
        for rejected in arrival.rejected:
            counts.add("received", arrival.tenant_id, rejected.at)
            counts.add("rejected", arrival.tenant_id, rejected.at)
    counts.add_all("metered", [_quarter(staged) for _, staged in events.fresh])
    counts.add_all("repeated", map(_quarter, events.repeated))
    counts.add_all("conflicting", map(_quarter, events.conflicting))
    for _, staged, _ in unmatched:
        counts.move(staged.tenant_id, [staged.event.time], source="metered", target="unmatched")


def _quarter(staged: Staged) -> tuple[int, int]:
    return staged.tenant_id.int, staged.quarter
