"""What billing answers to renewals: it drafts quotes, renews terms, and takes note of who does not renew."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

from services.billing.domain.quote import QUOTE
from services.billing.domain.subscription import SUBSCRIPTION
from services.billing.domain.subscription.state import Subscription, SubscriptionNotFound
from services.billing.messaging import from_outcomes
from services.billing.processes import renewing
from shared.contracts.renewals import RenewalLostV1, RenewalOpportunityOpenedV1, RenewalSupersededV1, RenewalWonV1
from shared.messages import Message
from shared.orders import Order
from shared.unit_of_work import UnitOfWork

# The reason of renewals' clock.
SILENCE = "no_response"


def opportunity_opened(message: Message, unit: UnitOfWork) -> Iterator[Order]:
    body = message.read(RenewalOpportunityOpenedV1)
    subscription = _subscription(unit, body.subscription_id)
    if subscription.status in ("cancelled", "transferred") or subscription.last.number > body.term_number:
        return iter(())  # there is nothing to renew, or it was by itself
    return renewing.on_opportunity_opened(subscription, body.opportunity_id, body.uplift_percent)


def renewal_won(message: Message, unit: UnitOfWork) -> Iterator[Order]:
    body = message.read(RenewalWonV1)
    if body.quote_id is not None:  # otherwise it renewed by itself
        quote, term = unit.state(QUOTE, body.quote_id), body.term_number
        yield from renewing.on_renewal_won(body.subscription_id, term, quote, body.quote_id, body.accepted_at)
    yield from from_outcomes.renewal_won(message, body, unit)


def renewal_lost(message: Message, unit: UnitOfWork) -> Iterator[Order]:
    body = message.read(RenewalLostV1)
    subscription = _subscription(unit, body.subscription_id)
    if body.reason == SILENCE and renewing.ends_later(subscription, body.term_number, body.due_on):
        return iter(())  # renewals will hear of it, and open it again
    quote = unit.state(QUOTE, renewing.quote_id(body.opportunity_id))
    return renewing.on_opportunity_closed(subscription, quote, body.opportunity_id, body.reason, None)


def renewal_superseded(message: Message, unit: UnitOfWork) -> Iterator[Order]:
    body = message.read(RenewalSupersededV1)
    quote = unit.state(QUOTE, renewing.quote_id(body.opportunity_id))
    return renewing.on_opportunity_closed(
        _subscription(unit, body.subscription_id),
        quote,
        body.opportunity_id,
        body.reason,
        body.successor_subscription_id,
    )


def _subscription(unit: UnitOfWork, subscription_id: UUID) -> Subscription:
    subscription: Subscription | None = unit.state(SUBSCRIPTION, subscription_id)
    if subscription is None:
        raise SubscriptionNotFound("renewals speaks of a subscription that billing does not have")
    return subscription
