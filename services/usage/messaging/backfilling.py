"""What the worker does for backfills: previews, counting, telling, and forgetting what nobody needs any more."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, Row

from services.usage.domain.backfill import BACKFILL, FinishBackfill
from services.usage.domain.event_rules import not_metered
from services.usage.domain.usage_period import USAGE_PERIOD
from services.usage.messaging.ingest_consumer import PASSES
from services.usage.metering import backfill_commit, backfill_preview, backfill_retention
from services.usage.metering.backfill_commit import Claimed, Moved
from services.usage.metering.backfill_loads import BackfillKey, Chunk
from services.usage.metering.months import Months
from services.usage.metering.watches import PeriodKey
from services.usage.processes.revising import revise
from services.usage.projections import backfills
from shared.causes import Cause
from shared.clock import clock_of
from shared.event_store import EventStore
from shared.logs import logger
from shared.unit_of_work import Session, UnitOfWork

KEPT = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Backfilling:
    """Each step is one transaction, and whoever dies in it has done nothing of it."""

    engine: Engine
    store: EventStore
    real_now: Callable[[], datetime]
    changed: Callable[[Iterable[PeriodKey]], None]
    months: Months = field(default_factory=Months)

    def count(self) -> int:
        """The next chunk of rows; where there is none, what the counted ones mean to closed periods."""
        claimed = None
        try:
            with self.months.there(self.engine, self._accepted()), self.engine.begin() as tx:
                claimed = backfill_commit.claim(tx)
                metered = None if claimed is None else backfill_commit.count_chunk(tx, claimed)
        except PASSES:
            raise
        except Exception as error:
            if claimed is None:
                raise
            return self._part(claimed, error)
        if claimed is None or metered is None:
            return self._tell()
        self.changed(metered.advanced)
        return claimed.chunk.rows

    def _accepted(self) -> list[datetime]:
        """When the events of batches under way arrived."""
        with self.engine.connect() as tx:
            return backfill_commit.accepted(tx)

    def _part(self, claimed: Claimed, error: Exception) -> int:
        """Halves find the row that is at fault, and what is with it counts."""
        logger().error("rows that cannot be counted", batch=str(claimed.key.backfill_id), exc_info=error)
        with self.engine.begin() as tx:
            backfill_commit.put_back(tx, claimed, parted(claimed.chunk))
        return 1

    def _tell(self) -> int:
        with self.engine.begin() as tx:
            return sum(self._tell_one(tx, row) for row in backfills.counted(tx))

    def _tell_one(self, tx: Connection, row: Row[Any]) -> int:
        key = BackfillKey(row.tenant_id, row.backfill_id)
        moved = backfill_commit.take_moved(tx, key)
        session = Session(tx, self.store)
        unit = UnitOfWork(session, self._cause(tx, key, row.accepted_at))
        session.load(USAGE_PERIOD, key.tenant_id, [each.period.period_id for each in moved])
        for each in moved:
            _revise(unit, each)
        if not moved:
            outcome = backfill_commit.outcome_of(tx, key)
            unit.execute(BACKFILL, key.backfill_id, FinishBackfill(outcome=outcome))
        session.flush()
        return 1

    def _cause(self, tx: Connection, key: BackfillKey, accepted_at: datetime) -> Cause:
        """It is another quantity from when the batch was accepted, whenever a worker got to it."""
        recorded_at = self.real_now() if clock_of(tx, key.tenant_id) is None else accepted_at
        context = {"principal": "usage", "correlation_id": str(key.backfill_id)}
        return Cause(key.tenant_id, accepted_at, recorded_at, context)

    def preview(self) -> int:
        """Made beside everything else, and kept if it is still wanted then."""
        with self.engine.connect() as tx:
            asked = backfill_preview.asked(tx)
        if asked is None:
            return 0
        played = backfill_preview.play(self.engine, asked, self.real_now())
        if played is None:
            return 0
        with self.engine.begin() as tx:
            backfill_preview.keep(tx, asked, *played)
        return 1

    def forget(self) -> int:
        """The rows of discarded batches at once, and what was told about ended ones after a while."""
        with self.engine.begin() as tx:
            return backfill_retention.forget(tx, self.real_now() - KEPT)


def _revise(unit: UnitOfWork, moved: Moved) -> None:
    """A period that opened again in no way: what was closed when it was added to is closed."""
    period = unit.state(USAGE_PERIOD, moved.period.period_id)
    unit.carry_out(revise(period, moved.after, "late_events", moved.events))


def parted(chunk: Chunk) -> Sequence[Chunk]:
    """Two halves; of one row, that row as rejected."""
    if len(chunk.events) > 1:
        middle = len(chunk.events) // 2
        return [Chunk(chunk.events[:middle], chunk.rejected), Chunk(chunk.events[middle:], [])]
    return [Chunk([], [*chunk.rejected, *map(not_metered, chunk.events)])]
