"""Which due dates each event sets. Timers of one instant fire by stage: terms, then periods, then bills, then dunning."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from services.billing.domain.agreement import AgreedLine, RenewalTerms
from services.billing.domain.invoice.events import InvoiceDrafted, InvoiceIssued
from services.billing.domain.late_fee import LateFeeScheduled
from services.billing.domain.outcome import OutcomeSource
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
from services.billing.domain.usage_period import UsagePeriodOpened, UsagePeriodShortened
from services.billing.processes.due_dates import BILLS, DUNNING, PERIODS, TERMS, due
from services.billing.processes.money_schedule import of_collection, of_credit, of_dunning
from shared.event_store import Recorded
from shared.periods import Days, start_of_day
from shared.timers import Timer

REMINDER_DAYS = (90, 60, 30)


def timers_of(recorded: Recorded) -> Iterator[Timer]:
    for of_kind in _KINDS:
        yield from of_kind(recorded)


def _of_bills(recorded: Recorded) -> Iterator[Timer]:
    match recorded.event:
        case BillRequested(bill=bill):
            yield from _requested(recorded, bill)
        case LateFeeScheduled(assessed_at=assessed_at):
            yield due(recorded, "late_fee", assessed_at, TERMS)
        case LateFeeAssessed(bill_at=datetime() as bill_at):
            yield due(recorded, "bill", bill_at, BILLS)
        case InvoiceDrafted(review_until=datetime() as review_until):
            yield due(recorded, "review_over", review_until, BILLS)
        case InvoiceIssued(facts=facts):
            overdue_at = start_of_day(facts.due_on + timedelta(days=1), facts.party.zone)
            yield due(recorded, "invoice_overdue", overdue_at, DUNNING)


def _requested(recorded: Recorded, bill: Bill) -> Iterator[Timer]:
    if bill.together is not None:
        yield _day_over(recorded, bill.together)
    if bill.estimate_at is not None:
        yield due(recorded, "estimate", bill.estimate_at, BILLS)


def _of_outcomes(recorded: Recorded) -> Iterator[Timer]:
    match recorded.event:
        case UsagePeriodOpened(outcome=OutcomeSource()) | UsagePeriodShortened(outcome=OutcomeSource()):
            closes_at = recorded.event.ends_at + timedelta(seconds=recorded.event.collect_seconds)
            yield due(recorded, "outcomes_due", closes_at, PERIODS)


def _of_quotes_and_terms(recorded: Recorded) -> Iterator[Timer]:
    match recorded.event:
        case QuoteSent(valid_until=valid_until):
            yield due(recorded, "quote_expiry", valid_until, TERMS)
        case SubscriptionCreated(facts=facts, trial=Trial(ends_on=ends_on, reminded_on=reminded_on)):
            yield due(recorded, "term_start", facts.starts_at, TERMS)
            yield due(recorded, "trial_end", start_of_day(ends_on, facts.party.zone), TERMS)
            if reminded_on is not None:
                yield due(recorded, "trial_ending", start_of_day(reminded_on, facts.party.zone), TERMS)
        case SubscriptionCreated(waits_for=str()):
            yield from _until_released(recorded, recorded.event)
        case SubscriptionReleased():
            yield from _released(recorded, recorded.event)
        case SubscriptionCreated(facts=facts, term=term):
            yield from _term(recorded, term, facts.party.zone, term.starts_on)
        case TrialConverted(facts=facts, term=term, at=at):
            timers = _term(recorded, term, facts.party.zone, term.starts_on)
            yield from (timer for timer in timers if timer.fire_at > at)
            yield due(recorded, "renewed_periods", at, PERIODS)
            yield due(recorded, "bill", at, BILLS)
        case TermRenewed():
            yield from _renewed(recorded, recorded.event)


def _released(recorded: Recorded, released: SubscriptionReleased) -> Iterator[Timer]:
    term = released.term
    timers = _term(recorded, term, released.facts.party.zone, term.starts_on)
    yield from (timer for timer in timers if timer.fire_at > released.at)
    yield due(recorded, "renewed_periods", released.at, PERIODS)
    yield due(recorded, "bill", released.at, BILLS)


def _until_released(recorded: Recorded, created: SubscriptionCreated) -> Iterator[Timer]:
    facts, now, latest_start = created.facts, recorded.cause.occurred_at, created.term.line.latest_start
    if created.waits_for != "start":
        yield due(recorded, "term_end", facts.ends_at, TERMS)
    if created.waits_for == "payment":
        yield due(recorded, "bill", now, BILLS)
    if latest_start is not None:
        yield due(recorded, "latest_start", max(now, start_of_day(latest_start, facts.party.zone)), TERMS)


def _renewed(recorded: Recorded, renewed: TermRenewed) -> Iterator[Timer]:
    facts, at = renewed.facts, renewed.renewed_at
    timers = _term(recorded, renewed.term, facts.party.zone, renewed.anchor)
    yield from (timer for timer in timers if timer.fire_at > at)
    yield due(recorded, "renewed_periods", at, PERIODS)
    if renewed.mode == "auto":
        yield due(recorded, "superseded_quotes", at, TERMS)
    if facts.starts_at <= at:
        yield due(recorded, "bill", at, BILLS)


def _of_changes(recorded: Recorded) -> Iterator[Timer]:
    match recorded.event:
        case CancellationScheduled(cancellation=cancellation):
            yield due(recorded, "cancellation", cancellation.at, TERMS)
        case SubscriptionCancelled(cancellation=cancellation):
            yield from _changed(recorded, cancellation.at)
        case TransferScheduled(transfer=transfer):
            yield due(recorded, "transfer", transfer.at, TERMS)
        case SubscriptionTransferred(transfer=transfer):
            yield from _changed(recorded, transfer.at)
        case AmendmentScheduled(amendment=amendment):
            yield due(recorded, "amendments", amendment.agreed_at, TERMS)
        case SubscriptionAmended(amendment=amendment):
            yield from _changed(recorded, amendment.agreed_at)
            yield from _amended(recorded, recorded.event)
        case SubscriptionPaused(facts=facts, pause=pause):
            yield due(recorded, "pause_end", start_of_day(pause.until, facts.party.zone), TERMS)
            yield from (due(recorded, name, pause.at, BILLS) for name in ("bill", "unused_time"))
        case SubscriptionResumed(resumption=resumption):
            yield due(recorded, "bill", resumption.at, BILLS)
            yield from _extended(recorded, recorded.event)


def _term(recorded: Recorded, term: Term, zone: str, anchor: date) -> Iterator[Timer]:
    yield due(recorded, "term_start", start_of_day(term.starts_on, zone), TERMS)
    yield from _end(recorded, term.ends_on, term.line.renewal, zone)
    yield from _periods(recorded, days_of(term), term.line, zone, anchor)


def _end(recorded: Recorded, ends_on: date, renewal: RenewalTerms, zone: str) -> Iterator[Timer]:
    for days in REMINDER_DAYS:
        yield due(recorded, "term_ending", start_of_day(ends_on - timedelta(days=days), zone), TERMS)
    if renewal.auto is not None:
        deadline = start_of_day(ends_on - timedelta(days=renewal.auto.notice_days), zone)
        yield due(recorded, "notice_deadline", deadline, TERMS)
    yield due(recorded, "term_end", start_of_day(ends_on, zone), TERMS)
    window_end = ends_on + timedelta(days=renewal.grace_days + renewal.reinstatement_days)
    yield due(recorded, "window_end", start_of_day(window_end, zone), TERMS)


def _extended(recorded: Recorded, resumed: SubscriptionResumed) -> Iterator[Timer]:
    """What the later end brings; a quote for what follows says the old one."""
    resumption, facts, extension = resumed.resumption, resumed.facts, resumed.resumption.extension
    if extension is None:
        return
    zone = facts.party.zone
    yield due(recorded, "outdated_quotes", resumption.at, TERMS)
    yield due(recorded, "cut_periods", resumption.at, PERIODS)
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
    yield due(recorded, "outdated_quotes", at, TERMS)
    yield due(recorded, "cut_periods", at, PERIODS)
    yield due(recorded, "bill", at, BILLS)
    yield due(recorded, "unused_time", at, BILLS)


def _periods(
    recorded: Recorded, days: Days, line: AgreedLine, zone: str, anchor: date, after: datetime | None = None
) -> Iterator[Timer]:
    for day in boundaries(anchor, days, line):
        at = start_of_day(day, zone)
        if after is None or at > after:
            yield due(recorded, "period_start", at, PERIODS)
            yield due(recorded, "bill", at, BILLS)


def _day_over(recorded: Recorded, together: Together) -> Timer:
    """One for all bills of a customer's day."""
    customer_id, at = together.customer_id, together.invoice_at
    return Timer(tenant_id=recorded.tenant_id, name="consolidation", subject=customer_id, fire_at=at, stage=BILLS)


# An event is of one kind at most.
_KINDS = (_of_quotes_and_terms, _of_changes, _of_bills, of_credit, of_collection, of_dunning, _of_outcomes)
