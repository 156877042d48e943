"""The timers that the facts of an opportunity set."""

from __future__ import annotations

from collections.abc import Iterator

from services.renewals.domain.opportunity import OPPORTUNITY
from services.renewals.processes.clock import due_instants
from shared.event_store import Recorded
from shared.timers import Timer


def timers_of(recorded: Recorded) -> Iterator[Timer]:
    if recorded.key.category == OPPORTUNITY.category:
        for due in due_instants(recorded.event):
            yield Timer(tenant_id=recorded.tenant_id, name=due.timer, subject=recorded.stream_id, fire_at=due.at)
