"""Closes periods that are due, once everything acknowledged by then is metered: late rather than wrong."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy import Engine

from services.usage.domain.usage_period import USAGE_PERIOD
from services.usage.domain.usage_period.commands import ClosePeriod
from services.usage.messaging.ingest_record import partition_of
from services.usage.metering.periods import closing_totals
from services.usage.metering.watches import PeriodKey
from services.usage.projections.due_periods import DuePeriod, due_periods
from shared.causes import Cause
from shared.event_store import EventStore
from shared.unit_of_work import Session, UnitOfWork

Offsets = Mapping[int, int]  # by partition


@dataclass(frozen=True, slots=True)
class Closing:
    """`end_offsets` are those of the ingest log, `metered_offsets` those that its readers have stored.

    What was noted is kept in memory: a worker that starts anew notes later offsets and waits a little longer.
    """

    engine: Engine
    store: EventStore
    end_offsets: Callable[[], Offsets]
    metered_offsets: Callable[[], Offsets]
    real_now: Callable[[], datetime]
    watermarks: dict[PeriodKey, Offsets] = field(default_factory=dict)

    def step(self) -> int:
        due = due_periods(self.engine, self.real_now())
        self._note(due)
        metered = self.metered_offsets() if due else {}
        ready: dict[UUID, list[DuePeriod]] = defaultdict(list)
        for period in due:
            if all(metered.get(partition, 0) >= end for partition, end in self.watermarks[period.key].items()):
                ready[period.key.tenant_id].append(period)
        for tenant_id, periods in ready.items():
            self._close(tenant_id, periods)
        return sum(len(periods) for periods in ready.values())

    def _note(self, due: Sequence[DuePeriod]) -> None:
        for key in self.watermarks.keys() - {period.key for period in due}:
            del self.watermarks[key]
        fresh = [period for period in due if period.key not in self.watermarks]
        ends = self.end_offsets() if fresh else {}
        for period in fresh:
            tenant_id = period.key.tenant_id
            partitions = {partition_of(tenant_id, subject, len(ends)) for subject in period.subjects}
            self.watermarks[period.key] = {partition: ends[partition] for partition in sorted(partitions)}

    def _close(self, tenant_id: UUID, periods: Sequence[DuePeriod]) -> None:
        with self.engine.begin() as tx:
            totals = closing_totals(tx, tenant_id, [period.key for period in periods])
            session = Session(tx, self.store)
            session.load(USAGE_PERIOD, tenant_id, [period.key.period_id for period in periods])
            for period in periods:
                watermark = {str(p): offset for p, offset in self.watermarks[period.key].items()}
                close = ClosePeriod(totals=totals[period.key], watermark=watermark, learned_at=period.closes_at)
                UnitOfWork(session, self._cause(period)).execute(USAGE_PERIOD, period.key.period_id, close)
            session.flush()

    def _cause(self, period: DuePeriod) -> Cause:
        """It closed when it was due, whenever a worker got to it."""
        recorded_at = self.real_now() if period.real else period.closes_at
        context = {"principal": "clock", "correlation_id": str(period.key.period_id)}
        return Cause(period.key.tenant_id, period.closes_at, recorded_at, context)
