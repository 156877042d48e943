"""Batches: thousands of streams in one transaction, each with events, a projection and queued messages."""

from __future__ import annotations

import time
from uuid import UUID, uuid4

from shared.causes import Cause
from shared.clock import real_now
from shared.event_store import EventStore, Recorded, Stream, StreamKey
from tests.support.tower.bell import BELL, BellRung
from tests.support.tower.house import Tower

STREAMS, EVENTS_EACH = 1000, 5


def events_per_second(tower: Tower, *, batches: int, with_messages: bool) -> float:
    """Appends of 5,000 events to 1,000 new streams, one transaction each."""
    store = tower.store if with_messages else EventStore([BELL])
    began = time.perf_counter()
    for _ in range(batches):
        with tower.worker.begin() as tx:
            store.append_many(tx, _recorded(store))
    return batches * STREAMS * EVENTS_EACH / (time.perf_counter() - began)


def cause_of(tenant_id: UUID) -> Cause:
    now = real_now()
    return Cause(tenant_id, now, now, {"principal": "bench"})


def _recorded(store: EventStore) -> list[Recorded]:
    tenant, events = uuid4(), [BellRung(times=1)] * EVENTS_EACH
    cause, keys = cause_of(tenant), [StreamKey(tenant, "bell", uuid4()) for _ in range(STREAMS)]
    return [entry for key in keys for entry in store.numbered(key, Stream(None), events, cause)]
