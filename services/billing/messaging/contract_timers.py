"""What a contract does when a due date comes: its terms, changes, and the usage that it asks for."""

from __future__ import annotations

from collections.abc import Iterator

from services.billing.domain.quote import QUOTE
from services.billing.domain.quote.commands import ExpireQuote, MarkStale, WithdrawQuote
from services.billing.domain.subscription import SUBSCRIPTION
from services.billing.domain.subscription.changes import Start
from services.billing.domain.subscription.commands import (
    EffectAmendments,
    EffectCancellation,
    EffectTransfer,
    EndPause,
    EndTerm,
    EndTrial,
    ExpireSubscription,
    RemindOfEnd,
    RemindOfTrialEnd,
    StartSubscription,
    StartTerm,
)
from services.billing.domain.subscription.state import Subscription
from services.billing.domain.usage_period import USAGE_PERIOD
from services.billing.processes import (
    metering,
    renewing,
    transferring,
)
from services.billing.projections.quotes import quotes
from services.billing.projections.subscriptions import usage_periods
from shared.orders import Order
from shared.timers import Timer
from shared.unit_of_work import UnitOfWork


def quote_expiry(timer: Timer, unit: UnitOfWork) -> Iterator[Order]:
    yield Order(QUOTE, timer.subject, ExpireQuote(at=timer.fire_at))


def cancellation(timer: Timer, unit: UnitOfWork) -> Iterator[Order]:
    yield Order(SUBSCRIPTION, timer.subject, EffectCancellation(at=timer.fire_at))


def amendments(timer: Timer, unit: UnitOfWork) -> Iterator[Order]:
    yield Order(SUBSCRIPTION, timer.subject, EffectAmendments(at=timer.fire_at))


def transfer(timer: Timer, unit: UnitOfWork) -> Iterator[Order]:
    """It goes on as the new customer's within the same transaction."""
    yield Order(SUBSCRIPTION, timer.subject, EffectTransfer(at=timer.fire_at))
    for order in transferring.on_effected(unit.state(SUBSCRIPTION, timer.subject), timer.fire_at):
        yield order
        yield from metering.on_subscription_created(unit.state(SUBSCRIPTION, order.stream_id))


def pause_end(timer: Timer, unit: UnitOfWork) -> Iterator[Order]:
    yield Order(SUBSCRIPTION, timer.subject, EndPause(at=timer.fire_at))


def trial_end(timer: Timer, unit: UnitOfWork) -> Iterator[Order]:
    yield Order(SUBSCRIPTION, timer.subject, EndTrial(at=timer.fire_at))


def latest_start(timer: Timer, unit: UnitOfWork) -> Iterator[Order]:
    """Nobody has said that what it was to start with has happened."""
    subscription: Subscription = unit.state(SUBSCRIPTION, timer.subject)
    on = subscription.terms[0].line.latest_start or subscription.day(timer.fire_at)
    start = Start(kind="latest_start", on=on)
    yield Order(SUBSCRIPTION, timer.subject, StartSubscription(start=start, at=timer.fire_at))


def trial_ending(timer: Timer, unit: UnitOfWork) -> Iterator[Order]:
    yield Order(SUBSCRIPTION, timer.subject, RemindOfTrialEnd(at=timer.fire_at))


def notice_deadline(timer: Timer, unit: UnitOfWork) -> Iterator[Order]:
    yield from renewing.on_notice_deadline(unit.state(SUBSCRIPTION, timer.subject), timer.fire_at)


def superseded_quotes(timer: Timer, unit: UnitOfWork) -> Iterator[Order]:
    """What was offered for a term that has renewed by itself."""
    for id_ in quotes.open_renewals(unit, timer.subject):
        yield Order(QUOTE, id_, WithdrawQuote(reason="the term renewed by itself"))


def term_start(timer: Timer, unit: UnitOfWork) -> Iterator[Order]:
    yield Order(SUBSCRIPTION, timer.subject, StartTerm(at=timer.fire_at))


def term_ending(timer: Timer, unit: UnitOfWork) -> Iterator[Order]:
    yield Order(SUBSCRIPTION, timer.subject, RemindOfEnd(at=timer.fire_at))


def term_end(timer: Timer, unit: UnitOfWork) -> Iterator[Order]:
    yield Order(SUBSCRIPTION, timer.subject, EndTerm(at=timer.fire_at))


def window_end(timer: Timer, unit: UnitOfWork) -> Iterator[Order]:
    yield Order(SUBSCRIPTION, timer.subject, ExpireSubscription(at=timer.fire_at))


def period_start(timer: Timer, unit: UnitOfWork) -> Iterator[Order]:
    yield from metering.on_period_started(unit.state(SUBSCRIPTION, timer.subject), timer.fire_at)


def renewed_periods(timer: Timer, unit: UnitOfWork) -> Iterator[Order]:
    yield from metering.on_term_renewed(unit.state(SUBSCRIPTION, timer.subject), timer.fire_at)


def cut_periods(timer: Timer, unit: UnitOfWork) -> Iterator[Order]:
    """What is not used any more ends, and what is used on other conditions begins."""
    subscription = unit.state(SUBSCRIPTION, timer.subject)
    ids = usage_periods.ending_after(unit, timer.subject, subscription.day(timer.fire_at))
    yield from metering.on_cut(subscription, [unit.state(USAGE_PERIOD, id_) for id_ in ids])
    yield from metering.on_changed(subscription, timer.fire_at)


def outdated_quotes(timer: Timer, unit: UnitOfWork) -> Iterator[Order]:
    for id_ in quotes.open_renewals(unit, timer.subject):
        yield Order(QUOTE, id_, MarkStale(reason="the subscription was changed"))
