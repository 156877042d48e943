"""POST /v1/events: usage events in, accepted once the ingest log has all of them."""

from __future__ import annotations

from functools import partial
from typing import Protocol
from uuid import UUID

import anyio
from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Request, Response

from services.usage.api.access import SendEvents
from services.usage.api.ingest_answers import (
    ANSWER_WITHIN_SECONDS,
    Accepted,
    BrokerDidNotAnswer,
    accepted,
    is_lenient,
    refused,
)
from services.usage.api.ingest_document import INGEST
from services.usage.domain.cloud_event import Arrivals, Window
from services.usage.domain.ingest import BodyTooLarge, MalformedBody, UnsupportedContentType, decode
from shared.clock import clock_of, real_now
from shared.http.app import INGEST_THREADS
from shared.http.problems import Problem
from shared.http.real_time import RealTime
from shared.http.tokens import Caller
from shared.tenancy import transaction

PATH = "/v1/events"
STATUS = {MalformedBody: 400, BodyTooLarge: 413, UnsupportedContentType: 415}

router = APIRouter(tags=["events"])
_threads = CapacityLimiter(INGEST_THREADS)


class IngestLog(Protocol):
    def append(self, *batches: Arrivals) -> None: ...


@router.post(PATH, status_code=202, response_model=Accepted, openapi_extra=INGEST)
async def ingest(request: Request, caller: SendEvents) -> Response:
    """CloudEvents 1.0: a batch, one structured event, or binary mode. All or none of a batch is accepted, unless the
    request says `Prefer: handling=lenient`. A 503 means *unknown*: sending again is safe and expected."""
    take = partial(_take, request, caller, await request.body())
    try:
        with anyio.fail_after(ANSWER_WITHIN_SECONDS):
            return await to_thread.run_sync(take, abandon_on_cancel=True, limiter=_threads)
    except TimeoutError:
        raise BrokerDidNotAnswer from None


def _take(request: Request, caller: Caller, body: bytes) -> Response:
    window = window_of(request, caller.tenant_id)
    try:
        decoded = decode(request.headers, body, window)
    except (MalformedBody, BodyTooLarge, UnsupportedContentType) as error:
        raise Problem(STATUS[type(error)], error.code, str(error)) from error
    lenient = is_lenient(request.headers)
    if decoded.rejected and not lenient:
        return refused(decoded.errors)
    arrivals = Arrivals(
        tenant_id=caller.tenant_id,
        batch_id=request.app.state.new_id(),
        received_at=window.now,
        events=decoded.accepted,
        rejected=decoded.rejected,
    )
    log: IngestLog = request.app.state.ingest_log
    log.append(arrivals)
    return accepted(len(arrivals.events), arrivals.batch_id, decoded.rejected, lenient=lenient)


def window_of(request: Request, tenant_id: UUID) -> Window:
    real_time: RealTime = request.app.state.real_time
    if real_time.knows(tenant_id):
        return Window.at(real_now())
    with transaction(request.app.state.engine, tenant_id) as tx:
        clock = clock_of(tx, tenant_id)
        if clock is None:
            real_time.learn(tx, tenant_id)
    return Window.at(clock or real_now(), test_clock=clock is not None)
