"""What a subscription answers to a command. See the state table in the README of the service."""

from __future__ import annotations

from functools import reduce
from uuid import UUID

from services.billing.domain.subscription.amending import amend, effect_amendments
from services.billing.domain.subscription.billing import bill
from services.billing.domain.subscription.cancelling import cancel, effect_cancellation
from services.billing.domain.subscription.changes import Trial
from services.billing.domain.subscription.commands import (
    AmendSubscription,
    AssessLateFee,
    AutoRenewTerm,
    CancelSubscription,
    CreateSubscription,
    DeferCorrection,
    EffectAmendments,
    EffectCancellation,
    EffectTransfer,
    EndPause,
    EndTerm,
    EndTrial,
    ExpireSubscription,
    GivePurchaseOrder,
    NotePayment,
    PauseSubscription,
    RecordLegalNotice,
    ReleaseAhead,
    RemindOfEnd,
    RemindOfTrialEnd,
    RenewTerm,
    RequestBill,
    RequestInterimBill,
    RequestNonRenewal,
    ResumeSubscription,
    StartSubscription,
    StartTerm,
    SubscriptionCommand,
    TakeOverSubscription,
    TransferSubscription,
    WithdrawNonRenewal,
    WithdrawTransfer,
)
from services.billing.domain.subscription.creating import created
from services.billing.domain.subscription.event_types import SubscriptionEvent
from services.billing.domain.subscription.events import (
    BillRequested,
    CorrectionDeferred,
    Fee,
    LateFeeAssessed,
    NonRenewalRequested,
    NonRenewalWithdrawn,
    SubscriptionActivated,
    SubscriptionExpired,
    SubscriptionTermEnded,
    SubscriptionTermEnding,
    Term,
    TermStarted,
)
from services.billing.domain.subscription.evolve import evolve
from services.billing.domain.subscription.interim import release_ahead, request_interim
from services.billing.domain.subscription.pausing import pause, resume
from services.billing.domain.subscription.renewing import auto_renew, record_notice, refuse_late, renew, window_end
from services.billing.domain.subscription.state import (
    Subscription,
    SubscriptionNotFound,
)
from services.billing.domain.subscription.transfer_events import TransferWithdrawn
from services.billing.domain.subscription.transferring import effect_transfer, transfer
from services.billing.domain.subscription.trying import overdue, tried
from services.billing.domain.subscription.waiting import met, while_waiting
from shared.decider import NotAllowedNow

BY_THE_CLOCK = (
    StartTerm,
    RemindOfEnd,
    EndTerm,
    ExpireSubscription,
    EffectCancellation,
    EffectAmendments,
    EffectTransfer,
    EndPause,
    EndTrial,
    RemindOfTrialEnd,
    AutoRenewTerm,
)


ABOUT_BILLS = (RequestBill, RequestInterimBill, ReleaseAhead, DeferCorrection, AssessLateFee)


def decide(subscription: Subscription | None, command: SubscriptionCommand) -> list[SubscriptionEvent]:
    match subscription, command:
        case None, CreateSubscription() | TakeOverSubscription():
            return [created(command)]
        case Subscription(), CreateSubscription() | TakeOverSubscription():
            return []
        case None, _:
            raise SubscriptionNotFound("no such subscription")
        case Subscription(), _ if isinstance(command, ABOUT_BILLS):
            return _of_bills(subscription, command)
        case Subscription(), NotePayment() | GivePurchaseOrder() | StartSubscription():
            return met(subscription, command)
        case Subscription(status="cancelled" | "transferred"), _:
            return _after_cancellation(subscription, command)
        case Subscription(waiting=str()), _:
            return _waiting(subscription, command)
        case Subscription(trial=Trial() as trial, in_trial=True), _:
            return _in_trial(subscription, trial, command)
        case Subscription(), _ if isinstance(command, BY_THE_CLOCK):
            return _by_the_clock(subscription, command)
        case Subscription(), AmendSubscription() | CancelSubscription() | PauseSubscription() | TransferSubscription():
            return _behind_what_is_due(subscription, command)
        case Subscription(), _:
            return _said(subscription, command)


def _bill(subscription: Subscription, command: RequestBill) -> list[SubscriptionEvent]:
    if subscription.is_withheld:
        return []
    at, tax, taxation = command.at, command.tax, command.taxation
    is_consolidated, metered = command.is_consolidated, command.metered
    wanted = bill(subscription, at, tax, taxation, is_consolidated=is_consolidated, metered=metered)
    return [BillRequested(bill=wanted)] if wanted else []


def _behind_what_is_due(
    subscription: Subscription,
    command: AmendSubscription | CancelSubscription | PauseSubscription | TransferSubscription,
) -> list[SubscriptionEvent]:
    """Amendments whose day has come take effect before what is said after it, however late the clock is."""
    due: list[SubscriptionEvent] = [*effect_amendments(subscription, EffectAmendments(at=command.at))]
    return [*due, *_said(reduce(evolve, due, subscription), command)]


def _by_the_clock(subscription: Subscription, command: SubscriptionCommand) -> list[SubscriptionEvent]:
    match command:
        case StartTerm(at=at):
            return _start(subscription, [t for t in subscription.terms if subscription.instant(t.starts_on) == at])
        case RemindOfEnd():
            return _remind(subscription, command)
        case EndTerm():
            return _end(subscription, command)
        case EffectAmendments():
            return [*effect_amendments(subscription, command)]
        case EffectCancellation():
            return [*effect_cancellation(subscription, command)]
        case EffectTransfer():
            return [*effect_transfer(subscription, command)]
        case EndPause():
            return [*resume(subscription, command)]
        case AutoRenewTerm():
            return auto_renew(subscription, command)
        case ExpireSubscription(at=at) if subscription.phase == "lapsed" and at >= subscription.instant(
            window_end(subscription)
        ):
            return [SubscriptionExpired(facts=subscription.facts(subscription.last))]
        case _:
            return []


def _said(subscription: Subscription, command: SubscriptionCommand) -> list[SubscriptionEvent]:
    match subscription, command:
        case _, RenewTerm():
            return renew(subscription, command)
        case Subscription(status="active" | "paused"), RecordLegalNotice():
            return record_notice(subscription, command)
        case _, RequestNonRenewal() | WithdrawNonRenewal():
            return _of_renewing(subscription, command)
        case Subscription(phase="scheduled" | "active" | "non_renewing"), CancelSubscription():
            return [*cancel(subscription, command)]
        case Subscription(status="active" | "non_renewing"), TransferSubscription():
            return [*transfer(subscription, command)]
        case _, WithdrawTransfer():
            return [TransferWithdrawn(reason="withdrawn")] if subscription.transfer_due else []
        case Subscription(status="active"), PauseSubscription():
            return [*pause(subscription, command)]
        case Subscription(status="paused"), ResumeSubscription():
            return [*resume(subscription, command)]
        case Subscription(status="scheduled" | "active" | "non_renewing"), AmendSubscription():
            return [*amend(subscription, command)]
        case _:
            raise NotAllowedNow(command, subscription)


def _of_renewing(
    subscription: Subscription, command: RequestNonRenewal | WithdrawNonRenewal
) -> list[SubscriptionEvent]:
    match subscription, command:
        case Subscription(phase="scheduled" | "active" | "non_renewing"), RequestNonRenewal():
            return _stop_renewing(subscription, command)
        case Subscription(status="lapsed"), RequestNonRenewal(successor_subscription_id=None):
            return []  # it has ended already
        case _, RequestNonRenewal(successor_subscription_id=UUID()):
            return _stop_renewing(subscription, command)  # whose use goes on has to know, however late
        case Subscription(phase="non_renewing"), WithdrawNonRenewal():
            return [NonRenewalWithdrawn(facts=subscription.facts(subscription.last))]
        case _:
            raise NotAllowedNow(command, subscription)


def _after_cancellation(subscription: Subscription, command: SubscriptionCommand) -> list[SubscriptionEvent]:
    """The clock goes on and finds nothing to do."""
    if isinstance(command, BY_THE_CLOCK):
        return []
    raise NotAllowedNow(command, subscription)


def _waiting(subscription: Subscription, command: SubscriptionCommand) -> list[SubscriptionEvent]:
    """The clock finds nothing to do before the end of the term."""
    is_idle = isinstance(command, BY_THE_CLOCK) and not isinstance(command, EndTerm)
    return [] if is_idle else while_waiting(subscription, command)


def _in_trial(subscription: Subscription, trial: Trial, command: SubscriptionCommand) -> list[SubscriptionEvent]:
    said_at = None if isinstance(command, BY_THE_CLOCK) else getattr(command, "at", None)
    late = overdue(subscription, trial, said_at) if said_at is not None else []
    if late:
        gone_on: Subscription | None = reduce(evolve, late, subscription)
        return [*late, *decide(gone_on, command)]
    try:
        return tried(subscription, trial, command)
    except NotAllowedNow:
        if isinstance(command, BY_THE_CLOCK):
            return []
        raise


def _start(subscription: Subscription, terms: list[Term]) -> list[SubscriptionEvent]:
    """A back-dated term never starts by the clock: it has started when it is renewed."""
    started: list[SubscriptionEvent] = [TermStarted(facts=subscription.facts(term)) for term in terms]
    if started and subscription.phase == "scheduled":
        at = subscription.instant(terms[0].starts_on)
        return [SubscriptionActivated(at=at), *started]
    return started


def _remind(subscription: Subscription, command: RemindOfEnd) -> list[SubscriptionEvent]:
    last = subscription.last
    today = subscription.day(command.at)
    days_left = (last.ends_on - today).days
    if command.at != subscription.instant(today):
        return []  # the day begins at another instant by now, and is told then
    if subscription.phase != "active" or days_left < 1 or (last.number, days_left) in subscription.reminded:
        return []
    return [SubscriptionTermEnding(facts=subscription.facts(last), days_left=days_left)]


def _end(subscription: Subscription, command: EndTerm) -> list[SubscriptionEvent]:
    last = subscription.last
    runs = subscription.phase in ("scheduled", "active", "non_renewing")
    if not runs or command.at < subscription.instant(last.ends_on):
        return []  # it was renewed meanwhile, or has ended before
    ended = SubscriptionTermEnded(facts=subscription.facts(last), successor_subscription_id=subscription.successor)
    return [ended]


def _stop_renewing(subscription: Subscription, command: RequestNonRenewal) -> list[SubscriptionEvent]:
    if command.at is not None:
        refuse_late(subscription, command.at)
    same = subscription.successor == command.successor_subscription_id
    if same and subscription.phase not in ("scheduled", "active"):
        return []
    facts = subscription.facts(subscription.last)
    successor = command.successor_subscription_id
    return [NonRenewalRequested(facts=facts, reason=command.reason, successor_subscription_id=successor)]


def _of_bills(subscription: Subscription, command: SubscriptionCommand) -> list[SubscriptionEvent]:
    match command:
        case RequestInterimBill():
            return [*request_interim(subscription, command)]
        case ReleaseAhead():
            return [*release_ahead(subscription, command)]
        case RequestBill():
            return _bill(subscription, command)
        case AssessLateFee():
            return _late_fee(subscription, command)
        case DeferCorrection(correction=correction):
            return [] if correction in subscription.deferred else [CorrectionDeferred(correction=correction)]
        case _:
            raise NotAllowedNow(command, subscription)


def _late_fee(subscription: Subscription, command: AssessLateFee) -> list[SubscriptionEvent]:
    late, amount = command.late, command.late.fee
    if late.invoice_id in subscription.late or amount.minor <= 0:
        return []
    term = subscription.agreed_by(command.at).last
    fee = Fee(amount=amount, term_number=term.number, lapsed_days=0, assessed_at=command.at, late=late)
    is_over = subscription.cancelled is not None or command.at >= subscription.instant(subscription.last.ends_on)
    return [LateFeeAssessed(fee=fee, bill_at=command.at if is_over else None)]
