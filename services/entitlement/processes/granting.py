"""Turns what happens to a subscription into what happens to the right it sells."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from services.entitlement.domain.entitlement import ENTITLEMENT, entitlement_id
from services.entitlement.domain.entitlement.commands import (
    AmendEntitlement,
    AnnounceSuccessor,
    ExtendEntitlement,
    GrantEntitlement,
    PlaceHold,
    ReachInstant,
    RemoveHold,
    TerminateEntitlement,
    TransferEntitlement,
    WithdrawSuccessor,
)
from services.entitlement.domain.entitlement.holds import HoldCause
from services.entitlement.domain.entitlement.sold import Sold
from services.entitlement.domain.entitlement.window import Term
from shared.orders import Order


def on_subscription_created(
    *,
    subscription_id: UUID,
    customer_id: UUID,
    customer_key: str,
    zone: str,
    sold: Sold,
    term: Term,
    at: datetime,
) -> list[Order]:
    grant = GrantEntitlement(
        subscription_id=subscription_id,
        customer_id=customer_id,
        customer_key=customer_key,
        zone=zone,
        sold=sold,
        term=term,
        at=at,
    )
    return _order(subscription_id, grant)


def on_subscription_amended(*, subscription_id: UUID, sold: Sold, zone: str, at: datetime) -> list[Order]:
    """Days may be those of another zone from then on, and the window ends where they do."""
    return _order(subscription_id, AmendEntitlement(sold=sold, at=at, zone=zone))


def on_term_started(*, subscription_id: UUID, sold: Sold, starts_at: datetime) -> list[Order]:
    """Rights are those of the term that runs: a renewal may have been to another plan."""
    return _order(subscription_id, AmendEntitlement(sold=sold, at=starts_at))


def on_term_renewed(*, subscription_id: UUID, term: Term, starts_at: datetime, sold: Sold, at: datetime) -> list[Order]:
    """Nobody says later that a back-dated term has started."""
    extend = ExtendEntitlement(term=term, at=at)
    has_started = [AmendEntitlement(sold=sold, at=at)] if starts_at <= at else []
    return [order for command in (extend, *has_started) for order in _order(subscription_id, command)]


def on_trial_converted(*, subscription_id: UUID, term: Term, at: datetime) -> list[Order]:
    return _order(subscription_id, ExtendEntitlement(term=term, at=at, what="trial_converted"))


def on_subscription_paused(*, subscription_id: UUID, message_id: UUID, reason: str, at: datetime) -> list[Order]:
    cause = HoldCause(what="subscription_paused", at=at, message_id=message_id, reason=reason)
    return _order(subscription_id, PlaceHold(kind="paused", cause=cause))


def on_subscription_resumed(*, subscription_id: UUID, message_id: UUID, term: Term, at: datetime) -> list[Order]:
    """The end is moved first, so that nothing of a term that goes on is expired."""
    cause = HoldCause(what="subscription_resumed", at=at, message_id=message_id)
    return [
        *_order(subscription_id, ExtendEntitlement(term=term, at=at, what="subscription_resumed")),
        *_order(subscription_id, RemoveHold(kind="paused", cause=cause)),
    ]


def on_non_renewal_requested(
    *, subscription_id: UUID, successor_subscription_id: UUID | None, at: datetime
) -> list[Order]:
    """Without a successor the end of the term says it all: grace, then expiry."""
    if successor_subscription_id is None:
        return []
    return _order(subscription_id, AnnounceSuccessor(successor_id=entitlement_id(successor_subscription_id), at=at))


def on_non_renewal_withdrawn(*, subscription_id: UUID, at: datetime) -> list[Order]:
    return _order(subscription_id, WithdrawSuccessor(at=at))


def on_subscription_term_ended(*, subscription_id: UUID, ended_at: datetime) -> list[Order]:
    """The same order as that of our own timer; whichever comes second changes nothing."""
    return _order(subscription_id, ReachInstant(at=ended_at))


def on_subscription_cancelled(*, subscription_id: UUID, at: datetime) -> list[Order]:
    return _order(subscription_id, TerminateEntitlement(at=at))


def on_subscription_transferred(*, subscription_id: UUID, successor_subscription_id: UUID, at: datetime) -> list[Order]:
    """The right of the new customer is granted with its own subscription."""
    successor_id = entitlement_id(successor_subscription_id)
    return _order(subscription_id, TransferEntitlement(successor_id=successor_id, at=at))


def _order(subscription_id: UUID, command: Any) -> list[Order]:
    return [Order(ENTITLEMENT, entitlement_id(subscription_id), command)]
