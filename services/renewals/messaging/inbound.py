"""What renewals listens to, and which process answers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from services.renewals.domain.known_customer import Customer
from services.renewals.domain.opportunity import OPPORTUNITY, opportunity_id
from services.renewals.domain.opportunity.term import ExpiringTerm
from services.renewals.domain.opportunity.value import RenewalValue
from services.renewals.domain.policy import PolicyVersion
from services.renewals.processes import learning, quoting, tracking
from services.renewals.processes.clock import on_no_response, on_opening
from services.renewals.projections import customers, opportunities, policies
from shared.contracts import billing, billing_terms
from shared.inbox import Handlers, Reads, passing_over
from shared.messages import Message
from shared.money import Money
from shared.orders import Order
from shared.timers import Timer, TimerHandler
from shared.unit_of_work import UnitOfWork

TOPICS = ["billing.customers", "billing.subscriptions", "billing.quotes"]


def _customer_changed(message: Message) -> Iterable[Order]:
    body = message.read(billing.CustomerChangedV1)
    customer = Customer(
        customer_id=body.customer_id, key=body.key, name=body.name, segment=body.segment, region=body.region
    )
    return learning.on_customer_changed(customer)


def _term_known(message: Message, unit: UnitOfWork) -> Iterable[Order]:
    """A subscription that names no policy is renewed by nobody here."""
    body = message.read(billing.SubscriptionMessage)
    if not body.renewal_policy:
        return []
    return tracking.on_term_known(term=_term(body, _accepted_policy(body, unit)), at=message.time)


def _term_renewed(message: Message, unit: UnitOfWork) -> Iterable[Order]:
    """One that billing renewed by itself is won; the others are, where the customer accepts."""
    body = message.read(billing.TermRenewedV1)
    if body.mode != "auto" or not body.renewal_policy:
        return _term_known(message, unit)
    before = unit.state(OPPORTUNITY, opportunity_id(body.subscription_id, body.term_number - 1))
    months = (body.ends_on.year - body.starts_on.year) * 12 + body.ends_on.month - body.starts_on.month
    won = tracking.on_renewed_by_itself(
        subscription_id=body.subscription_id,
        term_number=body.term_number,
        prior=before.term.base if before else None,
        booked=Money(body.base_minor, body.currency),
        term_months=months,
        at=body.renewed_at,
    )
    return [*won, *_term_known(message, unit)]


def _amended(message: Message, unit: UnitOfWork) -> Iterable[Order]:
    body = message.read(billing.SubscriptionAmendedV1)
    if not body.renewal_policy:
        return []
    return tracking.on_term_amended(term=_term(body, _accepted_policy(body, unit)), at=body.amended_at)


def _resumed(message: Message, unit: UnitOfWork) -> Iterable[Order]:
    """A pause leaves the renewal where it is, unless its days were added to the term."""
    body = message.read(billing_terms.SubscriptionResumedV1)
    if not body.renewal_policy or body.extended_from is None:
        return []
    return tracking.on_term_extended(term=_term(body, _accepted_policy(body, unit)), at=body.resumed_at)


def _cancelled(message: Message) -> Iterable[Order]:
    body = message.read(billing.SubscriptionCancelledV1)
    if not body.renewal_policy:
        return []
    return tracking.on_subscription_cancelled(
        subscription_id=body.subscription_id,
        term_number=body.term_number,
        reason=body.reason,
        at=body.cancelled_at,
    )


def _transferred(message: Message) -> Iterable[Order]:
    body = message.read(billing_terms.SubscriptionTransferredV1)
    if not body.renewal_policy:
        return []
    return tracking.on_subscription_transferred(
        subscription_id=body.subscription_id,
        term_number=body.term_number,
        successor_subscription_id=body.to_subscription_id,
        successor_customer_id=body.to_customer_id,
        at=body.transferred_at,
    )


def _accepted_policy(body: billing.SubscriptionMessage, unit: UnitOfWork) -> PolicyVersion:
    """The version that the customer accepted, with the days that billing holds the customer to."""
    policy = policies.get(unit, body.renewal_policy, body.renewal_policy_version)
    days = replace(policy.terms, grace_days=body.grace_days, reinstatement_days=body.reinstatement_days)
    return replace(policy, terms=days)


def _term(body: billing.SubscriptionMessage, policy: PolicyVersion) -> ExpiringTerm:
    return ExpiringTerm(
        subscription_id=body.subscription_id,
        customer_id=body.customer_id,
        customer_key=body.customer_key,
        zone=body.zone,
        number=body.term_number,
        starts_on=body.starts_on,
        ends_on=body.ends_on,
        base=Money(body.base_minor, body.currency),
        policy=policy,
        dimensions={"plan": body.plan, "policy": body.renewal_policy},
    )


def _quote_drafted(message: Message) -> Iterable[Order]:
    body = message.read(billing.QuoteDraftedV1)
    return quoting.on_quote_drafted(
        purpose=body.purpose, opportunity_id=body.opportunity_id, quote_id=body.quote_id, at=message.time
    )


def _quote_accepted(message: Message) -> Iterable[Order]:
    body = message.read(billing.QuoteAcceptedV1)
    return quoting.on_quote_accepted(
        purpose=body.purpose,
        opportunity_id=body.opportunity_id,
        quote_id=body.quote_id,
        value=_value(body),
        term_months=body.term_months,
        accepted_at=body.accepted_at,
    )


def _value(body: billing.QuoteAcceptedV1) -> RenewalValue:
    """A quote tells flat annual values in four sums: what was booked beyond list minus discount is upsell."""
    like_for_like_minor = body.list_annual_minor - body.discount_annual_minor
    return RenewalValue(
        prior_at_quantity=Money(body.prior_annual_minor, body.currency),
        list_value=Money(body.list_annual_minor, body.currency),
        discount=Money(body.discount_annual_minor, body.currency),
        upsell=Money(body.booked_annual_minor - like_for_like_minor, body.currency),
        cross_sell=Money.zero(body.currency),
    )


def _opening(timer: Timer, unit: UnitOfWork) -> Iterable[Order]:
    term = opportunities.term_of(opportunities.get(unit, timer.subject))
    return on_opening(
        opportunity_id=timer.subject,
        fire_at=timer.fire_at,
        dimensions=customers.dimensions_of(unit, term.customer_id),
    )


def _no_response(timer: Timer, unit: UnitOfWork) -> Iterable[Order]:
    return on_no_response(opportunity_id=timer.subject, fire_at=timer.fire_at)


HANDLERS: Handlers = {
    billing.CustomerChangedV1.TYPE: _customer_changed,
    billing.SubscriptionCreatedV1.TYPE: Reads(_term_known),
    billing.TermStartedV1.TYPE: Reads(_term_known),
    billing.TermRenewedV1.TYPE: Reads(_term_renewed),
    billing.SubscriptionAmendedV1.TYPE: Reads(_amended),
    billing.SubscriptionCancelledV1.TYPE: _cancelled,
    billing_terms.TrialConvertedV1.TYPE: Reads(_term_known),
    billing_terms.SubscriptionTransferredV1.TYPE: _transferred,
    billing_terms.SubscriptionResumedV1.TYPE: Reads(_resumed),
    billing.QuoteDraftedV1.TYPE: _quote_drafted,
    billing.QuoteAcceptedV1.TYPE: _quote_accepted,
    **passing_over(
        billing.QuoteSentV1,
        billing.QuoteClosedV1,
        billing_terms.SubscriptionPausedV1,
        billing_terms.TrialEndingV1,
        billing_terms.TrialEndedV1,
        billing_terms.LegalNoticeRecordedV1,
        billing_terms.AutoRenewalRefusedV1,
        billing.NonRenewalRequestedV1,
        billing.NonRenewalWithdrawnV1,
        billing.SubscriptionTermEndingV1,
        billing.SubscriptionTermEndedV1,
        billing.SubscriptionExpiredV1,
    ),
}

TIMERS: Mapping[str, TimerHandler] = {"open": _opening, "no_response": _no_response}
