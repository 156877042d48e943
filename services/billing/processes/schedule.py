"""Which due dates each event sets. Timers of one instant fire by stage: terms, then periods, then bills, then dunning."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from uuid import UUID

from services.billing.domain.agreement import AgreedLine, RenewalTerms
from services.billing.domain.autopay import (
    GIVEN_UP_AFTER,
    AutopayPostponed,
    AutopayRequested,
    AutopayScheduled,
    OfInstalment,
)
from services.billing.domain.dunning.events import (
    DebtRecovered,
    DebtReduced,
    DebtRestored,
    DebtsHeld,
    DebtsReleased,
    DebtTracked,
)
from services.billing.domain.invoice.events import InvoiceDrafted, InvoiceIssued
from services.billing.domain.late_fee import LateFeeScheduled
from services.billing.domain.outcome import OutcomeSource
from services.billing.domain.payment_plan.charges import charges_at
from services.billing.domain.payment_plan.events import PaymentPlanAgreed
from services.billing.domain.quote.events import QuoteSent
from services.billing.domain.subscription.bill_parts import Together
from services.billing.domain.subscription.billing import boundaries
from services.billing.domain.subscription.changes import Trial
from services.billing.domain.subscription.events import (
    AmendmentScheduled,
    Bill,
    BillRequested,
    CancellationScheduled,
    LateFeeAssessed,
    SubscriptionAmended,
    SubscriptionCancelled,
    SubscriptionCreated,
    Term,
    TermRenewed,
)
from services.billing.domain.subscription.pause_events import SubscriptionPaused, SubscriptionResumed
from services.billing.domain.subscription.state import days_of
from services.billing.domain.subscription.transfer_events import SubscriptionTransferred, TransferScheduled
from services.billing.domain.subscription.trial_events import TrialConverted
from services.billing.domain.subscription.waiting_events import SubscriptionReleased
from services.billing.domain.top_up.events import CreditPurchased, CreditPurchaseRequested, TopUpHeld, TopUpSet
from services.billing.domain.top_up.state import GIVEN_UP_AFTER as PURCHASE_GIVEN_UP_AFTER
from services.billing.domain.usage_period import UsagePeriodOpened, UsagePeriodShortened
from services.billing.domain.wallet.events import (
    CreditDrawn,
    CreditExpired,
    CreditGranted,
    CreditRolledOver,
    WalletFacts,
    WalletTerms,
)
from shared.event_store import Recorded
from shared.periods import Days, start_of_day
from shared.timers import Timer

TERMS, PERIODS, BILLS, DUNNING = range(4)
REMINDER_DAYS = (90, 60, 30)


def timers_of(recorded: Recorded) -> Iterator[Timer]:
    for of_kind in _KINDS:
        yield from of_kind(recorded)


def _of_bills(recorded: Recorded) -> Iterator[Timer]:
    match recorded.event:
        case BillRequested(bill=Bill(together=Together() as together)):
            yield _day_over(recorded, together)
        case LateFeeScheduled(assessed_at=assessed_at):
            yield _timer(recorded, "late_fee", assessed_at, TERMS)
        case LateFeeAssessed(bill_at=datetime() as bill_at):
            yield _timer(recorded, "bill", bill_at, BILLS)
        case InvoiceDrafted(review_until=datetime() as review_until):
            yield _timer(recorded, "review_over", review_until, BILLS)
        case InvoiceIssued(facts=facts):
            overdue_at = start_of_day(facts.due_on + timedelta(days=1), facts.party.zone)
            yield _timer(recorded, "invoice_overdue", overdue_at, DUNNING)


def _of_credit(recorded: Recorded) -> Iterator[Timer]:
    match recorded.event:
        case CreditGranted(facts=facts, terms=WalletTerms(expires_on=date() as expires_on)):
            yield _timer(recorded, "credit_expiry", start_of_day(expires_on, facts.zone), TERMS)
        case CreditDrawn() | CreditExpired() | CreditRolledOver() | TopUpSet() | TopUpHeld() | CreditPurchased():
            yield from _top_up(recorded)
        case CreditPurchaseRequested(purchase=purchase):
            yield _timer(recorded, "purchase_given_up", purchase.requested_at + PURCHASE_GIVEN_UP_AFTER, BILLS)


def _of_collection(recorded: Recorded) -> Iterator[Timer]:
    match recorded.event:
        case AutopayRequested(attempt=attempt):
            yield _timer(recorded, "autopay_given_up", attempt.requested_at + GIVEN_UP_AFTER, BILLS)
        case AutopayPostponed(attempts_at=attempts_at, instalment=OfInstalment(plan_id=plan_id)):
            yield from (_timer(recorded, "instalments_due", at, BILLS, plan_id) for at in attempts_at)
        case AutopayScheduled(attempts_at=attempts_at) | AutopayPostponed(attempts_at=attempts_at):
            yield from (_timer(recorded, "autopay", at, BILLS) for at in attempts_at)
        case PaymentPlanAgreed(agreement=agreement, reviews_at=reviews_at):
            yield from (_timer(recorded, "payment_plan_review", at, DUNNING) for at in reviews_at)
            charges = charges_at(agreement, recorded.cause.occurred_at)
            yield from (_timer(recorded, "instalments_due", at, BILLS) for at in charges)


def _of_dunning(recorded: Recorded) -> Iterator[Timer]:
    match recorded.event:
        case (
            DebtTracked(steps_at=at)
            | DebtReduced(steps_at=at)
            | DebtRestored(steps_at=at)
            | DebtRecovered(steps_at=at)
            | DebtsHeld(steps_at=at)
            | DebtsReleased(steps_at=at)
        ):
            yield from (_timer(recorded, "dunning_step", step_at, DUNNING) for step_at in at)


def _of_outcomes(recorded: Recorded) -> Iterator[Timer]:
    match recorded.event:
        case UsagePeriodOpened(outcome=OutcomeSource()) | UsagePeriodShortened(outcome=OutcomeSource()):
            closes_at = recorded.event.ends_at + timedelta(seconds=recorded.event.collect_seconds)
            yield _timer(recorded, "outcomes_due", closes_at, PERIODS)


def _top_up(recorded: Recorded) -> Iterator[Timer]:
    """When somebody looks whether enough is left. What a person or a bank takes away asks for nothing."""
    match recorded.event:
        case TopUpHeld(until=until):
            yield _timer(recorded, "top_up", until, BILLS)
        case TopUpSet() | CreditPurchased():
            yield _timer(recorded, "top_up", recorded.cause.occurred_at, BILLS)
        case (
            CreditDrawn(facts=WalletFacts(topped_up_as=UUID() as watched))
            | CreditExpired(facts=WalletFacts(topped_up_as=UUID() as watched))
            | CreditRolledOver(facts=WalletFacts(topped_up_as=UUID() as watched))
        ):
            yield _timer(recorded, "top_up", recorded.cause.occurred_at, BILLS, watched)


def _of_quotes_and_terms(recorded: Recorded) -> Iterator[Timer]:
    match recorded.event:
        case QuoteSent(valid_until=valid_until):
            yield _timer(recorded, "quote_expiry", valid_until, TERMS)
        case SubscriptionCreated(facts=facts, trial=Trial(ends_on=ends_on, reminded_on=reminded_on)):
            yield _timer(recorded, "term_start", facts.starts_at, TERMS)
            yield _timer(recorded, "trial_end", start_of_day(ends_on, facts.party.zone), TERMS)
            if reminded_on is not None:
                yield _timer(recorded, "trial_ending", start_of_day(reminded_on, facts.party.zone), TERMS)
        case SubscriptionCreated(waits_for=str()):
            yield from _until_released(recorded, recorded.event)
        case SubscriptionReleased():
            yield from _released(recorded, recorded.event)
        case SubscriptionCreated(facts=facts, term=term):
            yield from _term(recorded, term, facts.party.zone, term.starts_on)
        case TrialConverted(facts=facts, term=term, at=at):
            timers = _term(recorded, term, facts.party.zone, term.starts_on)
            yield from (timer for timer in timers if timer.fire_at > at)
            yield _timer(recorded, "renewed_periods", at, PERIODS)
            yield _timer(recorded, "bill", at, BILLS)
        case TermRenewed():
            yield from _renewed(recorded, recorded.event)


def _released(recorded: Recorded, released: SubscriptionReleased) -> Iterator[Timer]:
    term = released.term
    timers = _term(recorded, term, released.facts.party.zone, term.starts_on)
    yield from (timer for timer in timers if timer.fire_at > released.at)
    yield _timer(recorded, "renewed_periods", released.at, PERIODS)
    yield _timer(recorded, "bill", released.at, BILLS)


def _until_released(recorded: Recorded, created: SubscriptionCreated) -> Iterator[Timer]:
    facts, now, latest_start = created.facts, recorded.cause.occurred_at, created.term.line.latest_start
    if created.waits_for != "start":
        yield _timer(recorded, "term_end", facts.ends_at, TERMS)
    if created.waits_for == "payment":
        yield _timer(recorded, "bill", now, BILLS)
    if latest_start is not None:
        yield _timer(recorded, "latest_start", max(now, start_of_day(latest_start, facts.party.zone)), TERMS)


def _renewed(recorded: Recorded, renewed: TermRenewed) -> Iterator[Timer]:
    facts, at = renewed.facts, renewed.renewed_at
    timers = _term(recorded, renewed.term, facts.party.zone, renewed.anchor)
    yield from (timer for timer in timers if timer.fire_at > at)
    yield _timer(recorded, "renewed_periods", at, PERIODS)
    if renewed.mode == "auto":
        yield _timer(recorded, "superseded_quotes", at, TERMS)
    if facts.starts_at <= at:
        yield _timer(recorded, "bill", at, BILLS)


def _of_changes(recorded: Recorded) -> Iterator[Timer]:
    match recorded.event:
        case CancellationScheduled(cancellation=cancellation):
            yield _timer(recorded, "cancellation", cancellation.at, TERMS)
        case SubscriptionCancelled(cancellation=cancellation):
            yield from _changed(recorded, cancellation.at)
        case TransferScheduled(transfer=transfer):
            yield _timer(recorded, "transfer", transfer.at, TERMS)
        case SubscriptionTransferred(transfer=transfer):
            yield from _changed(recorded, transfer.at)
        case AmendmentScheduled(amendment=amendment):
            yield _timer(recorded, "amendments", amendment.agreed_at, TERMS)
        case SubscriptionAmended(amendment=amendment):
            yield from _changed(recorded, amendment.agreed_at)
            yield from _amended(recorded, recorded.event)
        case SubscriptionPaused(facts=facts, pause=pause):
            yield _timer(recorded, "pause_end", start_of_day(pause.until, facts.party.zone), TERMS)
            yield from (_timer(recorded, name, pause.at, BILLS) for name in ("bill", "unused_time"))
        case SubscriptionResumed(resumption=resumption):
            yield _timer(recorded, "bill", resumption.at, BILLS)
            yield from _extended(recorded, recorded.event)


def _term(recorded: Recorded, term: Term, zone: str, anchor: date) -> Iterator[Timer]:
    yield _timer(recorded, "term_start", start_of_day(term.starts_on, zone), TERMS)
    yield from _end(recorded, term.ends_on, term.line.renewal, zone)
    yield from _periods(recorded, days_of(term), term.line, zone, anchor)


def _end(recorded: Recorded, ends_on: date, renewal: RenewalTerms, zone: str) -> Iterator[Timer]:
    for days in REMINDER_DAYS:
        yield _timer(recorded, "term_ending", start_of_day(ends_on - timedelta(days=days), zone), TERMS)
    if renewal.auto is not None:
        deadline = start_of_day(ends_on - timedelta(days=renewal.auto.notice_days), zone)
        yield _timer(recorded, "notice_deadline", deadline, TERMS)
    yield _timer(recorded, "term_end", start_of_day(ends_on, zone), TERMS)
    window_end = ends_on + timedelta(days=renewal.grace_days + renewal.reinstatement_days)
    yield _timer(recorded, "window_end", start_of_day(window_end, zone), TERMS)


def _extended(recorded: Recorded, resumed: SubscriptionResumed) -> Iterator[Timer]:
    """What the later end brings; a quote for what follows says the old one."""
    resumption, facts, extension = resumed.resumption, resumed.facts, resumed.resumption.extension
    if extension is None:
        return
    zone = facts.party.zone
    yield _timer(recorded, "outdated_quotes", resumption.at, TERMS)
    yield _timer(recorded, "cut_periods", resumption.at, PERIODS)
    for timer in _end(recorded, extension.ends_on, facts.renewal, zone):
        if timer.fire_at > resumption.at:
            yield timer
    days = Days(extension.ended_on, extension.ends_on)
    yield from _periods(recorded, days, resumed.line, zone, resumed.anchor, resumption.at)


def _amended(recorded: Recorded, amended: SubscriptionAmended) -> Iterator[Timer]:
    """Periods on the new conditions; in another zone the term ends at another instant as well."""
    facts, amendment, zone = amended.facts, amended.amendment, amended.facts.party.zone
    days = Days(amendment.effective_on, facts.ends_on)
    yield from _periods(recorded, days, amendment.line, zone, amended.anchor, amendment.agreed_at)
    for timer in _end(recorded, facts.ends_on, facts.renewal, zone) if amendment.zone else ():
        if timer.fire_at > amendment.agreed_at:
            yield timer


def _changed(recorded: Recorded, at: datetime) -> Iterator[Timer]:
    """What an amendment or a cancellation does to what was metered and billed ahead."""
    yield _timer(recorded, "outdated_quotes", at, TERMS)
    yield _timer(recorded, "cut_periods", at, PERIODS)
    yield _timer(recorded, "bill", at, BILLS)
    yield _timer(recorded, "unused_time", at, BILLS)


def _periods(
    recorded: Recorded, days: Days, line: AgreedLine, zone: str, anchor: date, after: datetime | None = None
) -> Iterator[Timer]:
    for day in boundaries(anchor, days, line):
        at = start_of_day(day, zone)
        if after is None or at > after:
            yield _timer(recorded, "period_start", at, PERIODS)
            yield _timer(recorded, "bill", at, BILLS)


def _day_over(recorded: Recorded, together: Together) -> Timer:
    """One for all bills of a customer's day."""
    customer_id, at = together.customer_id, together.invoice_at
    return Timer(tenant_id=recorded.tenant_id, name="consolidation", subject=customer_id, fire_at=at, stage=BILLS)


def _timer(recorded: Recorded, name: str, fire_at: datetime, stage: int, subject: UUID | None = None) -> Timer:
    """Of the event's own stream, unless it is another one's."""
    subject = subject or recorded.stream_id
    return Timer(tenant_id=recorded.tenant_id, name=name, subject=subject, fire_at=fire_at, stage=stage)


# An event is of one kind at most.
_KINDS = (_of_quotes_and_terms, _of_changes, _of_bills, _of_credit, _of_collection, _of_dunning, _of_outcomes)
