"""POST /v1/events: usage events in, accepted once the ingest log has all of them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Annotated, Any, Protocol
from uuid import UUID

import anyio
from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Request, Response
from pydantic import BaseModel

from services.usage.api.access import SendEvents
from services.usage.api.ingest_document import INGEST
from services.usage.domain.cloud_event import Arrivals, EventError, Window
from services.usage.domain.ingest import BodyTooLarge, MalformedBody, UnsupportedContentType, decode
from shared.clock import clock_of, real_now
from shared.http.app import INGEST_THREADS
from shared.http.problems import RETRY_AFTER_SECONDS, Problem, problem
from shared.http.tokens import Caller
from shared.ids import new_id, prefixed
from shared.tenancy import transaction

PATH = "/v1/events"
ANSWER_WITHIN_SECONDS = 4.3
MOST_ERRORS = 1000
STATUS = {MalformedBody: 400, BodyTooLarge: 413, UnsupportedContentType: 415}

router = APIRouter(tags=["events"])
_threads = CapacityLimiter(INGEST_THREADS)


class IngestLog(Protocol):
    def append(self, arrivals: Arrivals) -> None: ...


class ErrorOut(BaseModel):
    """`index` is the event's place in its batch, `pointer` the JSON pointer within the event."""

    index: int
    pointer: str
    code: str
    detail: str


class Accepted(BaseModel):
    """`rejected` events were kept with their reasons; only a lenient request has any."""

    accepted: int
    rejected: int
    batch_id: Annotated[UUID, prefixed("bat")]
    errors: list[ErrorOut]


@router.post(PATH, status_code=202, response_model=Accepted, openapi_extra=INGEST)
async def ingest(request: Request, caller: SendEvents) -> Response:
    """CloudEvents 1.0: a batch, one structured event, or binary mode. All or none of a batch is accepted, unless the
    request says `Prefer: handling=lenient`. A 503 means *unknown*: sending again is safe and expected."""
    take = partial(_take, request, caller, await request.body())
    try:
        with anyio.fail_after(ANSWER_WITHIN_SECONDS):
            return await to_thread.run_sync(take, abandon_on_cancel=True, limiter=_threads)
    except TimeoutError:
        raise Problem(
            503, "broker_away", "Kafka is away: try again", {"Retry-After": str(RETRY_AFTER_SECONDS)}
        ) from None


def _take(request: Request, caller: Caller, body: bytes) -> Response:
    window = window_of(request, caller.tenant_id)
    try:
        decoded = decode(request.headers, body, window)
    except (MalformedBody, BodyTooLarge, UnsupportedContentType) as error:
        raise Problem(STATUS[type(error)], error.code, str(error)) from error
    lenient = "handling=lenient" in request.headers.get("prefer", "").replace(" ", "").lower()
    if decoded.rejected and not lenient:
        detail = "nothing was accepted: correct the events, or accept the valid ones by Prefer: handling=lenient"
        return problem(422, "invalid_events", detail, errors=_errors(decoded.errors))
    arrivals = Arrivals(
        tenant_id=caller.tenant_id,
        batch_id=new_id(),
        received_at=window.now,
        events=decoded.accepted,
        rejected=decoded.rejected,
    )
    log: IngestLog = request.app.state.ingest_log
    log.append(arrivals)
    return _accepted(arrivals, decoded.errors, lenient=lenient)


def window_of(request: Request, tenant_id: UUID) -> Window:
    with transaction(request.app.state.engine, tenant_id) as tx:
        clock = clock_of(tx, tenant_id)
    return Window.at(clock or real_now(), test_clock=clock is not None)


def _accepted(arrivals: Arrivals, errors: Sequence[EventError], *, lenient: bool) -> Response:
    answer = Accepted(
        accepted=len(arrivals.events),
        rejected=len(arrivals.rejected),
        batch_id=arrivals.batch_id,
        errors=[ErrorOut.model_validate(error) for error in _errors(errors)],
    )
    headers = {"Preference-Applied": "handling=lenient"} if lenient else None
    return Response(answer.model_dump_json(), 202, headers, media_type="application/json")


def _errors(errors: Sequence[EventError]) -> list[dict[str, Any]]:
    return [{"index": e.index, "pointer": e.pointer, "code": e.code, "detail": e.message} for e in errors[:MOST_ERRORS]]
