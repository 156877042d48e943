"""/v1/subscriptions/{id}/legal-notice: proof that a customer knows that the term will renew by itself."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, StringConstraints

from services.billing.api.access import ChangeSubscriptions
from services.billing.api.subscriptions.subscriptions import SubscriptionId, SubscriptionOut, shown
from services.billing.domain.subscription import SUBSCRIPTION
from services.billing.domain.subscription.commands import RecordLegalNotice
from services.billing.projections.subscriptions import subscriptions
from shared.http.fields import Instant
from shared.http.routes import TransactionalRoute

router = APIRouter(prefix="/v1/subscriptions", tags=["changes of subscriptions"], route_class=TransactionalRoute)

Text = Annotated[str, StringConstraints(min_length=1, max_length=100)]


class LegalNoticeIn(BaseModel):
    """Sent when and how, and where the proof of it is."""

    model_config = ConfigDict(extra="forbid")
    sent_at: Instant
    channel: Text
    reference: Text


@router.post("/{subscription_id}/legal-notice")
def record(subscription_id: SubscriptionId, body: LegalNoticeIn, unit: ChangeSubscriptions) -> SubscriptionOut:
    """Without it no term renews by itself. It is sent before the day on which that happens."""
    command = RecordLegalNotice(at=unit.now, sent_at=body.sent_at, channel=body.channel, reference=body.reference)
    unit.execute(SUBSCRIPTION, subscription_id, command)
    return shown(subscriptions.get(unit, subscription_id))
