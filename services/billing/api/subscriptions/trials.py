"""/v1/subscriptions/{id}/trial/convert: a customer who goes on before the trial is over."""

from __future__ import annotations

from fastapi import APIRouter

from services.billing.api.access import ChangeSubscriptions
from services.billing.api.subscriptions.subscriptions import SubscriptionId, SubscriptionOut, shown
from services.billing.domain.subscription import SUBSCRIPTION
from services.billing.domain.subscription.commands import ConvertTrial
from services.billing.projections.subscriptions import subscriptions
from shared.http.routes import TransactionalRoute

router = APIRouter(prefix="/v1/subscriptions", tags=["changes of subscriptions"], route_class=TransactionalRoute)


@router.post("/{subscription_id}/trial/convert")
def convert(subscription_id: SubscriptionId, unit: ChangeSubscriptions) -> SubscriptionOut:
    """The first term begins today, and its billing days are counted from today."""
    unit.execute(SUBSCRIPTION, subscription_id, ConvertTrial(at=unit.now))
    return shown(subscriptions.get(unit, subscription_id))
