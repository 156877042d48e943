"""How much waits in a service, and since when?"""

from __future__ import annotations

from collections.abc import Iterator

from infra.doctor.findings import Finding, graded
from infra.doctor.installation import Service
from shared.backlog import backlog
from shared.clock import real_now


def waiting(service: Service) -> Iterator[Finding]:
    with service.connected("worker") as tx:
        found = backlog(tx, real_now())
    name = service.name
    said = f"{found.outbox_rows} messages, the oldest {found.outbox_seconds:.0f} s old"
    yield graded("outbox", name, found.outbox_seconds, 60, 600, said, "runbook: the broker is away")
    said = f"{found.parked_rows} messages, {found.undecided_rows} of them wait for a person"
    yield graded("parked", name, found.undecided_rows, 0, 100, said, "runbook: a message cannot be applied")
    said = f"the oldest is due for {found.timers_seconds:.0f} s"
    yield graded("timers", name, found.timers_seconds, 60, 600, said, "runbook: a loop of a worker fails")
