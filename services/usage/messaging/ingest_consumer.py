"""Meters what the ingest log holds: totals, offsets and what follows from them are one transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import msgspec
from msgspec.structs import replace
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import InterfaceError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from services.usage.domain.cloud_event import Arrivals
from services.usage.domain.event_rules import not_metered
from services.usage.domain.usage_period import USAGE_PERIOD
from services.usage.messaging.ingest_record import unpack
from services.usage.metering.apply import Late, meter
from services.usage.metering.months import MonthGone, Months
from services.usage.metering.watches import PeriodKey
from services.usage.processes.revising import revise
from shared.causes import Cause
from shared.clock import clock_of
from shared.consumer import Record, SaveOffsets
from shared.event_store import EventStore
from shared.logs import logger
from shared.unit_of_work import TRANSIENT, Session, UnitOfWork

# Some ten thousand events of usual size: what one transaction takes.
MOST_BYTES = 2_500_000
PASSES = (*TRANSIENT, PoolTimeout, InterfaceError, MonthGone)


@dataclass(frozen=True, slots=True)
class Metering:
    """`changed` is told which open periods have new totals."""

    engine: Engine
    store: EventStore
    real_now: Callable[[], datetime]
    changed: Callable[[Iterable[PeriodKey]], None]
    months: Months = field(default_factory=Months)

    def apply(self, records: Sequence[Record], save_offsets: SaveOffsets) -> int:
        """No record stops a partition: what cannot be metered is kept as rejected, what cannot be read is logged."""
        arrivals = [arrived for record in records if (arrived := _unpacked(record))]
        try:
            self._meter(arrivals, save_offsets)
        except PASSES:
            raise
        except Exception:  # found out one by one
            for arrived in arrivals:
                self._meter_alone(arrived)
            self._meter([], save_offsets)
        return len(records)

    def _meter(self, arrivals: Sequence[Arrivals], save_offsets: SaveOffsets) -> None:
        received = {arrived.received_at for arrived in arrivals}
        with self.months.there(self.engine, received), self.engine.begin() as tx:
            metered = meter(tx, arrivals)
            session = Session(tx, self.store)
            for key, late in metered.late.items():
                self._revise(session, key, late)
            session.flush()
            save_offsets(tx)
        self.changed(metered.advanced)

    def _meter_alone(self, arrived: Arrivals) -> None:
        """Halves find the event that is at fault, and what came with it counts."""
        try:
            self._meter([arrived], lambda _: None)
        except PASSES:
            raise
        except Exception as error:
            middle = len(arrived.events) // 2
            if middle:
                self._meter_alone(replace(arrived, events=arrived.events[:middle]))
                self._meter_alone(replace(arrived, events=arrived.events[middle:], rejected=[]))
                return
            logger().error("an event that cannot be metered", batch=str(arrived.batch_id), exc_info=error)
            self._meter([_refused(arrived)], lambda _: None)

    def _revise(self, session: Session, key: PeriodKey, late: Late) -> None:
        unit = UnitOfWork(session, self._cause(session.connection, key, late.received_at))
        period = unit.state(USAGE_PERIOD, key.period_id)
        unit.carry_out(revise(period, late.after, late.cause, late.events))

    def _cause(self, tx: Connection, key: PeriodKey, received_at: datetime | None) -> Cause:
        """It is another quantity from when its last event was accepted, whenever a worker got to it."""
        now = clock_of(tx, key.tenant_id)
        recorded_at = self.real_now() if now is None else received_at or now
        context = {"principal": "usage", "correlation_id": str(key.period_id)}
        return Cause(key.tenant_id, received_at or recorded_at, recorded_at, context)


def _unpacked(record: Record) -> Arrivals | None:
    try:
        return unpack(record.value)
    except msgspec.DecodeError as error:
        place = f"{record.topic}/{record.partition}/{record.offset}"
        logger().error("not a record of usage events", place=place, error=str(error))
        return None


def _refused(arrived: Arrivals) -> Arrivals:
    return replace(arrived, events=[], rejected=[*arrived.rejected, *map(not_metered, arrived.events)])
