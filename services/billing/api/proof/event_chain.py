"""/v1/ledger/verify: whether the events behind the books are those that were written."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from services.billing.api.access import VerifyBooks
from services.billing.projections import event_chain
from shared.http.fields import Instant
from shared.http.routes import TransactionalRoute

router = APIRouter(prefix="/v1/ledger", tags=["ledger"], route_class=TransactionalRoute)

Hash = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


class VerificationIn(BaseModel):
    """`root` is one that an earlier answer gave for the same `known_at`, and that was kept elsewhere."""

    model_config = ConfigDict(extra="forbid")
    known_at: Instant | None = None
    root: Hash | None = None


class BrokenOut(BaseModel):
    """The first event of a stream that is `changed`, `missing`, or was written past the chain."""

    category: str
    stream_id: UUID
    version: int
    reason: Literal["changed", "missing", "not_chained"]


class ChainOut(BaseModel):
    """`equal`: every event fits its chain and, where one was given, the root is the same. The first hundred streams that
    are broken are listed."""

    equal: bool
    known_at: datetime
    events: int
    streams: int
    root: Hash
    broken: list[BrokenOut]


@router.post("/verify")
def verify(body: VerificationIn, unit: VerifyBooks) -> ChainOut:
    """Counts the hashes of all events of the tenant again that were recorded by an instant, now without one."""
    known_at = body.known_at or unit.now
    found = event_chain.verify(unit, known_at)
    names = ("category", "stream_id", "version", "reason")
    return ChainOut(
        equal=not found.broken and body.root in (None, found.root),
        known_at=known_at,
        events=found.events,
        streams=found.streams,
        root=found.root,
        broken=[BrokenOut(**{name: getattr(broken, name) for name in names}) for broken in found.broken],
    )
