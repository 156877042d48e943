"""/v1/entitlements: use rights as they stand, as they stood, and what happened to them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from fastapi import APIRouter, Query
from pydantic import BaseModel
from sqlalchemy import RowMapping

from services.entitlement.api.access import ReadEntitlements
from services.entitlement.api.shapes import CustomerId, EntitlementId, SubscriptionId
from services.entitlement.domain.entitlement import ENTITLEMENT
from services.entitlement.projections import entitlements
from services.entitlement.projections.entitlement_view import EntitlementView
from services.entitlement.tables import entitlements as table
from shared.event_store import Recorded
from shared.http.fields import Instant
from shared.http.pages import Listed, PageQuery, page_of
from shared.http.routes import TransactionalRoute
from shared.moments import not_after

router = APIRouter(prefix="/v1/entitlements", tags=["entitlements"], route_class=TransactionalRoute)

Status = Literal["scheduled", "active", "grace", "suspended", "expired", "terminated"]
EVENT_NAMES = {kind: name for name, kind in ENTITLEMENT.event_types.items()}


class EntitlementOut(BaseModel):
    """`status` is what is shown: a hold over an open window makes it `suspended`; `phase` is the window's alone."""

    entitlement_id: EntitlementId
    subscription_id: SubscriptionId
    customer_id: CustomerId
    account: str
    status: str
    phase: str
    plan: str
    plan_version: int
    features: dict[str, int | None]
    quantity: int
    zone: str
    term_number: int
    starts_at: datetime
    ends_at: datetime
    grace_until: datetime
    reinstatable_until: datetime
    terminated_at: datetime | None
    successor_entitlement_id: EntitlementId | None
    holds: list[str]
    version: int


class HistoryEntry(BaseModel):
    """`occurred_at` is when it took effect, `recorded_at` when we learned it; `caused_by` is a message or a timer."""

    version: int
    event: str
    occurred_at: datetime
    recorded_at: datetime
    actor: str | None
    caused_by: str | None
    correlation_id: str | None
    data: dict[str, Any]


@router.get("")
def list_entitlements(
    unit: ReadEntitlements,
    page: PageQuery,
    account: str | None = None,
    subscription_id: SubscriptionId | None = None,
    status: Status | None = None,
) -> Listed[EntitlementOut]:
    found = entitlements.of_tenant(unit, account=account, subscription_id=subscription_id, status=status)
    return page_of(unit, found, table.c.entitlement_id, page, _of_row)


@router.get("/{entitlement_id}")
def show(entitlement_id: EntitlementId, unit: ReadEntitlements, as_of: Instant | None = None) -> EntitlementOut:
    """As it stands, or as it would have been shown at a past instant."""
    not_after(unit.now, "as_of", as_of)
    if as_of is not None:
        return shown(entitlements.get_as_known_at(unit, entitlement_id, as_of))
    return shown(entitlements.get(unit, entitlement_id))


@router.get("/{entitlement_id}/history")
def history(
    entitlement_id: EntitlementId,
    unit: ReadEntitlements,
    after_version: Annotated[int, Query(ge=0)] = 0,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> list[HistoryEntry]:
    entitlements.get(unit, entitlement_id)
    recorded = unit.history(ENTITLEMENT, entitlement_id)
    return [_entry(entry) for entry in recorded if entry.version > after_version][:limit]


def _of_row(row: RowMapping) -> EntitlementOut:
    return shown(entitlements.view_of(row))


def shown(view: EntitlementView) -> EntitlementOut:
    granted = view.granted
    assert granted is not None
    return EntitlementOut(
        entitlement_id=view.entitlement_id,
        subscription_id=granted.subscription_id,
        customer_id=granted.customer_id,
        account=granted.customer_key,
        status=view.status,
        phase=view.phase,
        plan=granted.plan_code,
        plan_version=granted.plan_version,
        features=granted.features,
        quantity=granted.quantity,
        zone=granted.zone,
        term_number=granted.window.term_number,
        starts_at=granted.window.starts_at,
        ends_at=granted.window.ends_at,
        grace_until=granted.window.grace_until,
        reinstatable_until=granted.window.reinstatable_until,
        terminated_at=view.terminated_at,
        successor_entitlement_id=view.successor_id,
        holds=[hold.kind for hold in view.holds],
        version=view.version,
    )


def _entry(entry: Recorded) -> HistoryEntry:
    context = entry.cause.context
    return HistoryEntry(
        version=entry.version,
        event=EVENT_NAMES[type(entry.event)],
        occurred_at=entry.cause.occurred_at,
        recorded_at=entry.cause.recorded_at,
        actor=context.get("principal"),
        caused_by=context.get("causation_id"),
        correlation_id=context.get("correlation_id"),
        data=msgspec.to_builtins(entry.event),
    )
