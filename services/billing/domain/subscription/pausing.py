"""When a subscription may be paused, and how it goes on."""

from __future__ import annotations

from datetime import timedelta

from services.billing.domain.subscription.cancelling import OutsideTerm, term_of_day
from services.billing.domain.subscription.changes import Pause
from services.billing.domain.subscription.commands import EndPause, PauseSubscription, ResumeSubscription
from services.billing.domain.subscription.pause_events import SubscriptionPaused, SubscriptionResumed
from services.billing.domain.subscription.state import Subscription
from shared.errors import Conflict


class ChangePending(Conflict):
    """Another change was agreed and has not taken effect: it comes first."""


def pause(subscription: Subscription, command: PauseSubscription) -> list[SubscriptionPaused]:
    """At once, and over before the term is: its last day is not a day of the pause."""
    refuse_pending(subscription)
    if subscription.transfer_due:
        raise ChangePending("a transfer was agreed and has not taken effect yet")
    today = subscription.day(command.at)
    last_day = term_of_day(subscription, today).ends_on - timedelta(days=1)
    until = command.until or last_day
    if not today < until <= last_day:
        raise OutsideTerm("a day after today, up to the last day of the term", field="/until")
    paused = Pause(
        number=len(subscription.pauses) + 1,
        at=command.at,
        on=today,
        until=until,
        reason=command.reason,
        extend=command.extend,
    )
    return [SubscriptionPaused(facts=subscription.facts(subscription.last), pause=paused)]


def refuse_pending(subscription: Subscription) -> None:
    """Raises ChangePending."""
    if subscription.amendments_due or subscription.cancellation_due:
        raise ChangePending("a change was agreed and has not taken effect yet")


def resume(subscription: Subscription, command: ResumeSubscription | EndPause) -> list[SubscriptionResumed]:
    """Nothing where it goes on already; a timer of another pause finds its own end elsewhere."""
    paused = subscription.paused
    is_stale = isinstance(command, EndPause) and (paused is None or command.at != subscription.instant(paused.until))
    if paused is None or is_stale:
        return []
    resumption = subscription.resumption(paused, command.at)
    resumed = subscription.with_resumption(resumption)
    return [
        SubscriptionResumed(
            facts=resumed.facts(resumed.last),
            resumption=resumption,
            anchor=subscription.anchor,
            line=resumed.line_now(resumed.last),
            is_renewing=subscription.phase != "non_renewing",
        )
    ]
