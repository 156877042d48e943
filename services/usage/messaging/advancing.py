"""Tells running totals of open periods, each at most once in ten seconds of real time; one that takes several messages at
most once in an hour."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Connection, Engine

from services.usage.domain.usage_period import USAGE_PERIOD
from services.usage.domain.usage_period.commands import AdvancePeriod
from services.usage.metering.locks import lock_periods, share_periods
from services.usage.metering.totals import totals_of
from services.usage.metering.watches import PeriodKey
from shared.causes import Cause
from shared.clock import clock_of
from shared.event_store import EventStore
from shared.unit_of_work import Session, UnitOfWork

AT_MOST_EVERY = timedelta(seconds=10)
AT_MOST_EVERY_IN_PARTS = timedelta(hours=1)  # megabytes each time, for a listener that keeps the last one of a day


@dataclass(frozen=True, slots=True)
class Advancing:
    """What changed is kept in memory: a worker that dies leaves the next event, or the closing, to tell it."""

    engine: Engine
    store: EventStore
    real_now: Callable[[], datetime]
    changed: set[PeriodKey] = field(default_factory=set)
    rests_until: dict[PeriodKey, datetime] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, keys: Iterable[PeriodKey]) -> None:
        with self.lock:
            self.changed.update(keys)

    def step(self) -> int:
        now = self.real_now()
        by_tenant: dict[UUID, list[PeriodKey]] = defaultdict(list)
        for key in self._take(now):
            by_tenant[key.tenant_id].append(key)
        return sum(self._advance(tenant_id, keys, now) for tenant_id, keys in by_tenant.items())

    def _take(self, now: datetime) -> list[PeriodKey]:
        with self.lock:
            for key in [key for key, until in self.rests_until.items() if until <= now]:
                del self.rests_until[key]
            keys = [key for key in self.changed if key not in self.rests_until]
            self.changed.difference_update(keys)
            self.rests_until.update(dict.fromkeys(keys, now + AT_MOST_EVERY))
        return keys

    def _advance(self, tenant_id: UUID, keys: Sequence[PeriodKey], now: datetime) -> int:
        with self.engine.begin() as tx:
            share_periods(tx, [tenant_id])  # nothing closes meanwhile
            lock_periods(tx, sorted(keys))
            session = Session(tx, self.store)
            session.load(USAGE_PERIOD, tenant_id, [key.period_id for key in keys])
            unit = UnitOfWork(session, cause_of(tx, tenant_id, now))
            totals = totals_of(tx, keys)
            for key in keys:
                if len(unit.execute(USAGE_PERIOD, key.period_id, AdvancePeriod(totals=totals[key]))) > 1:
                    self.rests_until[key] = now + AT_MOST_EVERY_IN_PARTS
            session.flush()
        return len(keys)


def cause_of(tx: Connection, tenant_id: UUID, now: datetime) -> Cause:
    """What the worker sees by itself happens when it is seen, by the tenant's clock; `now` is real time."""
    clock = clock_of(tx, tenant_id)
    return Cause(tenant_id, clock or now, clock or now, {"principal": "usage", "real_time": now.isoformat()})
