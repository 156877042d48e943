"""Holds: what blocks a right whatever its window says; people may place and remove some kinds."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import RowMapping

from services.entitlement.api.access import OperateHolds, ReadEntitlements
from services.entitlement.api.entitlements import EntitlementOut, shown
from services.entitlement.api.shapes import EntitlementId, LinkOut, SubscriptionId, chain
from services.entitlement.domain.access_chain import hold_chain
from services.entitlement.domain.entitlement import ENTITLEMENT
from services.entitlement.domain.entitlement.commands import PlaceHold, RemoveHold
from services.entitlement.domain.entitlement.holds import HoldCause, HoldKind
from services.entitlement.projections import entitlements, holds
from services.entitlement.tables import holds as table
from shared.http.pages import Listed, PageQuery, page_of
from shared.http.routes import TransactionalRoute
from shared.ids import prefixed
from shared.unit_of_work import UnitOfWork

router = APIRouter(prefix="/v1", tags=["holds"], route_class=TransactionalRoute)

Kind = Literal["manual", "fraud", "compliance"]


class HoldOut(BaseModel):
    """`removed_at` is empty while it stands."""

    hold_id: Annotated[UUID, prefixed("hold")]
    entitlement_id: EntitlementId
    subscription_id: SubscriptionId
    account: str
    hold: str
    placed_at: datetime
    removed_at: datetime | None
    cause: str
    removal: str | None
    because: list[LinkOut]


class ReasonIn(BaseModel):
    model_config = ConfigDict(extra="forbid")
    reason: Annotated[str, Field(min_length=1, max_length=500)]


class HoldIn(ReasonIn):
    hold: Kind


@router.get("/holds")
def list_holds(
    unit: ReadEntitlements,
    page: PageQuery,
    account: str | None = None,
    hold: HoldKind | None = None,
    standing: bool | None = None,
) -> Listed[HoldOut]:
    found = holds.of_tenant(unit, account=account, kind=hold, standing=standing)
    return page_of(unit, found, table.c.hold_id, page, _hold)


@router.post("/entitlements/{entitlement_id}/holds")
def place(entitlement_id: EntitlementId, body: HoldIn, unit: OperateHolds) -> EntitlementOut:
    unit.execute(ENTITLEMENT, entitlement_id, PlaceHold(kind=body.hold, cause=_decision(unit, body.reason)))
    return shown(entitlements.get(unit, entitlement_id))


@router.post("/entitlements/{entitlement_id}/holds/{kind}/remove")
def remove(entitlement_id: EntitlementId, kind: Kind, body: ReasonIn, unit: OperateHolds) -> EntitlementOut:
    unit.execute(ENTITLEMENT, entitlement_id, RemoveHold(kind=kind, cause=_decision(unit, body.reason)))
    return shown(entitlements.get(unit, entitlement_id))


def _decision(unit: UnitOfWork, reason: str) -> HoldCause:
    return HoldCause(what="decision", at=unit.now, by=unit.cause.context["principal"], reason=reason)


def _hold(row: RowMapping) -> HoldOut:
    cause = msgspec.convert(row["cause"], HoldCause)
    return HoldOut(
        hold_id=row["hold_id"],
        entitlement_id=row["entitlement_id"],
        subscription_id=row["subscription_id"],
        account=row["customer_key"],
        hold=row["kind"],
        placed_at=row["placed_at"],
        removed_at=row["removed_at"],
        cause=cause.what,
        removal=row["removal"]["what"] if row["removal"] else None,
        because=chain(hold_chain(row["kind"], cause)),
    )
