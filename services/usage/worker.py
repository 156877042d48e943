"""The usage worker: relay, consumers, metering, and the closing of periods."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, Engine

from services.usage.messaging.advancing import Advancing
from services.usage.messaging.backfilling import Backfilling
from services.usage.messaging.closing import Closing
from services.usage.messaging.crossing import Crossing
from services.usage.messaging.inbound import HANDLERS, TOPICS
from services.usage.messaging.ingest_consumer import MOST_BYTES, Metering
from services.usage.messaging.ingest_log import TOPIC
from services.usage.messaging.ingest_offsets import IngestEnds, Offsets, metered_offsets, pending_events
from services.usage.messaging.months_ahead import MonthsAhead
from services.usage.metering import books
from services.usage.metering.rollup_taking import TakingOver
from services.usage.metering.watches import PeriodKey
from services.usage.projections import backfills, due_periods
from services.usage.settings import Settings
from services.usage.store import OUTBOX, create_store
from shared.background import Background, Duties, background, start
from shared.clock import real_now
from shared.consumer import Consumer
from shared.database import engine_for
from shared.worker import Loop

# Than other workers have: metering, closing, advancing, crossing, rolling up, making months, and for backfills two that
# count, one that previews, one that forgets.
MORE_THREADS = 10


def create_background(settings: Settings, cluster_id: str) -> Background:
    engine = engine_for(settings.database, pool_size=settings.pool_size + MORE_THREADS)
    store, unread = create_store(), IngestEnds(settings)
    advancing, crossing = Advancing(engine, store, real_now), Crossing(engine, store, real_now)

    def changed(keys: Iterable[PeriodKey]) -> None:
        advancing.note(keys)
        crossing.note(keys)

    closing = Closing(engine, store, IngestEnds(settings), lambda: _metered(engine, cluster_id), real_now)
    metering = Metering(engine, store, real_now, changed)
    backfilling = Backfilling(engine, store, real_now, changed)
    duties = Duties(
        store=store,
        outbox=OUTBOX,
        handlers=HANDLERS,
        timers={},
        topics=TOPICS,
        waiting=_waiting,
        checks=books.CHECKS,
        more_consumers=[_consumer(settings, engine, cluster_id, metering)],
        more_loops=[*_of_periods(engine, closing, advancing, crossing), *_of_backfills(backfilling)],
        more_answers=lambda tx, tenant_id: {"pending": _pending(unread, tx, cluster_id, tenant_id)},
    )
    return background(settings, engine, cluster_id, duties)


def _of_periods(engine: Engine, closing: Closing, advancing: Advancing, crossing: Crossing) -> list[Loop]:
    return [
        Loop("months ahead", MonthsAhead(engine, real_now).step, 60),
        Loop("closing", closing.step, 0.05, is_eager=True),
        Loop("advancing", advancing.step, 1.0),
        Loop("crossing", crossing.step, 1.0),
        Loop("rolling up", TakingOver(engine).step, 2.0),
    ]


def _of_backfills(backfilling: Backfilling) -> list[Loop]:
    """Two that count: one reads what it wrote while PostgreSQL works for the other."""
    return [
        *(Loop(f"backfill {number}", backfilling.count, 0.5) for number in (1, 2)),
        Loop("backfill previews", backfilling.preview, 0.5),
        Loop("backfill retention", backfilling.forget, 10),
    ]


def _waiting(tx: Connection, tenant_id: UUID, now: datetime) -> int:
    """Periods past their closing, and backfills that were asked for something."""
    return due_periods.count(tx, tenant_id, now) + backfills.count_unsettled(tx, tenant_id)


def _pending(unread: IngestEnds, tx: Connection, cluster_id: str, tenant_id: UUID) -> int | None:
    in_log = pending_events(unread, tx, cluster_id, tenant_id)
    return None if in_log is None else in_log + backfills.pending_rows(tx, tenant_id)


def _consumer(settings: Settings, engine: Engine, cluster_id: str, metering: Metering) -> Consumer:
    group = f"quittance.usage.metering{settings.consumer_group_suffix}"
    return Consumer(settings, "usage", group, [TOPIC], engine, cluster_id, metering.apply, most_bytes=MOST_BYTES)


def _metered(engine: Engine, cluster_id: str) -> Offsets:
    with engine.connect() as tx:
        return metered_offsets(tx, cluster_id)


def main() -> None:
    start("usage", Settings(), create_background)


if __name__ == "__main__":
    main()
