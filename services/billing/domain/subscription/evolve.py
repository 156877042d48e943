"""How each fact changes a subscription."""

from __future__ import annotations

from dataclasses import replace

from services.billing.domain.agreed_one_off import OneOffItem
from services.billing.domain.billed_ahead import BilledAhead
from services.billing.domain.subscription.bill_parts import LateInvoice
from services.billing.domain.subscription.committed import counting_after
from services.billing.domain.subscription.couponed import of_its_period
from services.billing.domain.subscription.event_types import SubscriptionEvent
from services.billing.domain.subscription.events import (
    AmendmentScheduled,
    AutoRenewalRefused,
    Bill,
    BillRequested,
    CancellationScheduled,
    CorrectionDeferred,
    Fee,
    FlatItem,
    LateFeeAssessed,
    LegalNoticeRecorded,
    NonRenewalRequested,
    NonRenewalWithdrawn,
    ReinstatementFeeAssessed,
    SubscriptionActivated,
    SubscriptionAmended,
    SubscriptionCancelled,
    SubscriptionCreated,
    SubscriptionExpired,
    SubscriptionTermEnded,
    SubscriptionTermEnding,
    TermRenewed,
    TermStarted,
    UsageItem,
)
from services.billing.domain.subscription.interim import BilledAheadReleased, released
from services.billing.domain.subscription.pause_events import SubscriptionPaused, SubscriptionResumed
from services.billing.domain.subscription.state import Subscription, billing_key
from services.billing.domain.subscription.transfer_events import (
    SubscriptionTransferred,
    TransferScheduled,
    TransferWithdrawn,
)
from services.billing.domain.subscription.trial_events import TrialConverted, TrialEnded, TrialEnding
from services.billing.domain.subscription.waiting_events import SubscriptionReleased
from shared.decider import CorruptStream


def evolve(subscription: Subscription | None, event: SubscriptionEvent) -> Subscription:
    match subscription, event:
        case None, SubscriptionCreated():
            return _created(event)
        case Subscription(), SubscriptionReleased(term=term, start=start):
            return replace(subscription, terms=(term,), waits_for=None, start=start)
        case Subscription(), SubscriptionActivated():
            return replace(subscription, phase="trialing" if subscription.in_trial else "active")
        case Subscription(), TermRenewed(term=term, renewed_at=renewed_at):
            return replace(_active(subscription).with_term(term, renewed_at), successor=None)
        case Subscription(), ReinstatementFeeAssessed(fee=fee):
            return replace(subscription, fees=(*subscription.fees, fee))
        case Subscription(), LateFeeAssessed(fee=Fee(late=LateInvoice(invoice_id=invoice_id)) as fee):
            return replace(subscription, fees=(*subscription.fees, fee), late=(*subscription.late, invoice_id))
        case Subscription(), BillRequested(bill=bill):
            return _billed(subscription, bill)
        case Subscription(), CorrectionDeferred(correction=correction):
            return replace(subscription, deferred=(*subscription.deferred, correction))
        case Subscription(), TermStarted():
            return subscription
        case Subscription(), _:
            return _changed(subscription, event)
        case _:
            raise CorruptStream(subscription, event)


def _ending(subscription: Subscription, event: SubscriptionEvent) -> Subscription:
    """What becomes of a term that nobody renewed, or means to."""
    match event:
        case SubscriptionTermEnding(facts=facts, days_left=days_left) | TrialEnding(facts=facts, days_left=days_left):
            return replace(subscription, reminded=(*subscription.reminded, (facts.term_number, days_left)))
        case NonRenewalRequested(successor_subscription_id=successor):
            return replace(_non_renewing(subscription), successor=successor)
        case NonRenewalWithdrawn():
            return replace(subscription, phase="active", successor=None)
        case SubscriptionTermEnded():
            return replace(subscription, phase="lapsed")
        case SubscriptionExpired():
            return replace(subscription, phase="expired")
        case _:
            raise CorruptStream(subscription, event)


def _changed(subscription: Subscription, event: SubscriptionEvent) -> Subscription:
    match event:
        case AmendmentScheduled(amendment=amendment):
            return replace(subscription, amendments_due=(*subscription.amendments_due, amendment))
        case SubscriptionAmended(amendment=amendment):
            return subscription.with_amendment(amendment)
        case LegalNoticeRecorded(notice=notice):
            return replace(subscription, noticed=(*subscription.noticed, notice.term_number))
        case AutoRenewalRefused():
            return subscription
        case BilledAheadReleased():
            return replace(subscription, ahead=released(subscription, event))
        case TrialConverted(term=term):
            return replace(subscription, phase="active", terms=(term,), is_converted=True)
        case TrialEnded():
            return replace(subscription, phase="expired")
        case SubscriptionPaused(pause=pause):
            return replace(subscription, pauses=(*subscription.pauses, pause))
        case SubscriptionResumed(resumption=resumption):
            return subscription.with_resumption(resumption)
        case _:
            return _ended(subscription, event)


def _ended(subscription: Subscription, event: SubscriptionEvent) -> Subscription:
    """By a cancellation or a transfer, or due to be."""
    match event:
        case CancellationScheduled(cancellation=cancellation):
            return replace(subscription, cancellation_due=cancellation)
        case SubscriptionCancelled(cancellation=cancellation):
            ended = replace(subscription, phase="cancelled", cancelled=cancellation)
            return replace(ended, cancellation_due=None, transfer_due=None)
        case TransferScheduled(transfer=transfer):
            return replace(subscription, transfer_due=transfer)
        case TransferWithdrawn():
            return replace(subscription, transfer_due=None)
        case SubscriptionTransferred(transfer=transfer):
            ended = replace(subscription, phase="transferred", cancelled=transfer.ending)
            return replace(ended, transfer_due=None, transferred=transfer)
        case _:
            return _ending(subscription, event)


def _created(event: SubscriptionCreated) -> Subscription:
    facts = event.facts
    return Subscription(
        subscription_id=facts.subscription_id,
        party=facts.party,
        quote_id=event.term.quote_id,
        terms=(event.term,),
        trial=event.trial,
        origin=event.origin,
        one_offs=tuple(OneOffItem(quote_id=event.term.quote_id, agreed=agreed) for agreed in event.one_offs),
        phase="scheduled",
        waits_for=event.waits_for,
    )


def _active(subscription: Subscription) -> Subscription:
    return subscription if subscription.phase == "scheduled" else replace(subscription, phase="active")


def _non_renewing(subscription: Subscription) -> Subscription:
    over = subscription.phase in ("lapsed", "expired")
    return subscription if over else replace(subscription, phase="non_renewing")


def _billed(subscription: Subscription, bill: Bill) -> Subscription:
    items: list[FlatItem | UsageItem] = [*bill.flat, *bill.usage]
    through = {_key(item): item.ends_on for item in items}
    fees = tuple(fee for fee in subscription.fees if fee not in bill.fees)
    deferred = tuple(correction for correction in subscription.deferred if correction not in bill.corrections)
    billed_through = subscription.billed_through | through
    return replace(
        subscription,
        billed_through=billed_through,
        fees=fees,
        deferred=deferred,
        bills=subscription.bills + 1,
        one_offs_on=bill.invoice_id if bill.one_offs else subscription.one_offs_on,
        couponed=of_its_period(subscription, bill),
        ahead=_ahead(subscription, bill),
        counting=counting_after(subscription, bill),
        trued_up=subscription.trued_up | dict.fromkeys(bill.true_up_terms, bill.invoice_id),
        capped=(*subscription.capped, *bill.capped),
    )


def _ahead(subscription: Subscription, bill: Bill) -> tuple[BilledAhead, ...]:
    """An interim bill adds to it; the bill of a period takes it over."""
    if bill.interim is not None:
        return (*subscription.ahead, *bill.interim.billed)
    billed = {item.period_id for item in bill.usage}
    return tuple(each for each in subscription.ahead if each.period_id not in billed)


def _key(item: FlatItem | UsageItem) -> str:
    return billing_key(item.charge, item.amendment, item.resumption if isinstance(item, FlatItem) else 0)
