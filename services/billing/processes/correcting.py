"""From usage that was revised after it was billed to documents: a draft is changed; an issued invoice is answered with a
correction invoice, with credit notes, or with lines on the next invoice, as the policy of its plan says."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID, uuid5

from services.billing.domain.correction import (
    Carried,
    Correction,
    CorrectionDocument,
    Share,
    allocate,
    difference,
)
from services.billing.domain.invoice import INVOICE
from services.billing.domain.invoice.commands import (
    AnswerCorrection,
    CreditCorrection,
    DraftInvoice,
    IssueInvoice,
    NoteCorrection,
    Number,
    RecalculateInvoice,
)
from services.billing.domain.invoice.compose import compose
from services.billing.domain.invoice.events import Header, NotedStatus
from services.billing.domain.invoice.state import Invoice
from services.billing.domain.invoice_line import InvoiceLine
from services.billing.domain.late_usage import Treatment, policy_text, treatment
from services.billing.domain.subscription import SUBSCRIPTION
from services.billing.domain.subscription.billing import is_billed_after
from services.billing.domain.subscription.commands import DeferCorrection
from services.billing.domain.subscription.events import Bill, DeferredCorrection, UsageItem
from services.billing.domain.subscription.state import Subscription
from services.billing.domain.usage_period import UsagePeriod
from shared.orders import Order

Usage = Mapping[UUID, UsagePeriod]
NOTED: dict[Treatment, NotedStatus] = {"correct": "open", "next_invoice": "deferred", "ignore": "ignored"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What documents are written with: invoices as they stand, the numbers that come next, and the instant at which what
    is answered took effect. A number is asked for last, because that locks its counter."""

    invoice: Callable[[UUID], Invoice]
    legal_entity: str
    next_number: Callable[[], Number]
    next_credit_note: Callable[[], Number]
    at: datetime


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


def revisions_of(bill: Bill, usage: Usage) -> dict[UUID, int]:
    return {item.period_id: usage[item.period_id].revision for item in bill.usage}


def with_corrections(
    subscription: Subscription, bill: Bill, usage: Usage
) -> tuple[tuple[InvoiceLine, ...], tuple[DeferredCorrection, ...]]:
    """The lines of a draft, and the corrections that it cannot take: nobody is sent an invoice below zero."""
    lines, currency = compose(subscription, bill, usage), subscription.currency
    if Carried.of(lines, currency).totals(currency).total.minor >= 0:
        return lines, ()
    left_out = tuple(c for c in bill.corrections if c.carried.totals(currency).total.minor < 0)
    kept = tuple(correction for correction in bill.corrections if correction not in left_out)
    return compose(subscription, replace(bill, corrections=kept), usage), left_out


def taken_over(bill: Bill, lines: tuple[InvoiceLine, ...]) -> Bill:
    """The bill with those corrections only that the lines made of it have."""
    on_lines = {line.corrects.correction_id for line in lines if line.corrects}
    taken = tuple(c for c in bill.corrections if c.correction.correction_id in on_lines)
    return replace(bill, corrections=taken)


def _recalculate(
    subscription: Subscription, version: int, draft: Invoice, usage: Usage, cause: str, desk: Desk
) -> Iterator[Order]:
    bill = taken_over(draft.header.bill, draft.lines)
    lines, left_out = with_corrections(subscription, bill, usage)
    command = RecalculateInvoice(lines=lines, cause=cause, revisions=revisions_of(bill, usage))
    yield Order(INVOICE, bill.invoice_id, command)
    for deferred in left_out:
        yield from settle(subscription, version, deferred.correction, deferred.carried, desk)


def _correct(
    subscription: Subscription, version: int, invoice: Invoice, usage: Usage, revised: Revised, desk: Desk
) -> Iterator[Order]:
    facts, bill, line = invoice.issued, invoice.header.bill, subscription.term(revised.item.term_number).line
    correction = Correction(
        correction_id=revised.correction_id,
        invoice_id=facts.invoice_id,
        invoice=facts.number,
        period_id=revised.item.period_id,
        revision=revised.revision,
        cause=revised.cause,
    )
    lines = compose(subscription, taken_over(bill, invoice.lines), usage)
    found = difference(Carried.of(lines, subscription.currency), invoice.carried(), invoice.lines, correction)
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
            yield from settle(subscription, version, correction, found, desk)


def settle(
    subscription: Subscription, version: int, correction: Correction, found: Carried, desk: Desk
) -> Iterator[Order]:
    """An invoice of its own for more, credit notes for less, and nothing where no amount changes."""
    total = found.totals(subscription.currency).total
    if found.is_nothing(subscription.currency):
        answer = AnswerCorrection(correction_id=correction.correction_id, answer="unchanged")
        yield Order(INVOICE, correction.invoice_id, answer)
    elif total.minor >= 0:
        yield from _bill(subscription, version, correction, found, desk)
    else:
        yield from _credit(subscription, correction, found, desk)


def _bill(
    subscription: Subscription, version: int, correction: Correction, more: Carried, desk: Desk
) -> Iterator[Order]:
    """Issued at once, and due like any other of the term."""
    id_ = uuid5(correction.correction_id, "invoice")
    bill = Bill(invoice_id=id_, billing_on=subscription.day(desk.at), billed_at=desk.at, flat=(), usage=(), fees=())
    header = Header(
        invoice_id=id_,
        subscription_id=subscription.subscription_id,
        subscription_version=version,
        party=subscription.party,
        legal_entity=desk.legal_entity,
        net_days=subscription.term(more.lines[0].term_number).line.net_days,
        bill=bill,
        corrects=correction,
    )
    yield Order(INVOICE, id_, DraftInvoice(header=header, lines=more.lines, review_until=None, taxes=more.taxes))
    number = desk.next_number()
    yield Order(INVOICE, id_, IssueInvoice(number=number))
    document = CorrectionDocument(kind="invoice", invoice_id=id_, number=number.text, carried=more)
    command = AnswerCorrection(correction_id=correction.correction_id, answer="billed", documents=(document,))
    yield Order(INVOICE, correction.invoice_id, command)


def _credit(subscription: Subscription, correction: Correction, less: Carried, desk: Desk) -> Iterator[Order]:
    invoice, family = desk.invoice(correction.invoice_id), correction.invoice_id
    shares = [Share(id_, carried, desk.invoice(id_).left) for id_, carried in invoice.shares().items()]
    documents = []
    for id_, part in allocate(less, shares, family, subscription.currency):
        number = desk.next_credit_note()
        day, taken_back = subscription.day(desk.at), -part
        command = CreditCorrection(number=number, on=day, at=desk.at, corrects=correction, carried=taken_back)
        yield Order(INVOICE, id_, command)
        documents.append(CorrectionDocument(kind="credit_note", invoice_id=id_, number=number.text, carried=part))
    answer = AnswerCorrection(
        correction_id=correction.correction_id,
        answer="credited" if documents else "unchanged",
        documents=tuple(documents),
    )
    yield Order(INVOICE, family, answer)


def on_issued(invoice: Invoice, number: Number) -> Iterator[Order]:
    """The lines that corrected earlier invoices are their answer."""
    for deferred in taken_over(invoice.header.bill, invoice.lines).corrections:
        document = CorrectionDocument(
            kind="line", invoice_id=invoice.header.invoice_id, number=number.text, carried=deferred.carried
        )
        id_, family = deferred.correction.correction_id, deferred.correction.invoice_id
        more = deferred.carried.totals(invoice.totals.total.currency).total.minor >= 0
        command = AnswerCorrection(correction_id=id_, answer="billed" if more else "credited", documents=(document,))
        yield Order(INVOICE, family, command)
