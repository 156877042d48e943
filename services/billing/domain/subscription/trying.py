"""What can happen to a subscription before its first term: a trial costs nothing, and becomes a term or ends."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

from services.billing.domain.agreement import AgreedLine
from services.billing.domain.subscription.cancelling import cancel, effect_cancellation
from services.billing.domain.subscription.changes import Trial
from services.billing.domain.subscription.commands import (
    CancelSubscription,
    ConvertTrial,
    EffectCancellation,
    EndTrial,
    RemindOfTrialEnd,
    StartTerm,
    SubscriptionCommand,
)
from services.billing.domain.subscription.event_types import SubscriptionEvent
from services.billing.domain.subscription.events import SubscriptionActivated, TermStarted
from services.billing.domain.subscription.state import Subscription
from services.billing.domain.subscription.trial_events import TrialConverted, TrialEnded, TrialEnding
from shared.decider import NotAllowedNow

# How long before the end of a trial the customer is reminded, where nothing else was agreed.
REMINDER_DAYS = 7


def trial_of(line: AgreedLine) -> Trial:
    """The days before the line starts. Of one that is no longer than the days of the reminder its first day reminds."""
    starts_on, ends_on = line.starts_on - timedelta(days=line.trial_days), line.starts_on
    reminder_days = REMINDER_DAYS if line.trial_reminder_days is None else line.trial_reminder_days
    return Trial(
        starts_on=starts_on,
        ends_on=ends_on,
        converts=line.trial_converts,
        reminded_on=max(starts_on, ends_on - timedelta(days=reminder_days)),
    )


def tried(subscription: Subscription, trial: Trial, command: SubscriptionCommand) -> list[SubscriptionEvent]:
    """Nothing is amended, renewed or paused before there is a term; the clock of later things finds nothing to do."""
    match subscription.phase, command:
        case "scheduled", StartTerm(at=at) if at == subscription.instant(trial.starts_on):
            return [SubscriptionActivated(at=at)]
        case "trialing", ConvertTrial(at=at):
            return _converted(subscription, trial, at)
        case "trialing", EndTrial(at=at) if at >= subscription.instant(trial.ends_on):
            return _over(subscription, trial, at)
        case "scheduled" | "trialing", RemindOfTrialEnd(at=at):
            return _ending(subscription, trial, subscription.day(at))
        case "scheduled" | "trialing", CancelSubscription():
            return [*cancel(subscription, command)]
        case "scheduled" | "trialing", EffectCancellation():
            return [*effect_cancellation(subscription, command)]
        case _:
            raise NotAllowedNow(command, subscription)


def overdue(subscription: Subscription, trial: Trial, at: datetime) -> list[SubscriptionEvent]:
    """What the clock has to say first, where a worker is late: the trial is over by then."""
    ends_at = subscription.instant(trial.ends_on)
    if at < ends_at or subscription.phase not in ("scheduled", "trialing"):
        return []
    begun = SubscriptionActivated(at=subscription.instant(trial.starts_on))
    over = _over(subscription, trial, ends_at)
    return [begun, *over] if over and subscription.phase == "scheduled" else over


def _ending(subscription: Subscription, trial: Trial, on: date) -> list[SubscriptionEvent]:
    """Once; nothing where it is cancelled at its end, or before."""
    due = subscription.cancellation_due
    is_left = due is not None and due.at <= subscription.instant(trial.ends_on)
    if subscription.reminded or is_left or on >= trial.ends_on:
        return []
    facts, days_left = subscription.facts(subscription.last), (trial.ends_on - on).days
    return [TrialEnding(facts=facts, days_left=days_left, converts=trial.converts)]


def _over(subscription: Subscription, trial: Trial, at: datetime) -> list[SubscriptionEvent]:
    due = subscription.cancellation_due
    if due is not None and due.at <= at:
        return []  # it is cancelled at this instant
    if trial.converts:
        return _converted(subscription, trial, at)
    return [TrialEnded(facts=subscription.facts(subscription.last), at=at)]


def _converted(subscription: Subscription, trial: Trial, at: datetime) -> list[SubscriptionEvent]:
    """Charged from the day on which it is said."""
    on = min(subscription.day(at), trial.ends_on)
    planned = subscription.last
    line = replace(planned.line, starts_on=on)
    term = replace(planned, starts_on=on, ends_on=line.days.end, line=line)
    facts = replace(subscription, is_converted=True).facts(term)
    return [TrialConverted(facts=facts, term=term, at=at), TermStarted(facts=facts)]
