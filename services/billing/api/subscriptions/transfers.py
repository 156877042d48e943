"""/v1/subscriptions/{id}/transfer: a contract that becomes another customer's."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, StringConstraints

from services.billing.api.access import ChangeSubscriptions, PreviewChanges
from services.billing.api.quotes.quote_lines import party_of
from services.billing.api.subscriptions.change_forms import ForeseenOut, foreseen_out
from services.billing.api.subscriptions.subscription_changes import found, issued, refuse_debtors, taxed_as, taxes_of
from services.billing.api.subscriptions.subscriptions import SubscriptionId, SubscriptionOut, shown
from services.billing.desk import metered_before
from services.billing.domain.customer import CUSTOMER, Customer
from services.billing.domain.subscription import SUBSCRIPTION
from services.billing.domain.subscription.commands import EffectTransfer, TransferSubscription, WithdrawTransfer
from services.billing.processes.foreseeing import foresee, foresee_taken_over
from services.billing.projections.subscriptions import subscriptions
from shared.http.fields import Day
from shared.http.routes import TransactionalRoute
from shared.unit_of_work import UnitOfWork

router = APIRouter(prefix="/v1/subscriptions", tags=["changes of subscriptions"], route_class=TransactionalRoute)

Text = Annotated[str, StringConstraints(min_length=1, max_length=100)]


class TransferIn(BaseModel):
    """`on` is the first day that is the new customer's, in the zone of the contract."""

    model_config = ConfigDict(extra="forbid")
    customer: Text
    on: Day
    purchase_order: Text | None = None


class ForeseenTransferOut(BaseModel):
    """What `before` is billed and credited to the customer whose contract it is, and `after` first to the other one."""

    before: ForeseenOut
    after: ForeseenOut


@router.post("/{subscription_id}/transfer")
def transfer(subscription_id: SubscriptionId, body: TransferIn, unit: ChangeSubscriptions) -> SubscriptionOut:
    """From the start of a day to come on the contract is the other customer's: at its conditions and in its zone, for the rest
    of the term. What was invoiced stays owed, what was used until then is billed to whom it was, and what was charged in
    advance for the days to come is credited. The last word counts until the day has come."""
    refuse_debtors(unit, subscription_id)
    unit.execute(SUBSCRIPTION, subscription_id, _transfer(body, unit))
    return shown(subscriptions.get(unit, subscription_id))


@router.post("/{subscription_id}/transfer/preview")
def preview_transfer(subscription_id: SubscriptionId, body: TransferIn, unit: PreviewChanges) -> ForeseenTransferOut:
    """The same, without doing it."""
    subscription, command = found(unit, subscription_id), _transfer(body, unit)
    at = subscription.instant(body.on)
    taking_effect = EffectTransfer(at=at)
    charged, taxed = issued(unit, subscription), taxes_of(unit, subscription)
    metered = metered_before(unit, subscription, unit.now)
    before = foresee(subscription, command, taking_effect, (unit.now, at), charged, *taxed, metered)
    after = foresee_taken_over(subscription, command, taking_effect, *taxed_as(unit, command.to.customer_id))
    return ForeseenTransferOut(before=foreseen_out(at, before), after=foreseen_out(at, after))


@router.post("/{subscription_id}/transfer/withdraw")
def withdraw_transfer(subscription_id: SubscriptionId, unit: ChangeSubscriptions) -> SubscriptionOut:
    """While its day has not come."""
    unit.execute(SUBSCRIPTION, subscription_id, WithdrawTransfer())
    return shown(subscriptions.get(unit, subscription_id))


def _transfer(body: TransferIn, unit: UnitOfWork) -> TransferSubscription:
    to = party_of(unit, body.customer)
    customer: Customer = unit.state(CUSTOMER, to.customer_id)
    customer.check_purchase_order(body.purchase_order)
    return TransferSubscription(at=unit.now, on=body.on, to=to, purchase_order=body.purchase_order)
