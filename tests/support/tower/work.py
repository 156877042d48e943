"""A tower's worker, to be stepped by the test."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shared import kafka
from shared.background import Background, Duties, background
from shared.timers import TimerHandler
from tests.support.tower.bell import BellRungV1
from tests.support.tower.house import Tower
from tests.support.tower.letters import hear


def work_of(tower: Tower, timers: Mapping[str, TimerHandler] | None = None, **settings: Any) -> Background:
    """It hears its own bells; `settings` are besides those that the tower has."""
    told = tower.settings("worker").model_copy(update=settings)
    duties = Duties(
        store=tower.store,
        outbox=tower.outbox,
        handlers={BellRungV1.TYPE: hear},
        timers=timers or {},
        topics=[tower.topic],
    )
    worker = background(told, tower.worker, kafka.cluster_id(told), duties)
    worker.consumer.poll_milliseconds = 50
    return worker
