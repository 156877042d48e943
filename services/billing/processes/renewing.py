"""From an opportunity to a renewal quote, and from a renewal that was won to the next term."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from uuid import UUID, uuid5

from services.billing.domain.quote import QUOTE
from services.billing.domain.quote.commands import DraftQuote, WithdrawQuote
from services.billing.domain.quote.lines import renewed_line
from services.billing.domain.quote.state import Quote
from services.billing.domain.subscription import SUBSCRIPTION
from services.billing.domain.subscription.commands import AutoRenewTerm, RenewTerm, RequestNonRenewal
from services.billing.domain.subscription.state import Subscription
from shared.orders import Order


def quote_id(opportunity_id: UUID) -> UUID:
    return uuid5(opportunity_id, "quote")


def on_opportunity_opened(subscription: Subscription, opportunity_id: UUID, uplift_percent: Decimal) -> Iterator[Order]:
    """Lines of the current term with the uplift, valid to the end of the reinstatement window."""
    last = subscription.last
    renewal = last.line.renewal
    window = timedelta(days=renewal.grace_days + renewal.reinstatement_days)
    command = DraftQuote(
        quote_id=quote_id(opportunity_id),
        purpose="renewal",
        party=subscription.party_on(last.ends_on),
        lines=(renewed_line(subscription.line_now(last), uplift_percent, last.ends_on, subscription.currency),),
        prior_annual=subscription.facts(last).base,
        subscription_id=subscription.subscription_id,
        opportunity_id=opportunity_id,
        external_id=None,
        channel=last.line.channel,
        valid_until=subscription.instant(last.ends_on + window),
        requested_by="renewals",
        uplift_percent=uplift_percent,
    )
    yield Order(QUOTE, command.quote_id, command)


def on_notice_deadline(subscription: Subscription, at: datetime) -> Iterator[Order]:
    """The line as it is now, with the uplift of the policy that the customer accepted."""
    last = subscription.last
    uplift = last.line.renewal.uplift_percent
    line = renewed_line(subscription.line_now(last), uplift, last.ends_on, subscription.currency)
    yield Order(SUBSCRIPTION, subscription.subscription_id, AutoRenewTerm(line=line, at=at))


def on_renewal_won(subscription_id: UUID, term_number: int, quote: Quote, id_: UUID, at: datetime) -> Iterator[Order]:
    """`term_number` is the term that ends; `at` the instant of acceptance, which a late term is dated back from."""
    command = RenewTerm(
        term_number=term_number + 1, line=quote.lines[0], quote_id=id_, at=at, purchase_order=quote.purchase_order
    )
    yield Order(SUBSCRIPTION, subscription_id, command)


def on_opportunity_closed(
    subscription: Subscription, quote: Quote | None, opportunity_id: UUID, reason: str, successor: UUID | None
) -> Iterator[Order]:
    """Nobody renews: the subscription is told while that can matter, and the quote is taken back if it still could be
    accepted."""
    is_over = subscription.status in ("cancelled", "transferred") or (
        subscription.status == "expired" and successor is None
    )
    if not is_over:
        command = RequestNonRenewal(reason=reason, successor_subscription_id=successor)
        yield Order(SUBSCRIPTION, subscription.subscription_id, command)
    if quote is not None and quote.is_open:
        yield Order(QUOTE, quote_id(opportunity_id), WithdrawQuote(reason=reason))


def ends_later(subscription: Subscription, term_number: int, due_on: date) -> bool:
    """The term was extended since its last day was taken for the day on which it was due."""
    return due_on + timedelta(days=1) < subscription.term(term_number).ends_on
