"""/v1/subscriptions/{id}: what can be changed during a term, and what it will cost before it is done."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from fastapi import APIRouter

from services.billing.api.access import ChangeSubscriptions, PreviewChanges
from services.billing.api.subscriptions.change_forms import AmendIn, CancelIn, ForeseenOut, foreseen_out
from services.billing.api.subscriptions.subscriptions import SubscriptionId, SubscriptionOut, shown
from services.billing.desk import metered_before, taxation_of
from services.billing.domain.agreement import AgreedLine
from services.billing.domain.amended_line import LineChange
from services.billing.domain.customer import CUSTOMER, Customer
from services.billing.domain.dunning import DUNNING
from services.billing.domain.dunning.state import Dunning
from services.billing.domain.invoice import INVOICE
from services.billing.domain.invoice.state import Invoice
from services.billing.domain.plan import NoPriceInChannel, NoPriceInCurrency
from services.billing.domain.quote.lines import NO_RENEWAL, agreed_line
from services.billing.domain.subscription import SUBSCRIPTION
from services.billing.domain.subscription.cancelling import instant_of
from services.billing.domain.subscription.commands import (
    AmendSubscription,
    CancelSubscription,
    EffectAmendments,
    EffectCancellation,
)
from services.billing.domain.subscription.state import Subscription, SubscriptionNotFound
from services.billing.domain.tax_status import TaxStatus
from services.billing.domain.taxation.rates import Taxation
from services.billing.processes.foreseeing import foresee
from services.billing.projections.catalogue import plans
from services.billing.projections.invoices import invoices
from services.billing.projections.subscriptions import subscriptions
from shared.http.routes import TransactionalRoute
from shared.unit_of_work import UnitOfWork

router = APIRouter(prefix="/v1/subscriptions", tags=["changes of subscriptions"], route_class=TransactionalRoute)


@router.post("/{subscription_id}/cancellation")
def cancel(subscription_id: SubscriptionId, body: CancelIn, unit: ChangeSubscriptions) -> SubscriptionOut:
    """Ends the subscription now, where its billing period ends, or on a day of its term. Usage is billed up to the
    instant, and what was charged in advance is credited by the rule. The last word counts until it takes effect."""
    unit.execute(SUBSCRIPTION, subscription_id, _cancellation(body, unit.now))
    return shown(subscriptions.get(unit, subscription_id))


@router.post("/{subscription_id}/cancellation/preview")
def preview_cancellation(subscription_id: SubscriptionId, body: CancelIn, unit: PreviewChanges) -> ForeseenOut:
    """The same, without doing it."""
    subscription, command = found(unit, subscription_id), _cancellation(body, unit.now)
    at = instant_of(subscription, command.when, unit.now)
    span = (unit.now, at)
    charged, taxed = issued(unit, subscription), taxes_of(unit, subscription)
    metered = metered_before(unit, subscription, unit.now)
    foreseen = foresee(subscription, command, EffectCancellation(at=at), span, charged, *taxed, metered)
    return foreseen_out(at, foreseen)


@router.post("/{subscription_id}/amendments")
def amend(subscription_id: SubscriptionId, body: AmendIn, unit: ChangeSubscriptions) -> SubscriptionOut:
    """Another quantity, another plan, add-ons more or less: now, where the billing period ends, or from a day of the term
    on. The days to come are credited at the old conditions and charged at the new ones."""
    command = _amendment(unit, subscription_id, body)
    refuse_debtors(unit, subscription_id)
    unit.execute(SUBSCRIPTION, subscription_id, command)
    return shown(subscriptions.get(unit, subscription_id))


@router.post("/{subscription_id}/amendments/preview")
def preview_amendment(subscription_id: SubscriptionId, body: AmendIn, unit: PreviewChanges) -> ForeseenOut:
    """The same, without doing it."""
    subscription, command = found(unit, subscription_id), _amendment(unit, subscription_id, body)
    at = instant_of(subscription, command.when, unit.now)
    span = (unit.now, at)
    charged, taxed = issued(unit, subscription), taxes_of(unit, subscription)
    metered = metered_before(unit, subscription, unit.now)
    foreseen = foresee(subscription, command, EffectAmendments(at=at), span, charged, *taxed, metered)
    return foreseen_out(at, foreseen)


def refuse_debtors(unit: UnitOfWork, subscription_id: UUID) -> None:
    """Raises Restricted."""
    dunning: Dunning = unit.state(DUNNING, subscription_id)
    dunning.refuse_changes(lambda invoice_id: unit.state(INVOICE, invoice_id).open.minor > 0)


def taxes_of(unit: UnitOfWork, subscription: Subscription) -> tuple[TaxStatus | None, Taxation | None]:
    return taxed_as(unit, subscription.party.customer_id)


def taxed_as(unit: UnitOfWork, customer_id: UUID) -> tuple[TaxStatus | None, Taxation | None]:
    customer: Customer | None = unit.state(CUSTOMER, customer_id)
    return customer.tax if customer else None, taxation_of(unit, customer)


def _amendment(unit: UnitOfWork, subscription_id: UUID, body: AmendIn) -> AmendSubscription:
    subscription = found(unit, subscription_id)
    change = LineChange(
        quantity=body.quantity,
        plan=None if body.plan is None else _sold(unit, subscription, body.plan, body.plan_version, "/plan"),
        add=tuple(
            replace(
                _sold(unit, subscription, form.plan, form.plan_version, f"/add/{index}/plan"), quantity=form.quantity
            )
            for index, form in enumerate(body.add)
        ),
        remove=tuple(body.remove),
        calendar=body.calendar,
        anchor=body.anchor_on,
        zone=body.zone,
        cost_centre=body.cost_centre,
    )
    return AmendSubscription(at=unit.now, when=body.when, change=change)


def _sold(unit: UnitOfWork, subscription: Subscription, code: str, version: int | None, field: str) -> AgreedLine:
    """A plan as it would be sold now through the same channel; the terms of renewal stay those of the subscription."""
    plan = plans.get(unit, code, version, field=field)
    try:
        return agreed_line(
            plan,
            subscription.currency,
            NO_RENEWAL,
            starts_on=unit.now.date(),
            channel=subscription.last.line.channel,
        )
    except (NoPriceInCurrency, NoPriceInChannel) as error:
        raise type(error)(str(error), field=field) from None


def _cancellation(body: CancelIn, now: datetime) -> CancelSubscription:
    return CancelSubscription(at=now, when=body.when, credit=body.credit, reason=body.reason)


def found(unit: UnitOfWork, subscription_id: UUID) -> Subscription:
    subscription: Subscription | None = unit.state(SUBSCRIPTION, subscription_id)
    if subscription is None:
        raise SubscriptionNotFound("no such subscription")
    return subscription


def issued(unit: UnitOfWork, subscription: Subscription) -> list[Invoice]:
    """What may have to be credited: all that charges for days to come, and of one that waits for any day."""
    today = subscription.day(unit.now)
    since = today if subscription.waiting is None else min(today, subscription.anchor)
    ids = invoices.with_flat_charges_after(unit, subscription.subscription_id, since)
    return [unit.state(INVOICE, id_) for id_ in ids]
