"""/v1/subscriptions/{id}/purchase-order: the number that a subscription waits for."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from services.billing.api.access import ChangeSubscriptions
from services.billing.api.subscriptions.subscriptions import SubscriptionId, SubscriptionOut, shown
from services.billing.domain.subscription import SUBSCRIPTION
from services.billing.domain.subscription.commands import GivePurchaseOrder
from services.billing.projections.subscriptions import subscriptions
from shared.http.routes import TransactionalRoute

router = APIRouter(prefix="/v1/subscriptions", tags=["changes of subscriptions"], route_class=TransactionalRoute)


class PurchaseOrderIn(BaseModel):
    model_config = ConfigDict(extra="forbid")
    purchase_order: Annotated[str, Field(min_length=1, max_length=100)]


@router.put("/{subscription_id}/purchase-order")
def give(subscription_id: SubscriptionId, body: PurchaseOrderIn, unit: ChangeSubscriptions) -> SubscriptionOut:
    """Of one that was sold by `po` and waits for it: rights begin now, or on the first day where that is to come. The same
    number again changes nothing."""
    command = GivePurchaseOrder(purchase_order=body.purchase_order, at=unit.now)
    unit.execute(SUBSCRIPTION, subscription_id, command)
    return shown(subscriptions.get(unit, subscription_id))
