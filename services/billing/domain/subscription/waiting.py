"""A subscription that waits: nobody else has heard of it, and nothing may be used before what it waits for has come."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from services.billing.domain.agreement import AgreedLine
from services.billing.domain.subscription.changes import Cancellation, WaitsFor
from services.billing.domain.subscription.commands import (
    CancelSubscription,
    EndTerm,
    GivePurchaseOrder,
    NotePayment,
    SubscriptionCommand,
)
from services.billing.domain.subscription.event_types import SubscriptionEvent
from services.billing.domain.subscription.events import (
    SubscriptionActivated,
    SubscriptionCancelled,
    Term,
    TermStarted,
)
from services.billing.domain.subscription.state import Subscription
from services.billing.domain.subscription.waiting_events import SubscriptionReleased
from shared.decider import NotAllowedNow
from shared.errors import Conflict

NEVER_STARTED = "never_started"
_COMES = {
    "payment": "its first invoice is paid",
    "purchase_order": "the number of a purchase order is given",
}


class StillWaiting(Conflict):
    """Until then it can be cancelled, and nothing else."""


def waits_for(line: AgreedLine, purchase_order: str | None) -> WaitsFor | None:
    """Who gives the purchase order on acceptance waits for nothing."""
    match line.payment:
        case "prepaid":
            return "payment"
        case "po" if purchase_order is None:
            return "purchase_order"
        case _:
            return None


def met(subscription: Subscription, command: NotePayment | GivePurchaseOrder) -> list[SubscriptionEvent]:
    """What it waits for, or what it has already."""
    match subscription.waiting, command:
        case "payment", NotePayment(at=at):
            return _released(subscription, "payment", subscription.last, at)
        case _, NotePayment():
            return []
        case "purchase_order", GivePurchaseOrder(purchase_order=number, at=at):
            return _released(subscription, "purchase_order", replace(subscription.last, purchase_order=number), at)
        case _, GivePurchaseOrder(purchase_order=number) if number == subscription.terms[0].purchase_order:
            return []
        case _:
            raise NotAllowedNow(command, subscription)


def while_waiting(subscription: Subscription, command: SubscriptionCommand) -> list[SubscriptionEvent]:
    """What is said of it, and its clock. At the end of the term it is over."""
    match command:
        case CancelSubscription(when="now", at=at):
            return [
                _given_up(
                    subscription, replace(_ending(subscription, at), credit=command.credit, reason=command.reason)
                )
            ]
        case EndTerm(at=at) if at >= subscription.instant(subscription.last.ends_on):
            return [_given_up(subscription, _ending(subscription, at))]
        case EndTerm():
            return []
        case _:
            assert subscription.waiting is not None  # or it would not be asked here
            field = "/effective" if isinstance(command, CancelSubscription) else None
            until = _COMES[subscription.waiting]
            raise StillWaiting(f"it waits until {until}: until then it can only be cancelled, at once", field=field)


def _released(subscription: Subscription, waited_for: WaitsFor, term: Term, at: datetime) -> list[SubscriptionEvent]:
    """Its days stay as they were agreed; where they have begun, so has it."""
    facts = subscription.facts(term)
    released = SubscriptionReleased(facts=facts, term=term, waited_for=waited_for, at=at)
    if at < subscription.instant(term.starts_on):
        return [released]
    return [released, SubscriptionActivated(at=at), TermStarted(facts=facts)]


def _ending(subscription: Subscription, at: datetime) -> Cancellation:
    """As if before its first day: no day of it was used, however late it is said."""
    on = min(subscription.day(at), subscription.anchor - timedelta(days=1))
    return Cancellation(at=at, on=on, metered_until=on, credit="unused_time", reason=NEVER_STARTED)


def _given_up(subscription: Subscription, cancellation: Cancellation) -> SubscriptionCancelled:
    facts = subscription.facts(subscription.last)
    return SubscriptionCancelled(facts=facts, cancellation=cancellation, waited_for=subscription.waiting)
