"""What entitlement listens to, and which process answers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from services.entitlement.domain.entitlement.holder import Holder
from services.entitlement.domain.entitlement.holds import OverdueInvoice
from services.entitlement.domain.entitlement.sold import Sold
from services.entitlement.domain.entitlement.window import Term
from services.entitlement.processes import granting, holding, learning
from services.entitlement.processes.clock import on_instant_reached
from services.entitlement.processes.schedule import REACH_INSTANT
from shared.contracts import billing, billing_terms
from shared.inbox import Handlers, passing_over
from shared.messages import Message
from shared.money import Money
from shared.orders import Order
from shared.timers import Timer, TimerHandler
from shared.unit_of_work import UnitOfWork

TOPICS = ["billing.customers", "billing.catalogue", "billing.subscriptions", "billing.dunning"]


def _customer_changed(message: Message) -> Iterable[Order]:
    body = message.read(billing.CustomerChangedV1)
    return learning.on_customer_changed(customer_id=body.customer_id, key=body.key, name=body.name, zone=body.zone)


def _plan_published(message: Message) -> Iterable[Order]:
    body = message.read(billing.PlanPublishedV1)
    return learning.on_plan_published(
        plan_id=body.plan_id, code=body.code, version=body.version, features=body.features
    )


def _subscription_created(message: Message) -> Iterable[Order]:
    body = message.read(billing.SubscriptionCreatedV1)
    return granting.on_subscription_created(
        subscription_id=body.subscription_id,
        customer_id=body.customer_id,
        customer_key=body.customer_key,
        zone=body.zone,
        sold=_sold(body),
        term=_term(body),
        at=message.time,
    )


def _subscription_amended(message: Message) -> Iterable[Order]:
    body = message.read(billing.SubscriptionAmendedV1)
    return granting.on_subscription_amended(
        subscription_id=body.subscription_id, sold=_sold(body), zone=body.zone, at=body.amended_at
    )


def _term_started(message: Message) -> Iterable[Order]:
    body = message.read(billing.TermStartedV1)
    return granting.on_term_started(subscription_id=body.subscription_id, sold=_sold(body), starts_at=body.starts_at)


def _term_renewed(message: Message) -> Iterable[Order]:
    body = message.read(billing.TermRenewedV1)
    return granting.on_term_renewed(
        subscription_id=body.subscription_id,
        term=_term(body),
        starts_at=body.starts_at,
        sold=_sold(body),
        at=body.renewed_at,
    )


def _trial_converted(message: Message) -> Iterable[Order]:
    body = message.read(billing_terms.TrialConvertedV1)
    return granting.on_trial_converted(subscription_id=body.subscription_id, term=_term(body), at=body.converted_at)


def _trial_ended(message: Message) -> Iterable[Order]:
    body = message.read(billing_terms.TrialEndedV1)
    return granting.on_subscription_term_ended(subscription_id=body.subscription_id, ended_at=body.ended_at)


def _paused(message: Message) -> Iterable[Order]:
    body = message.read(billing_terms.SubscriptionPausedV1)
    return granting.on_subscription_paused(
        subscription_id=body.subscription_id, message_id=message.id, reason=body.reason, at=body.paused_at
    )


def _resumed(message: Message) -> Iterable[Order]:
    body = message.read(billing_terms.SubscriptionResumedV1)
    return granting.on_subscription_resumed(
        subscription_id=body.subscription_id, message_id=message.id, term=_term(body), at=body.resumed_at
    )


def _non_renewal_requested(message: Message) -> Iterable[Order]:
    body = message.read(billing.NonRenewalRequestedV1)
    return granting.on_non_renewal_requested(
        subscription_id=body.subscription_id,
        successor_subscription_id=body.successor_subscription_id,
        at=message.time,
    )


def _non_renewal_withdrawn(message: Message) -> Iterable[Order]:
    body = message.read(billing.NonRenewalWithdrawnV1)
    return granting.on_non_renewal_withdrawn(subscription_id=body.subscription_id, at=message.time)


def _term_ended(message: Message) -> Iterable[Order]:
    body = message.read(billing.SubscriptionTermEndedV1)
    return granting.on_subscription_term_ended(subscription_id=body.subscription_id, ended_at=body.ends_at)


def _cancelled(message: Message) -> Iterable[Order]:
    body = message.read(billing.SubscriptionCancelledV1)
    return granting.on_subscription_cancelled(subscription_id=body.subscription_id, at=body.cancelled_at)


def _transferred(message: Message) -> Iterable[Order]:
    body = message.read(billing_terms.SubscriptionTransferredV1)
    return granting.on_subscription_transferred(
        subscription_id=body.subscription_id,
        successor_subscription_id=body.to_subscription_id,
        at=body.transferred_at,
    )


def _dunning_step_reached(message: Message) -> Iterable[Order]:
    body = message.read(billing.DunningStepReachedV1)
    step, at, invoices = body.step, body.reached_at, [_overdue(invoice) for invoice in body.invoices]
    return [
        *learning.on_dunning_step_reached(
            subscription_id=body.subscription_id, step=step, invoices=invoices, message_id=message.id, at=at
        ),
        *holding.on_dunning_step_reached(
            holder=_holder(body), step=step, invoices=invoices, message_id=message.id, at=at
        ),
    ]


def _dunning_cleared(message: Message) -> Iterable[Order]:
    body = message.read(billing.DunningClearedV1)
    return [
        *learning.on_dunning_cleared(subscription_id=body.subscription_id, at=body.cleared_at),
        *holding.on_dunning_cleared(holder=_holder(body), message_id=message.id, at=body.cleared_at),
    ]


def _term(body: billing.SubscriptionMessage) -> Term:
    return Term(
        number=body.term_number,
        starts_on=body.starts_on,
        ends_on=body.ends_on,
        grace_days=body.grace_days,
        reinstatement_days=body.reinstatement_days,
    )


def _sold(body: billing.SubscriptionMessage) -> Sold:
    return Sold(plan_code=body.plan, plan_version=body.plan_version, features=body.features, quantity=body.quantity)


def _holder(body: billing.DunningStepReachedV1 | billing.DunningClearedV1) -> Holder:
    return Holder(subscription_id=body.subscription_id, customer_id=body.customer_id)


def _overdue(invoice: billing.OverdueInvoice) -> OverdueInvoice:
    return OverdueInvoice(
        invoice_id=invoice.invoice_id,
        number=invoice.number,
        due_on=invoice.due_on,
        open=Money(invoice.open_minor, invoice.currency),
    )


def _instant_reached(timer: Timer, unit: UnitOfWork) -> Iterable[Order]:
    return on_instant_reached(entitlement_id=timer.subject, fire_at=timer.fire_at)


HANDLERS: Handlers = {
    billing.CustomerChangedV1.TYPE: _customer_changed,
    billing.PlanPublishedV1.TYPE: _plan_published,
    billing.SubscriptionCreatedV1.TYPE: _subscription_created,
    billing.TermStartedV1.TYPE: _term_started,
    billing.TermRenewedV1.TYPE: _term_renewed,
    billing.NonRenewalRequestedV1.TYPE: _non_renewal_requested,
    billing.NonRenewalWithdrawnV1.TYPE: _non_renewal_withdrawn,
    billing.SubscriptionTermEndedV1.TYPE: _term_ended,
    billing.SubscriptionAmendedV1.TYPE: _subscription_amended,
    billing.SubscriptionCancelledV1.TYPE: _cancelled,
    billing_terms.SubscriptionTransferredV1.TYPE: _transferred,
    billing_terms.TrialConvertedV1.TYPE: _trial_converted,
    billing_terms.TrialEndedV1.TYPE: _trial_ended,
    billing_terms.SubscriptionPausedV1.TYPE: _paused,
    billing_terms.SubscriptionResumedV1.TYPE: _resumed,
    billing.DunningStepReachedV1.TYPE: _dunning_step_reached,
    billing.DunningClearedV1.TYPE: _dunning_cleared,
    **passing_over(
        billing_terms.TrialEndingV1,
        billing_terms.LegalNoticeRecordedV1,
        billing_terms.AutoRenewalRefusedV1,
        billing.SubscriptionTermEndingV1,
        billing.SubscriptionExpiredV1,
        billing.CustomerDunningStepReachedV1,
        billing.CustomerDunningClearedV1,
    ),
}

TIMERS: Mapping[str, TimerHandler] = {REACH_INSTANT: _instant_reached}
