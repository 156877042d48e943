"""/v1/events: where an event went, and those that no total holds, with the reason."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel
from sqlalchemy import RowMapping

from services.usage.api.access import ReadUsage
from services.usage.api.event_shapes import EventOut
from services.usage.api.shapes import BatchId, PeriodId, plain
from services.usage.domain.event_rules import NOT_METERED
from services.usage.domain.windows import check_order
from services.usage.metering.lists import Reason
from services.usage.metering.replay import is_cut
from services.usage.projections import event_lists, event_places
from services.usage.projections.event_lists import Bounds
from services.usage.projections.event_places import Amended, Counted
from services.usage.tables import usage_conflicting, usage_rejected, usage_unmatched
from shared.http.fields import Instant
from shared.http.pages import Listed, PageQuery, page_of
from shared.http.routes import TransactionalRoute
from shared.ids import shown

router = APIRouter(prefix="/v1/events", tags=["events"], route_class=TransactionalRoute)

Name = Annotated[str, Query(min_length=1, max_length=256)]


class CountedOut(BaseModel):
    """A period that counts the event, and what it added there. `billed_as` is where billing lists the lines that carry
    it: of the group as the period knows it."""

    period_id: PeriodId
    meter: str
    charge: str
    status: str
    group: str
    quantity: str
    unique: str | None
    billed_as: str


class EventNameOut(BaseModel):
    source: str
    id: str


class AmendedOut(BaseModel):
    """`data` counts in the place of what was sent; null where the event was taken back."""

    data: str | None
    reason: str
    by: list[EventNameOut]


class EventPlacesOut(BaseModel):
    """`event` is as it was sent. `conflicts` counts other payloads that came under the same source and id."""

    event: EventOut
    amended: AmendedOut | None
    status: Literal["metered", "unmatched"]
    reason: str | None
    periods: list[CountedOut]
    conflicts: int


class UnmatchedOut(EventOut):
    reason: str


class EventErrorOut(BaseModel):
    pointer: str
    code: str
    detail: str


class RejectedOut(BaseModel):
    """`text` is what was sent; where `is_truncated` its end was left out, and a replay refuses it. `index` is its place in
    the request, unknown (null) of an event that was accepted and could not be metered; `number` is its place in this list."""

    number: int
    batch_id: BatchId
    index: int | None
    at: datetime
    received_at: datetime
    text: str
    is_truncated: bool
    errors: list[EventErrorOut]


async def _bounds(from_: Annotated[Instant | None, Query(alias="from")] = None, to: Instant | None = None) -> Bounds:
    if from_ is not None and to is not None:
        check_order(from_, to)
    return from_, to


BoundsQuery = Annotated[Bounds, Depends(_bounds)]
Part = Annotated[str | None, Query(max_length=256)]
TypeQuery = Annotated[str | None, Query(alias="type", max_length=256)]


@router.get("")
def find(source: Name, id: Name, unit: ReadUsage) -> EventPlacesOut:
    """Where the event of this source and id went."""
    found = event_places.places_of(unit.tx, unit.tenant_id, source, id)
    return EventPlacesOut(
        event=_event(found.event),
        amended=_amended(found.amended),
        status="unmatched" if found.event["reason"] else "metered",
        reason=found.event["reason"],
        periods=[_counted(counted) for counted in found.counted],
        conflicts=found.conflicts,
    )


@router.get("/rejected")
def list_rejected(
    unit: ReadUsage,
    page: PageQuery,
    bounds: BoundsQuery,
    code: Annotated[str | None, Query(max_length=100)] = None,
    batch_id: Annotated[BatchId | None, Query()] = None,
) -> Listed[RejectedOut]:
    """`code` is that of one of its errors."""
    found = event_lists.rejected(unit.tenant_id, bounds, code=code, batch_id=batch_id)
    return page_of(unit, found, usage_rejected.c.number, page, _rejected)


@router.get("/conflicting")
def list_conflicting(
    unit: ReadUsage, page: PageQuery, bounds: BoundsQuery, source: Part = None, type_: TypeQuery = None
) -> Listed[EventOut]:
    found = event_lists.conflicting(unit.tenant_id, bounds, source=source, type_=type_)
    return page_of(unit, found, usage_conflicting.c.number, page, _event)


@router.get("/unmatched")
def list_unmatched(
    unit: ReadUsage, page: PageQuery, bounds: BoundsQuery, reason: Reason | None = None, type_: TypeQuery = None
) -> Listed[UnmatchedOut]:
    found = event_lists.unmatched(unit.tenant_id, bounds, reason=reason, type_=type_)
    return page_of(unit, found, usage_unmatched.c.position, page, _unmatched)


def _amended(amended: Amended | None) -> AmendedOut | None:
    if amended is None:
        return None
    by = [EventNameOut(source=name.source, id=name.id) for name in amended.by]
    return AmendedOut(data=amended.data, reason=amended.reason, by=by)


def _event(row: RowMapping) -> EventOut:
    return EventOut(**_fields(row))


def _unmatched(row: RowMapping) -> UnmatchedOut:
    return UnmatchedOut(reason=row["reason"], **_fields(row))


def _fields(row: RowMapping) -> dict[str, Any]:
    return {name: row[name] for name in EventOut.model_fields}


def _rejected(row: RowMapping) -> RejectedOut:
    errors = [EventErrorOut(pointer=e["pointer"], code=e["code"], detail=e["message"]) for e in row["errors"]]
    index = None if any(error.code == NOT_METERED for error in errors) else row["index"]
    said = {"errors": errors, "is_truncated": is_cut(row["errors"]), "index": index}
    return RejectedOut(**said, **{name: row[name] for name in RejectedOut.model_fields if name not in said})


def _counted(counted: Counted) -> CountedOut:
    return CountedOut(
        period_id=counted.period_id,
        meter=counted.meter,
        charge=counted.charge,
        status=counted.status,
        group=counted.measured.group,
        quantity=plain(counted.measured.quantity),
        unique=counted.measured.unique,
        billed_as=f"/v1/usage-periods/{shown('per', counted.period_id)}/lines?{urlencode({'group': counted.measured.group})}",
    )
