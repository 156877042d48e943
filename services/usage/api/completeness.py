"""/v1/completeness: what became of every event that was acknowledged, by time or by period."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel

from services.usage.api.access import AskUsage
from services.usage.api.shapes import PeriodId
from services.usage.metering.watches import PeriodKey
from services.usage.projections.completeness import check_range, completeness
from services.usage.projections.period_statement import statement_of
from shared import settling
from shared.errors import Unavailable
from shared.http.fields import Instant
from shared.tenancy import transaction

router = APIRouter(prefix="/v1/completeness", tags=["completeness"])


class PendingUnknown(Unavailable):
    """The worker is away or far behind: what is unknown is not guessed."""


class CompletenessOut(BaseModel):
    """Events, not event and meter. `pending` are acknowledged and not metered yet, whatever their time; `difference`
    is received less all the others: zero, or an incident."""

    starts_at: datetime
    ends_at: datetime
    received: int
    metered: int
    repeated: int
    conflicting: int
    rejected: int
    unmatched: int
    pending: int
    difference: int


@router.get("")
def state(
    request: Request,
    caller: AskUsage,
    from_: Annotated[Instant, Query(alias="from")],
    to: Instant,
) -> CompletenessOut:
    """For events with `from` <= time < `to`, whole quarters of an hour."""
    check_range(from_, to)
    answer = settling.ask(request.app.state.engine, caller.tenant_id)
    if answer.get("pending") is None:
        raise PendingUnknown("the worker cannot tell how much is pending: ask again")
    with transaction(request.app.state.engine, caller.tenant_id) as tx:
        stated = completeness(tx, caller.tenant_id, from_, to, pending=answer["pending"])
    return CompletenessOut(
        starts_at=from_,
        ends_at=to,
        received=stated.received,
        metered=stated.metered,
        repeated=stated.repeated,
        conflicting=stated.conflicting,
        rejected=stated.rejected,
        unmatched=stated.unmatched,
        pending=stated.pending,
        difference=stated.difference,
    )


class PeriodStatementOut(BaseModel):
    """Events of the period's subjects, type and time. `metered` is what its totals say; the others were counted when the
    events came: `excluded` by a filter or for want of a value, `taken_back`, `repeated`, `conflicting`. What is pending is
    of no period yet. `difference` is received less all the others: zero, or an incident."""

    period_id: PeriodId
    received: int
    metered: int
    excluded: int
    taken_back: int
    repeated: int
    conflicting: int
    difference: int


@router.get("/periods/{period_id}")
def of_period(request: Request, caller: AskUsage, period_id: PeriodId) -> PeriodStatementOut:
    with transaction(request.app.state.engine, caller.tenant_id) as tx:
        stated = statement_of(tx, PeriodKey(caller.tenant_id, period_id))
    return PeriodStatementOut(period_id=period_id, **asdict(stated), difference=stated.difference)
