"""Meters what the ingest log holds: totals, offsets and what follows from them are one transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec
from sqlalchemy import Connection, Engine

from services.usage.domain.cloud_event import Arrivals
from services.usage.domain.usage_period import USAGE_PERIOD
from services.usage.messaging.ingest_record import unpack
from services.usage.metering.apply import Late, meter
from services.usage.metering.watches import PeriodKey
from services.usage.processes.revising import revise
from shared.causes import Cause
from shared.clock import clock_of
from shared.consumer import Record, SaveOffsets
from shared.event_store import EventStore
from shared.logs import logger
from shared.unit_of_work import Session, UnitOfWork

# Some ten thousand events of usual size: what one transaction takes.
MOST_BYTES = 2_500_000


@dataclass(frozen=True, slots=True)
class Metering:
    """`changed` is told which open periods have new totals."""

    engine: Engine
    store: EventStore
    real_now: Callable[[], datetime]
    changed: Callable[[Iterable[PeriodKey]], None]

    def apply(self, records: Sequence[Record], save_offsets: SaveOffsets) -> int:
        arrivals = [arrived for record in records if (arrived := _unpacked(record))]
        with self.engine.begin() as tx:
            metered = meter(tx, arrivals)
            session = Session(tx, self.store)
            for key, late in metered.late.items():
                self._revise(session, key, late)
            session.flush()
            save_offsets(tx)
        self.changed(metered.advanced)
        return len(records)

    def _revise(self, session: Session, key: PeriodKey, late: Late) -> None:
        unit = UnitOfWork(session, self._cause(session.connection, key))
        period = unit.state(USAGE_PERIOD, key.period_id)
        unit.carry_out(revise(period, late.after, "late_events", late.events))

    def _cause(self, tx: Connection, key: PeriodKey) -> Cause:
        now = clock_of(tx, key.tenant_id) or self.real_now()
        return Cause(key.tenant_id, now, now, {"principal": "usage", "correlation_id": str(key.period_id)})


def _unpacked(record: Record) -> Arrivals | None:
    try:
        return unpack(record.value)
    except msgspec.DecodeError as error:
        place = f"{record.topic}/{record.partition}/{record.offset}"
        logger().error("not a record of usage events", place=place, error=str(error))
        return None
