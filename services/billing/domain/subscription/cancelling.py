"""When a cancellation takes effect, and what it leaves of a billing period."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

from services.billing.domain.agreement import AgreedLine
from services.billing.domain.plan import Charge
from services.billing.domain.schedule import BillingPeriod
from services.billing.domain.subscription.changes import Cancellation, When
from services.billing.domain.subscription.commands import CancelSubscription, EffectCancellation
from services.billing.domain.subscription.events import CancellationScheduled, SubscriptionCancelled, Term
from services.billing.domain.subscription.state import Subscription, days_of
from shared.errors import Conflict, DomainError
from shared.periods import Days


class OutsideTerm(DomainError):
    """A change takes effect on a day of a term that was agreed, and not before today."""


class TransferredBefore(Conflict):
    """The contract will have been transferred when this would take effect."""


def cancel(
    subscription: Subscription, command: CancelSubscription
) -> list[CancellationScheduled | SubscriptionCancelled]:
    """At once, or scheduled; the last word counts."""
    wanted = _cancellation(subscription, command)
    if wanted == subscription.cancellation_due:
        return []
    if subscription.transfer_due is not None and wanted.at >= subscription.transfer_due.at:
        raise TransferredBefore("it is another customer's by then: withdraw the transfer, or cancel it there")
    if wanted.at > command.at:
        return [CancellationScheduled(cancellation=wanted)]
    return [_cancelled(subscription, wanted)]


def effect_cancellation(subscription: Subscription, command: EffectCancellation) -> list[SubscriptionCancelled]:
    due = subscription.cancellation_due
    if due is None or due.at != command.at or subscription.phase == "lapsed":
        return []  # another one was put in its place
    return [_cancelled(subscription, due)]


def instant_of(subscription: Subscription, when: When, now: datetime) -> datetime:
    """Raises OutsideTerm."""
    today = subscription.day(now)
    match when:
        case "now":
            return now
        case "period_end":
            return subscription.instant(_period_end(subscription, today))
        case date() as day:
            if not today <= day <= subscription.last.ends_on:
                raise OutsideTerm("a day from today to the end of the term", field="/on")
            return max(now, subscription.instant(day))


def left_of(
    subscription: Subscription, line: AgreedLine, charge: Charge, period: BillingPeriod
) -> BillingPeriod | None:
    """What of a period is still charged for, and metered; None where that is nothing. Where the plan knows no parts of
    periods, one that is charged in advance and has begun is charged; of what was given up while it waited none has."""
    ended = subscription.cancelled
    if ended is None:
        return period
    last = ended.metered_until if charge.kind == "metered" else ended.on
    stays = charge.in_advance and "none" in (ended.credit, line.proration)
    has_begun = period.part.start <= ended.on and subscription.instant(period.part.start) < ended.at
    if stays and has_begun:
        return period
    if last <= period.part.start:
        return None
    return replace(period, part=Days(period.part.start, min(period.part.end, last)))


def _cancellation(subscription: Subscription, command: CancelSubscription) -> Cancellation:
    at = instant_of(subscription, command.when, command.at)
    on = subscription.day(at)
    has_begun = subscription.instant(on) < at
    return Cancellation(
        at=at,
        on=on,
        metered_until=on + timedelta(days=1) if has_begun else on,
        credit=command.credit,
        reason=command.reason,
    )


def _cancelled(subscription: Subscription, cancellation: Cancellation) -> SubscriptionCancelled:
    return SubscriptionCancelled(facts=subscription.facts(subscription.last), cancellation=cancellation)


def _period_end(subscription: Subscription, today: date) -> date:
    if subscription.trial is not None and subscription.in_trial:
        return subscription.trial.ends_on
    term = term_of_day(subscription, today)
    line = subscription.line_now(term)
    rhythm = line.rhythm(subscription.anchor)
    return rhythm.holding(max(today, term.starts_on), days_of(term)).part.end


def term_of_day(subscription: Subscription, day: date) -> Term:
    """The one that holds the day; before the first one that."""
    begun = [term for term in subscription.terms if term.starts_on <= day]
    return begun[-1] if begun else subscription.terms[0]
