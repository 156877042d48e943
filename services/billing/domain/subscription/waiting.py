"""A subscription that waits: nobody else has heard of it, and nothing may be used before what it waits for has come."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from services.billing.domain.agreement import AgreedLine
from services.billing.domain.subscription.changes import Cancellation, Start, WaitsFor
from services.billing.domain.subscription.commands import (
    CancelSubscription,
    EndTerm,
    GivePurchaseOrder,
    NotePayment,
    StartSubscription,
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
from shared.errors import Conflict, DomainError

# An event that is told later than that is a matter for people.
LATE_AFTER = timedelta(days=366)
NEVER_STARTED = "never_started"
_COMES = {
    "payment": "its first invoice is paid",
    "purchase_order": "the number of a purchase order is given",
    "start": "it is told to start",
}


class StillWaiting(Conflict):
    """Until then it can be cancelled, and nothing else."""


class StartsOtherwise(DomainError):
    """A line starts with the event that was agreed for it."""


class StartOutOfReach(DomainError):
    """What has happened did so by today, and not more than a year ago."""


def waits_for(line: AgreedLine, purchase_order: str | None) -> WaitsFor | None:
    """Who gives the purchase order on acceptance waits for nothing."""
    match line.starts, line.payment:
        case "delivery" | "first_activation", _:
            return "start"
        case _, "prepaid":
            return "payment"
        case _, "po" if purchase_order is None:
            return "purchase_order"
        case _:
            return None


def met(
    subscription: Subscription, command: NotePayment | GivePurchaseOrder | StartSubscription
) -> list[SubscriptionEvent]:
    """What it waits for, or what it has already."""
    match subscription.waiting, command:
        case "start", StartSubscription():
            return _started(subscription, command)
        case _, StartSubscription(start=start) if start == subscription.start or start.kind == "latest_start":
            return []
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
            ending = replace(_ending(subscription, at), credit=command.credit, reason=command.reason)
            return [_given_up(subscription, ending)]
        case EndTerm(at=at) if at >= subscription.instant(subscription.last.ends_on):
            return [_given_up(subscription, _ending(subscription, at))]
        case EndTerm():
            return []
        case _:
            assert subscription.waiting is not None  # or it would not be asked here
            field = "/effective" if isinstance(command, CancelSubscription) else None
            until = _COMES[subscription.waiting]
            raise StillWaiting(f"it waits until {until}: until then it can only be cancelled, at once", field=field)


def _started(subscription: Subscription, command: StartSubscription) -> list[SubscriptionEvent]:
    """The term is as long as it was agreed, from the day of the event, or from the latest one where that was before."""
    start, at, planned = command.start, command.at, subscription.last
    _refuse_start(subscription, start, at)
    line = replace(planned.line, starts_on=min(start.on, planned.line.latest_start or start.on))
    term = replace(planned, starts_on=line.starts_on, ends_on=line.days.end, line=line)
    return _released(subscription, "start", term, at, start)


def _refuse_start(subscription: Subscription, start: Start, at: datetime) -> None:
    agreed, today = subscription.last.line.starts, subscription.day(at)
    if start.kind == "latest_start":
        return
    if start.kind != agreed:
        raise StartsOtherwise(f"it starts with its {agreed}", field="/kind")
    if not today - LATE_AFTER <= start.on <= today:
        raise StartOutOfReach("a day up to today, within a year", field="/on")


def _released(
    subscription: Subscription, waited_for: WaitsFor, term: Term, at: datetime, start: Start | None = None
) -> list[SubscriptionEvent]:
    """Without a `start` its days stay as they were agreed; where they have begun, so has it."""
    facts = subscription.facts(term)
    released = SubscriptionReleased(facts=facts, term=term, waited_for=waited_for, at=at, start=start)
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
