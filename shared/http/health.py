"""/livez, /readyz and /metrics: for the platform, without a token, on the inside network."""

from __future__ import annotations

from datetime import timedelta

from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from shared.clock import real_now
from shared.http.problems import problem
from shared.settling import NOBODY
from shared.tenancy import transaction

router = APIRouter(tags=["health"])
HEARTBEAT_AT_LEAST_EVERY = timedelta(seconds=10)


@router.get("/livez", include_in_schema=False)
def livez() -> dict[str, str]:
    return {"status": "alive"}


@router.get("/readyz", include_in_schema=False)
def readyz(request: Request) -> Response:
    """Ready when the database answers and the worker's last heartbeat says that its consumers are assigned."""
    with transaction(request.app.state.engine, NOBODY) as tx:
        row = tx.exec_driver_sql("SELECT answer, answered_at FROM worker_status").first()
    if row is None or real_now() - row.answered_at > HEARTBEAT_AT_LEAST_EVERY:
        return problem(503, "worker_away", "the worker has not been heard of")
    if not row.answer.get("consuming"):
        return problem(503, "worker_not_consuming", "the worker waits for its partitions")
    return Response('{"status":"ready"}', media_type="application/json")


@router.get("/metrics", include_in_schema=False)
def metrics() -> Response:
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)
