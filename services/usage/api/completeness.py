"""/v1/completeness: what became of every event that was acknowledged."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel

from services.usage.api.access import AskUsage
from services.usage.projections.completeness import completeness
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
