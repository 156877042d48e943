"""POST /v1/events/rejected/replay: what was rejected goes the way of an event again, once its cause is mended."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field, StrictInt

from services.usage.api.access import OperateUsage
from services.usage.api.events import EventErrorOut
from services.usage.api.ingest import IngestLog
from services.usage.domain.cloud_event import Arrivals, EventError, Window
from services.usage.metering.replay import judge_again
from services.usage.projections import event_lists
from services.usage.tables import usage_rejected
from shared.clock import clock_of
from shared.http.fields import Instant
from shared.http.routes import TransactionalRoute

router = APIRouter(prefix="/v1/events/rejected", tags=["events"], route_class=TransactionalRoute)

MOST = 1000


class ReplayIn(BaseModel):
    """The oldest ones with `from` <= at < `to`; go on with those after `after`, where many stay rejected."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)
    from_: Annotated[Instant | None, Field(alias="from")] = None
    to: Instant | None = None
    after: Annotated[StrictInt, Field(ge=0, le=2**63 - 1)] = 0
    limit: Annotated[StrictInt, Field(ge=1, le=MOST)] = MOST


class StillRejectedOut(BaseModel):
    number: int
    errors: list[EventErrorOut]


class ReplayOut(BaseModel):
    """`replayed` are accepted like events that were just sent, and counted once if they came in another way meanwhile."""

    replayed: int
    still_rejected: list[StillRejectedOut]


@router.post("/replay")
def replay(request: Request, unit: OperateUsage, body: ReplayIn) -> ReplayOut:
    clock = clock_of(unit.tx, unit.tenant_id)
    window = Window.at(unit.now, test_clock=clock is not None)
    found = event_lists.rejected(unit.tenant_id, (body.from_, body.to))
    next_ones = found.where(usage_rejected.c.number > body.after).order_by(usage_rejected.c.number).limit(body.limit)
    judged = judge_again(unit.tx, unit.tenant_id, next_ones, window)
    if judged.accepted:
        log: IngestLog = request.app.state.ingest_log
        log.append(
            Arrivals(tenant_id=unit.tenant_id, batch_id=unit.new_id(), received_at=unit.now, events=judged.accepted)
        )
    still = [StillRejectedOut(number=n, errors=[_shown(e) for e in errors]) for n, errors in judged.refused.items()]
    return ReplayOut(replayed=len(judged.accepted), still_rejected=still)


def _shown(error: EventError) -> EventErrorOut:
    return EventErrorOut(pointer=error.pointer, code=error.code, detail=error.message)
