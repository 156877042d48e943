"""The timers that the facts of an entitlement set."""

from __future__ import annotations

from collections.abc import Iterator

from services.entitlement.domain.entitlement import ENTITLEMENT
from services.entitlement.processes.clock import due_instants
from shared.event_store import Recorded
from shared.timers import Timer

REACH_INSTANT = "reach_instant"


def timers_of(recorded: Recorded) -> Iterator[Timer]:
    if recorded.key.category == ENTITLEMENT.category:
        for at in due_instants(recorded.event):
            yield Timer(tenant_id=recorded.tenant_id, name=REACH_INSTANT, subject=recorded.stream_id, fire_at=at)
