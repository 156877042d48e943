"""Do the processes of a service answer: its API, and the worker whose heartbeat the database keeps?"""

from __future__ import annotations

from collections.abc import Iterator

import httpx

from infra.doctor.findings import Finding, judged
from infra.doctor.installation import Service
from shared.clock import real_now
from shared.http.health import HEARTBEAT_AT_LEAST_EVERY
from shared.settling import NOBODY


def answers(service: Service) -> Iterator[Finding]:
    with service.connected("worker") as tx:
        row = tx.exec_driver_sql(_HEARTBEAT, {"nobody": NOBODY}).first()
    beats = row is not None and real_now() - row.answered_at <= HEARTBEAT_AT_LEAST_EVERY
    consumes = beats and row is not None and bool(row.answer.get("consuming"))
    said = "consumes" if consumes else "waits for its partitions" if beats else "has not been heard of"
    remedy = f"start `python -m services.{service.name}.worker`, or see its log"
    yield judged("worker", service.name, said, remedy, is_well=consumes)
    if service.url:
        answer = httpx.get(f"{service.url}/readyz", timeout=5)
        remedy = "see its log, and the worker's"
        yield judged("API", service.name, f"/readyz says {answer.status_code}", remedy, is_well=answer.is_success)


_HEARTBEAT = "SELECT answer, answered_at FROM worker_status WHERE tenant_id = %(nobody)s"
