"""/v1/parked-messages: what could not be applied, and what an operator decides about it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, StringConstraints
from sqlalchemy import RowMapping, column, select, table
from sqlalchemy import Uuid as SqlUuid

from shared.errors import NotFound
from shared.http.access import reads, writes
from shared.http.pages import Listed, PageQuery, page_of
from shared.http.routes import TransactionalRoute
from shared.parked import PARKED_MESSAGE, DecideParkedMessage
from shared.unit_of_work import UnitOfWork

router = APIRouter(prefix="/v1/parked-messages", tags=["parked messages"], route_class=TransactionalRoute)

ReadParked = Annotated[UnitOfWork, reads("operations:parked")]
DecideParked = Annotated[UnitOfWork, writes("operations:parked")]

_parked = table(
    "parked_messages",
    column("tenant_id", SqlUuid()),
    column("id", SqlUuid()),
    *(column(name) for name in ("source", "stream_id", "sequence", "type", "reason", "decision", "parked_at")),
)


class ParkedMessageNotFound(NotFound):
    pass


class ParkedOut(BaseModel):
    id: UUID
    source: str
    stream_id: UUID
    sequence: int
    type: str
    reason: str
    decision: str | None
    parked_at: datetime


class Why(BaseModel):
    model_config = ConfigDict(extra="forbid")
    reason: Annotated[str, StringConstraints(min_length=1, max_length=500)]


@router.get("")
def list_parked(unit: ReadParked, page: PageQuery) -> Listed[ParkedOut]:
    mine = select(_parked).where(_parked.c.tenant_id == unit.tenant_id)
    return page_of(unit, mine, _parked.c.id, page, _shown)


@router.post("/{id}/replay", status_code=202)
def replay(id: UUID, body: Why, unit: DecideParked) -> ParkedOut:
    """Apply it again, now that the cause is mended."""
    return _decide(id, "replay", body.reason, unit)


@router.post("/{id}/discard", status_code=202)
def discard(id: UUID, body: Why, unit: DecideParked) -> ParkedOut:
    """Leave it out for ever, so that the later messages of its stream can go on."""
    return _decide(id, "discard", body.reason, unit)


def _decide(id: UUID, decision: Literal["replay", "discard"], reason: str, unit: UnitOfWork) -> ParkedOut:
    _get(id, unit)
    unit.execute(PARKED_MESSAGE, id, DecideParkedMessage(decision=decision, reason=reason))
    return _get(id, unit)


def _get(id: UUID, unit: UnitOfWork) -> ParkedOut:
    mine = select(_parked).where(_parked.c.tenant_id == unit.tenant_id, _parked.c.id == id)
    row = unit.tx.execute(mine).mappings().first()
    if row is None:
        raise ParkedMessageNotFound("no such parked message")
    return _shown(row)


def _shown(row: RowMapping) -> ParkedOut:
    return ParkedOut.model_validate({k: v for k, v in row.items() if k != "tenant_id"})
