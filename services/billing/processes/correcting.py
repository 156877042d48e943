"""From usage that was revised after it was billed to documents: a draft is changed; an issued invoice is answered with a
correction invoice, with credit notes, or with lines on the next invoice, as the policy of its plan says."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from services.billing.domain.correction import Carried, Correction, difference
from services.billing.domain.invoice import INVOICE
from services.billing.domain.invoice.commands import NoteCorrection, RecalculateInvoice
from services.billing.domain.invoice.compose import compose
from services.billing.domain.invoice.events import NotedStatus
from services.billing.domain.invoice.line_edits import edited
from services.billing.domain.invoice.state import Invoice
from services.billing.domain.late_usage import Treatment, policy_text, treatment
from services.billing.domain.subscription import SUBSCRIPTION
from services.billing.domain.subscription.billing import is_billed_after
from services.billing.domain.subscription.commands import DeferCorrection
from services.billing.domain.subscription.events import DeferredCorrection, UsageItem
from services.billing.domain.subscription.state import Subscription
from services.billing.domain.usage_period import UsagePeriod, at_revision
from services.billing.processes.correction_documents import (
    Usage,
    revisions_of,
    settle,
    settle_left_out,
    taken_over,
    with_corrections,
)
from services.billing.processes.writing import Desk
from shared.orders import Order

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
    invoice: Invoice, revised: UUID, state: Callable[[UUID], UsagePeriod], history: Callable[[UUID], Sequence[Any]]
) -> Usage:
    """The revised period as it is now, and the others of the invoice without revisions that were ignored."""
    usage = {item.period_id: state(item.period_id) for item in invoice.header.bill.usage}
    for id_, period in usage.items():
        wanted = invoice.revision(id_)
        if invoice.facts is not None and id_ != revised and period.revision != wanted:
            usage[id_] = at_revision(history(id_), wanted)
    return usage


def _recalculate(
    subscription: Subscription, version: int, draft: Invoice, usage: Usage, cause: str, desk: Desk
) -> Iterator[Order]:
    bill = taken_over(draft.header.bill, draft.lines)
    lines, left_out = with_corrections(subscription, bill, usage, draft.edits)
    command = RecalculateInvoice(lines=lines, cause=cause, revisions=revisions_of(bill, usage))
    yield Order(INVOICE, bill.invoice_id, command)
    yield from settle_left_out(subscription, version, left_out, desk)


def _correct(
    subscription: Subscription, version: int, invoice: Invoice, usage: Usage, revised: Revised, desk: Desk
) -> Iterator[Order]:
    facts, bill = invoice.issued, invoice.header.bill
    line = subscription.line(revised.item.term_number, revised.item.amendment)
    correction = Correction(
        correction_id=revised.correction_id,
        invoice_id=facts.invoice_id,
        invoice=facts.number,
        period_id=revised.item.period_id,
        revision=revised.revision,
        cause=revised.cause,
    )
    lines = compose(subscription, taken_over(bill, invoice.lines), usage)
    lines = edited(lines, invoice.edits, bill, subscription.currency)
    after = Carried.of(lines, subscription.currency, bill.rounding)
    found = difference(after, invoice.carried(), invoice.lines, correction)
    day, again = subscription.day(desk.at), is_billed_after(subscription, desk.at)
    status = NOTED[treatment(line.late_usage, line.late_usage_days, facts.issued_on, day, is_billed_after=again)]
    if status == "deferred" and found.is_nothing(subscription.currency):
        status = "open"  # answered at once: nothing has to wait
    note = NoteCorrection(
        correction=correction,
        charge=revised.item.charge,
        status=status,
        policy=policy_text(line.late_usage, line.late_usage_days),
        difference=found,
        revisions=revisions_of(bill, usage),
        event_ids=revised.event_ids,
    )
    yield Order(INVOICE, facts.invoice_id, note)
    match status:
        case "deferred":
            deferred = DeferredCorrection(correction=correction, carried=found, deferred_at=desk.at)
            yield Order(SUBSCRIPTION, subscription.subscription_id, DeferCorrection(correction=deferred))
        case "open":
            yield from settle(subscription, version, (correction,), found, desk)
