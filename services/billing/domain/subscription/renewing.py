"""How a term is followed by the next one: because the customer accepted it, or by itself where that was agreed."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

from services.billing.domain.reinstatement import reinstatement_fee
from services.billing.domain.subscription.cancelling import term_of_day
from services.billing.domain.subscription.changes import AutoRefusal, LegalNotice
from services.billing.domain.subscription.commands import AutoRenewTerm, RecordLegalNotice, RenewTerm
from services.billing.domain.subscription.event_types import SubscriptionEvent
from services.billing.domain.subscription.events import (
    AutoRenewalRefused,
    Fee,
    LegalNoticeRecorded,
    ReinstatementFeeAssessed,
    Term,
    TermRenewed,
)
from services.billing.domain.subscription.state import Subscription, days_of
from services.billing.domain.subscription.transfer_events import TransferWithdrawn
from shared.decider import NotAllowedNow
from shared.errors import Conflict, DomainError
from shared.periods import Days


class WindowOver(Conflict):
    """The reinstatement window has passed: a new quote is needed."""


class NoticeOver(Conflict):
    """The next term was agreed when nobody had said no by the day for that: say it again once it has begun."""


class NoticeTooLate(DomainError):
    """A notice is sent before the day on which the term renews by itself, and not in the future."""


def renew(subscription: Subscription, command: RenewTerm) -> list[SubscriptionEvent]:
    if command.term_number <= subscription.last.number:
        return []
    if subscription.day(command.at) >= window_end(subscription):
        raise WindowOver("the reinstatement window is over: sell a new subscription")
    term = _term(subscription, command)
    fees = _fees(subscription, command, term)
    renewed = TermRenewed(
        facts=subscription.facts(term),
        term=term,
        anchor=subscription.anchor,
        mode=command.mode,
        renewed_at=command.at,
        reinstated=bool(fees),
    )
    if subscription.transfer_due is not None:  # the one whose contract it is has agreed to more than was transferred
        return [TransferWithdrawn(reason="renewed"), *fees, renewed]
    return [*fees, renewed]


def _term(subscription: Subscription, command: RenewTerm) -> Term:
    # A pause may have moved it since the quote was drafted.
    anchor = command.line.anchor or subscription.last.line.anchor
    line = replace(command.line, starts_on=subscription.last.ends_on, anchor=anchor)
    return Term(
        number=command.term_number,
        starts_on=line.days.start,
        ends_on=line.days.end,
        line=line,
        quote_id=command.quote_id,
        purchase_order=command.purchase_order,
    )


def _fees(subscription: Subscription, command: RenewTerm, term: Term) -> list[SubscriptionEvent]:
    """Whoever renews after the grace days pays a fee; days are counted in the customer's zone."""
    lapsed = Days(subscription.last.ends_on, subscription.day(command.at))
    if _length(lapsed) < subscription.last.line.renewal.grace_days:
        return []
    annual = subscription.facts(term).base
    amount = reinstatement_fee(annual, subscription.last.line.renewal.reinstatement_percent, lapsed, days_of(term))
    fee = Fee(amount=amount, term_number=term.number, lapsed_days=_length(lapsed), assessed_at=command.at)
    return [ReinstatementFeeAssessed(fee=fee)] if amount.minor else []


def _length(days: Days) -> int:
    """Days between, negative where the end lies before the start."""
    return (days.end - days.start).days


def window_end(subscription: Subscription) -> date:
    renewal = subscription.last.line.renewal
    return subscription.last.ends_on + timedelta(days=renewal.grace_days + renewal.reinstatement_days)


def auto_renew(subscription: Subscription, command: AutoRenewTerm) -> list[SubscriptionEvent]:
    """Nothing where somebody was faster, where it will be cancelled, or the term ends on another day by now."""
    last = subscription.last
    goes_on = subscription.phase == "active" and subscription.cancellation_due is None
    if not goes_on or command.at != deadline(subscription, last):
        return []
    refusal = _refusal(subscription, last)
    if refusal is not None:
        return [AutoRenewalRefused(facts=subscription.facts(last), reason=refusal)]
    number = last.number + 1
    told = RenewTerm(term_number=number, line=command.line, quote_id=last.quote_id, at=command.at, mode="auto")
    return renew(subscription, told)


def record_notice(subscription: Subscription, command: RecordLegalNotice) -> list[SubscriptionEvent]:
    """Once for a term: the first proof counts."""
    last = subscription.last
    until = deadline(subscription, last)
    if until is None:
        raise NotAllowedNow(command, subscription)
    if last.number in subscription.noticed:
        return []
    if command.sent_at > command.at or command.sent_at >= until:
        raise NoticeTooLate("sent by now, and before the term renews by itself", field="/sent_at")
    notice = LegalNotice(
        term_number=last.number, sent_at=command.sent_at, channel=command.channel, reference=command.reference
    )
    return [LegalNoticeRecorded(facts=subscription.facts(last), notice=notice)]


def refuse_late(subscription: Subscription, at: datetime) -> None:
    """From the day on which the running term renewed by itself up to its end. Raises NoticeOver."""
    term = term_of_day(subscription, subscription.day(at))
    until = deadline(subscription, term)
    if until is not None and at >= until and subscription.last.number > term.number:
        raise NoticeOver("the term has renewed by itself: say so again once the next one has begun")


def deadline(subscription: Subscription, term: Term) -> datetime | None:
    """From when on it is too late to say no; None for a term that does not renew by itself."""
    auto = term.line.renewal.auto
    return subscription.instant(term.ends_on - timedelta(days=auto.notice_days)) if auto else None


def _refusal(subscription: Subscription, last: Term) -> AutoRefusal | None:
    renewal = last.line.renewal
    if subscription.transfer_due is not None:
        return "transferred"
    if last.number not in subscription.noticed:
        return "no_legal_notice"
    is_dearer = renewal.auto is not None and renewal.uplift_percent > renewal.auto.price_cap_percent
    return "price_above_cap" if is_dearer else None
