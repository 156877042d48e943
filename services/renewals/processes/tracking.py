"""Remembers every term that billing tells us of, so that our own clock can open its renewal."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from services.renewals.domain.opportunity import OPPORTUNITY, opportunity_id
from services.renewals.domain.opportunity.commands import (
    AmendTerm,
    CloseCancelled,
    CloseTransferred,
    ExtendTerm,
    TrackTerm,
    WinOpportunity,
)
from services.renewals.domain.opportunity.term import ExpiringTerm
from services.renewals.domain.opportunity.value import RenewalValue
from shared.money import Money
from shared.orders import Order


def on_term_known(*, term: ExpiringTerm, at: datetime) -> list[Order]:
    """For a subscription that was created, a term that started and a term that was renewed alike."""
    stream_id = opportunity_id(term.subscription_id, term.number)
    return [Order(OPPORTUNITY, stream_id, TrackTerm(term=term, at=at))]


def on_term_amended(*, term: ExpiringTerm, at: datetime) -> list[Order]:
    """The base follows until it is decided, and a quote that is out is stale."""
    stream_id = opportunity_id(term.subscription_id, term.number)
    return [Order(OPPORTUNITY, stream_id, AmendTerm(term=term, at=at))]


def on_renewed_by_itself(
    *, subscription_id: UUID, term_number: int, prior: Money | None, booked: Money, term_months: int, at: datetime
) -> list[Order]:
    """The opportunity of the term before is won, without a quote: what was booked is the list price."""
    value = RenewalValue(
        prior_at_quantity=prior or booked,
        list_value=booked,
        discount=Money.zero(booked.currency),
        upsell=Money.zero(booked.currency),
        cross_sell=Money.zero(booked.currency),
    )
    win = WinOpportunity(quote_id=None, value=value, term_months=term_months, at=at, mode="auto")
    return [Order(OPPORTUNITY, opportunity_id(subscription_id, term_number - 1), win)]


def on_term_extended(*, term: ExpiringTerm, at: datetime) -> list[Order]:
    stream_id = opportunity_id(term.subscription_id, term.number)
    return [Order(OPPORTUNITY, stream_id, ExtendTerm(term=term, at=at))]


def on_subscription_cancelled(*, subscription_id: UUID, term_number: int, reason: str, at: datetime) -> list[Order]:
    """Nobody is asked to renew it. What was decided stays decided."""
    stream_id = opportunity_id(subscription_id, term_number)
    return [Order(OPPORTUNITY, stream_id, CloseCancelled(reason=reason, at=at))]


def on_subscription_transferred(
    *,
    subscription_id: UUID,
    term_number: int,
    successor_subscription_id: UUID,
    successor_customer_id: UUID,
    at: datetime,
) -> list[Order]:
    """Its value goes on elsewhere: the term that is left there is tracked like any other."""
    command = CloseTransferred(
        successor_subscription_id=successor_subscription_id, successor_customer_id=successor_customer_id, at=at
    )
    return [Order(OPPORTUNITY, opportunity_id(subscription_id, term_number), command)]
