"""From usage that was revised after it was billed to documents: a draft is changed; an issued invoice is answered with a
correction invoice, with credit notes, or with lines on the next invoice, as the policy of its plan says."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from services.billing.domain.agreement import AgreedLine
from services.billing.domain.correction import Carried, Correction, difference
from services.billing.domain.coupon import CappedCoupon
from services.billing.domain.given_back import rated_less_given
from services.billing.domain.invoice import INVOICE
from services.billing.domain.invoice.commands import NoteCorrection, RecalculateInvoice
from services.billing.domain.invoice.events import NotedStatus
from services.billing.domain.invoice.state import Invoice
from services.billing.domain.invoice.together import rated_again
from services.billing.domain.late_usage import Treatment, policy_text, treatment
from services.billing.domain.subscription import SUBSCRIPTION
from services.billing.domain.subscription.bill_parts import DeferredCorrection
from services.billing.domain.subscription.billing import is_billed_after
from services.billing.domain.subscription.commands import DeferCorrection
from services.billing.domain.subscription.events import UsageItem
from services.billing.domain.subscription.state import Subscription
from services.billing.domain.usage_period import UsagePeriod, at_revision
from services.billing.processes.correction_documents import (
    Usage,
    rated,
    revisions_of,
    settle,
    settle_left_out,
    taken_over,
    with_corrections,
)
from services.billing.processes.writing import Contracts, Desk
from shared.orders import Order

# Why an invoice is corrected whose period was not closed when it was made.
ESTIMATED = "estimated"
NOTED: dict[Treatment, NotedStatus] = {"correct": "open", "next_invoice": "deferred", "ignore": "ignored"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Revised:
    """A revision as usage told it; `correction_id` is derived from its message."""

    correction_id: UUID
    item: UsageItem
    revision: int
    cause: str
    event_ids: tuple[str, ...]


def on_period_revised(
    subscription: Subscription, version: int, invoice: Invoice, usage: Usage, revised: Revised, desk: Desk
) -> Iterator[Order]:
    """`usage` has every period of the invoice at the revision that it is to be rated with now. What was discarded stays so."""
    if invoice.status == "draft":
        yield from _recalculate(subscription, version, invoice, usage, revised.cause, desk)
    elif invoice.facts is not None and not invoice.has_heard(revised.item.period_id, revised.revision):
        yield from _correct(subscription, version, invoice, usage, revised, desk)


def rated_with(
    invoice: Invoice,
    revised: UUID | None,
    state: Callable[[UUID], UsagePeriod],
    history: Callable[[UUID], Sequence[Any]],
) -> Usage:
    """The revised period, if there is one, as it is now, and the others of the invoice without revisions that were ignored."""
    usage = {item.period_id: state(item.period_id) for item in invoice.header.metered}
    own = () if invoice.facts is not None else {item.period_id for item in invoice.header.usage}
    for id_, period in usage.items():
        wanted = invoice.revision(id_)
        if id_ not in own and id_ != revised and period.revision != wanted:
            usage[id_] = at_revision(history(id_), wanted)
    return usage


def _recalculate(
    subscription: Subscription, version: int, draft: Invoice, usage: Usage, cause: str, desk: Desk
) -> Iterator[Order]:
    header, contract = draft.header, desk.beside(subscription, version)
    parts = taken_over(header, draft.lines)
    lines, left_out = with_corrections(header, parts, contract, usage, draft.edits)
    command = RecalculateInvoice(lines=lines, cause=cause, revisions=revisions_of(header, usage))
    yield Order(INVOICE, header.invoice_id, command)
    yield from settle_left_out(left_out, contract, desk)


def _correct(
    subscription: Subscription, version: int, invoice: Invoice, usage: Usage, revised: Revised, desk: Desk
) -> Iterator[Order]:
    item, correction = revised.item, _correction(invoice, revised)
    line = subscription.line(item.term_number, item.amendment)
    found = _changed(invoice, desk.beside(subscription, version), usage, correction)
    status = _status(subscription, line, invoice, found, revised.cause, desk.at)
    note = NoteCorrection(
        correction=correction,
        charge=revised.item.charge,
        status=status,
        policy=policy_text(line.late_usage, line.late_usage_days),
        difference=found,
        revisions=revisions_of(invoice.header, usage),
        event_ids=revised.event_ids,
        capped=_capped(subscription, invoice),
    )
    yield Order(INVOICE, correction.invoice_id, note)
    match status:
        case "deferred":
            deferred = DeferredCorrection(correction=correction, carried=found, deferred_at=desk.at)
            yield Order(SUBSCRIPTION, subscription.subscription_id, DeferCorrection(correction=deferred))
        case "open":
            yield from settle(subscription, version, (correction,), found, desk)


def _capped(subscription: Subscription, invoice: Invoice) -> tuple[CappedCoupon, ...]:
    bills = {part.bill.invoice_id for part in invoice.header.bills}
    return tuple(cap for cap in subscription.capped if cap.bill_id in bills)


def _correction(invoice: Invoice, revised: Revised) -> Correction:
    return Correction(
        correction_id=revised.correction_id,
        invoice_id=invoice.issued.invoice_id,
        invoice=invoice.issued.number,
        period_id=revised.item.period_id,
        revision=revised.revision,
        cause=revised.cause,
    )


def _status(
    subscription: Subscription, line: AgreedLine, invoice: Invoice, found: Carried, cause: str, at: datetime
) -> NotedStatus:
    """What would wait for the next invoice and changes nothing is answered at once; an estimate is settled however late its
    period closes."""
    day, again = subscription.day(at), is_billed_after(subscription, at)
    treated = treatment(line.late_usage, line.late_usage_days, invoice.issued.issued_on, day, is_billed_after=again)
    status = NOTED["correct" if treated == "ignore" and cause == ESTIMATED else treated]
    return "open" if status == "deferred" and found.is_nothing(subscription.currency) else status


def _changed(invoice: Invoice, contract: Contracts, usage: Usage, correction: Correction) -> Carried:
    """What all documents together should carry more, or less."""
    header, before = invoice.header, invoice.carried()
    lines = rated(header, taken_over(header, invoice.lines), contract, usage, invoice.edits, is_whole=True)
    lines = rated_less_given(lines, before, invoice.given, header.invoice_id)
    lines = rated_again(header, lines, before.lines, correction.period_id)
    after = Carried.of(lines, header.party.currency, header.bill.rounding)
    return difference(after, before, invoice.lines, correction)
