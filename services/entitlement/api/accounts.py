"""/v1/accounts/{external_id}/why-suspended: the facts behind every hold that stands, first cause first."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import BaseModel

from services.entitlement.api.access import ReadEntitlements
from services.entitlement.api.shapes import EntitlementId, LinkOut, SubscriptionId, chain
from services.entitlement.domain.access import StandingHold
from services.entitlement.domain.access_chain import standing_chain
from services.entitlement.domain.known_dunning import KNOWN_DUNNING
from services.entitlement.projections import accounts, entitlements
from services.entitlement.projections.entitlement_view import EntitlementView, Granted
from shared.errors import NotFound
from shared.http.routes import TransactionalRoute
from shared.unit_of_work import UnitOfWork

router = APIRouter(prefix="/v1/accounts", tags=["accounts"], route_class=TransactionalRoute)


class AccountNotFound(NotFound):
    pass


class StandingHoldOut(BaseModel):
    entitlement_id: EntitlementId
    subscription_id: SubscriptionId
    hold: str
    placed_at: datetime
    because: list[LinkOut]


class WhySuspended(BaseModel):
    account: str
    suspended: bool
    holds: list[StandingHoldOut]


@router.get("/{external_id}/why-suspended")
def why_suspended(external_id: Annotated[str, Path(max_length=200)], unit: ReadEntitlements) -> WhySuspended:
    views = entitlements.of_account(unit, external_id)
    if not views and accounts.find(unit, external_id) is None:
        raise AccountNotFound("no such account")
    standing = [
        _shown(unit, view, view.granted, hold) for view in views if view.granted is not None for hold in view.holds
    ]
    return WhySuspended(account=external_id, suspended=bool(standing), holds=standing)


def _shown(unit: UnitOfWork, view: EntitlementView, granted: Granted, hold: StandingHold) -> StandingHoldOut:
    steps = unit.state(KNOWN_DUNNING, granted.subscription_id)
    return StandingHoldOut(
        entitlement_id=view.entitlement_id,
        subscription_id=granted.subscription_id,
        hold=hold.kind,
        placed_at=hold.cause.at,
        because=chain(standing_chain(hold.kind, hold.cause, steps, granted.window)),
    )
