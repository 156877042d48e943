"""Tells when an open period crosses a threshold, a moment after the events that did it were metered."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy import Engine

from services.usage.domain.usage_period import USAGE_PERIOD
from services.usage.domain.usage_period.commands import CheckThresholds
from services.usage.messaging.advancing import cause_of
from services.usage.metering.locks import share_periods
from services.usage.metering.totals import totals_of
from services.usage.metering.watches import PeriodKey
from services.usage.projections import thresholds
from shared.event_store import EventStore
from shared.unit_of_work import Session, UnitOfWork


@dataclass(slots=True)
class Crossing:
    """Metering waits for nothing of it. What changed is kept in memory: a worker that starts looks at all there is."""

    engine: Engine
    store: EventStore
    real_now: Callable[[], datetime]
    changed: set[PeriodKey] = field(default_factory=set)
    has_looked: bool = False
    lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, keys: Iterable[PeriodKey]) -> None:
        with self.lock:
            self.changed.update(keys)

    def step(self) -> int:
        """How many crossings were told."""
        if not self.has_looked:
            with self.engine.connect() as tx:
                self.note(thresholds.watched(tx))
            self.has_looked = True
        keys = self._take()
        by_tenant: dict[UUID, list[UUID]] = defaultdict(list)
        for key in keys:
            by_tenant[key.tenant_id].append(key.period_id)
        try:
            return sum(self._check(tenant_id, period_ids) for tenant_id, period_ids in by_tenant.items())
        except Exception:
            self.note(keys)  # once more, which tells nothing twice
            raise

    def _take(self) -> set[PeriodKey]:
        with self.lock:
            keys = set(self.changed)
            self.changed.clear()
        return keys

    def _check(self, tenant_id: UUID, period_ids: Sequence[UUID]) -> int:
        with self.engine.begin() as tx:
            share_periods(tx, [tenant_id])  # nothing closes meanwhile
            states = thresholds.locked(tx, tenant_id, period_ids)
            totals = totals_of(tx, states)
            moved = [key.period_id for key, state in states.items() if state.is_moved(totals[key])]
            session = Session(tx, self.store)
            session.load(USAGE_PERIOD, tenant_id, moved)
            unit = UnitOfWork(session, cause_of(tx, tenant_id, self.real_now()))
            check = ((id_, CheckThresholds(totals=totals[PeriodKey(tenant_id, id_)])) for id_ in moved)
            told = sum(len(unit.execute(USAGE_PERIOD, id_, command)) for id_, command in check)
            session.flush()
        return told
