"""/v1/subscriptions/{id}/start: what a subscription starts with has happened."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from services.billing.api.access import ChangeSubscriptions
from services.billing.api.subscriptions.subscriptions import SubscriptionId, SubscriptionOut, shown
from services.billing.domain.subscription import SUBSCRIPTION
from services.billing.domain.subscription.changes import Start
from services.billing.domain.subscription.commands import StartSubscription
from services.billing.projections.subscriptions import subscriptions
from shared.http.fields import Day
from shared.http.routes import TransactionalRoute

router = APIRouter(prefix="/v1/subscriptions", tags=["changes of subscriptions"], route_class=TransactionalRoute)


class StartIn(BaseModel):
    """The day of the event, in the zone of the subscription, and where it is known: a delivery note, an activation."""

    model_config = ConfigDict(extra="forbid")
    kind: Literal["delivery", "first_activation"]
    on: Day
    reference: Annotated[str, Field(min_length=1, max_length=100)]

    def start(self) -> Start:
        return Start(kind=self.kind, on=self.on, reference=self.reference)


@router.post("/{subscription_id}/start")
def start(subscription_id: SubscriptionId, body: StartIn, unit: ChangeSubscriptions) -> SubscriptionOut:
    """Its term begins on that day, by today and within a year, or on the latest one where that was before. The same event
    again changes nothing."""
    unit.execute(SUBSCRIPTION, subscription_id, StartSubscription(start=body.start(), at=unit.now))
    return shown(subscriptions.get(unit, subscription_id))
