"""/v1/test-clock: a tenant in test mode has a clock of its own, moved by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict

from shared import settling
from shared.clock import TEST_CLOCK, SetClock, clock_of, is_untouched, real_now
from shared.errors import Conflict
from shared.http.access import evaluates, writes
from shared.http.fields import Instant
from shared.http.routes import TransactionalRoute
from shared.http.tokens import Caller
from shared.tenancy import transaction
from shared.unit_of_work import UnitOfWork

router = APIRouter(prefix="/v1/test-clock", tags=["test clock"], route_class=TransactionalRoute)

MoveClock = Annotated[UnitOfWork, writes("operations:clock")]
ReadClock = Annotated[Caller, evaluates("operations:clock")]


class Unsettled(Conflict):
    """What the last move caused is not finished: ask again soon."""


class ClockIn(BaseModel):
    model_config = ConfigDict(extra="forbid")
    now: Instant


class ClockOut(BaseModel):
    now: datetime
    test_mode: bool


class SettledClock(ClockOut):
    settled: bool
    counters: dict[str, int]


def _last_move_is_finished(request: Request, caller: ReadClock) -> None:
    with transaction(request.app.state.engine, caller.tenant_id) as tx:
        moved_before = clock_of(tx, caller.tenant_id) is not None
    if (
        moved_before
        and not settling.ask(request.app.state.engine, caller.tenant_id, about_own_move=True)["own_settled"]
    ):
        raise Unsettled("the last move is not finished: repeat this in a moment")


@router.put("", dependencies=[Depends(_last_move_is_finished)])
def move(body: ClockIn, unit: MoveClock) -> ClockOut:
    """Forward only, at most 62 days. The first one chooses test mode and sets any instant."""
    first = unit.state(TEST_CLOCK, unit.tenant_id) is None
    at = unit.because(replace(unit.cause, occurred_at=body.now, recorded_at=body.now))
    at.execute(
        TEST_CLOCK, unit.tenant_id, SetClock(now=body.now, untouched=first and is_untouched(unit.tx, unit.tenant_id))
    )
    return ClockOut(now=body.now, test_mode=True)


@router.get("")
def show(request: Request, caller: ReadClock) -> SettledClock:
    answer: dict[str, Any] = settling.ask(request.app.state.engine, caller.tenant_id)
    with transaction(request.app.state.engine, caller.tenant_id) as tx:
        clock = clock_of(tx, caller.tenant_id)
    return SettledClock(
        now=clock or real_now(), test_mode=clock is not None, settled=answer["settled"], counters=answer["counters"]
    )
