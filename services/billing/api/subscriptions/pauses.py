"""/v1/subscriptions/{id}/pause and /resume: a contract that rests for a while."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, StringConstraints

from services.billing.api.access import ChangeSubscriptions, PreviewChanges
from services.billing.api.subscriptions.change_forms import ForeseenOut, foreseen_out
from services.billing.api.subscriptions.subscription_changes import found, issued, refuse_debtors, taxes_of
from services.billing.api.subscriptions.subscriptions import SubscriptionId, SubscriptionOut, shown
from services.billing.desk import metered_before
from services.billing.domain.subscription import SUBSCRIPTION
from services.billing.domain.subscription.commands import PauseSubscription, ResumeSubscription
from services.billing.processes.foreseeing import foresee_pause
from services.billing.projections.subscriptions import subscriptions
from shared.http.fields import Day
from shared.http.routes import TransactionalRoute
from shared.unit_of_work import UnitOfWork

router = APIRouter(prefix="/v1/subscriptions", tags=["changes of subscriptions"], route_class=TransactionalRoute)


class PauseIn(BaseModel):
    """It is over by itself at the start of `until`, or of the last day of the term. With `extend` the term ends later by the
    days that were not charged for."""

    model_config = ConfigDict(extra="forbid")
    until: Day | None = None
    extend: bool = False
    reason: Annotated[str, StringConstraints(min_length=1, max_length=100)]


@router.post("/{subscription_id}/pause")
def pause(subscription_id: SubscriptionId, body: PauseIn, unit: ChangeSubscriptions) -> SubscriptionOut:
    """From now on nothing may be used. The days from this one up to the one of the resumption are not charged for: what was
    charged for them in advance is credited. Refused while invoices are owed and dunning has come to `restricted`."""
    refuse_debtors(unit, subscription_id)
    unit.execute(SUBSCRIPTION, subscription_id, _pause(body, unit))
    return shown(subscriptions.get(unit, subscription_id))


@router.post("/{subscription_id}/pause/preview")
def preview_pause(subscription_id: SubscriptionId, body: PauseIn, unit: PreviewChanges) -> ForeseenOut:
    """The same, without doing it: to the day on which it is over by itself."""
    subscription = found(unit, subscription_id)
    charged, taxed = issued(unit, subscription), taxes_of(unit, subscription)
    metered = metered_before(unit, subscription, unit.now)
    foreseen = foresee_pause(subscription, _pause(body, unit), charged, *taxed, metered)
    return foreseen_out(unit.now, foreseen)


@router.post("/{subscription_id}/resume")
def resume(subscription_id: SubscriptionId, unit: ChangeSubscriptions) -> SubscriptionOut:
    """It goes on now; the rest of the current period is charged for again."""
    unit.execute(SUBSCRIPTION, subscription_id, ResumeSubscription(at=unit.now))
    return shown(subscriptions.get(unit, subscription_id))


def _pause(body: PauseIn, unit: UnitOfWork) -> PauseSubscription:
    return PauseSubscription(at=unit.now, until=body.until, reason=body.reason, extend=body.extend)
