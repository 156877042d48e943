"""How each fact changes an invoice."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from services.billing.domain.applied_credit import with_restored
from services.billing.domain.invoice.edit_events import InvoiceLineAdded, InvoiceLineAdjusted, InvoiceLineRemoved
from services.billing.domain.invoice.events import (
    CorrectionAnswered,
    CorrectionNoted,
    CreditNoteIssued,
    InvoiceDiscarded,
    InvoiceDrafted,
    InvoiceEvent,
    InvoiceHeld,
    InvoiceIssued,
    InvoiceOverdue,
    InvoicePaid,
    InvoiceRecalculated,
    InvoiceRecovered,
    InvoiceReleased,
    InvoiceVoided,
    InvoiceWrittenOff,
    PaymentAllocated,
    PaymentReturned,
)
from services.billing.domain.invoice.state import Invoice
from shared.decider import CorruptStream
from shared.money import Money


def evolve(invoice: Invoice | None, event: InvoiceEvent) -> Invoice:
    match invoice, event:
        case None, InvoiceDrafted():
            return _drafted(event)
        case Invoice(), InvoiceRecalculated() | InvoiceLineAdded() | InvoiceLineRemoved() | InvoiceLineAdjusted():
            return _changed(replace(invoice, lines=event.lines, totals=event.totals), event)
        case Invoice(), InvoiceHeld():
            return replace(invoice, held=True)
        case Invoice(), InvoiceReleased(on=on):
            return replace(invoice, held=False, released=True, released_on=on)
        case Invoice(), InvoiceIssued(facts=facts, credit=credit):
            return replace(invoice, status="issued", facts=facts, credit=credit)
        case Invoice(), InvoiceDiscarded():
            return replace(invoice, status="discarded")
        case Invoice(), _:
            return _since_issued(invoice, event)
        case _:
            raise CorruptStream(invoice, event)


def _since_issued(invoice: Invoice, event: InvoiceEvent) -> Invoice:
    match event:
        case PaymentAllocated():
            return _standing(_paid(invoice, event))
        case PaymentReturned():
            return _returned(invoice, event)
        case InvoicePaid():
            return replace(invoice, status="paid")
        case InvoiceOverdue():
            return replace(invoice, overdue=True)
        case InvoiceVoided():
            return replace(invoice, status="voided", restored={each.wallet_id: each.amount for each in invoice.credit})
        case InvoiceWrittenOff(written_off=written_off):
            return replace(invoice, status="written_off", written_off=written_off)
        case InvoiceRecovered(written_off=written_off):
            return replace(invoice, written_off=written_off)
        case CreditNoteIssued():
            return _standing(_credited(invoice, event))
        case CorrectionNoted():
            return _noted(invoice, event)
        case CorrectionAnswered():
            return _answered(invoice, event)
        case _:
            raise CorruptStream(invoice, event)


def _drafted(event: InvoiceDrafted) -> Invoice:
    nothing = Money.zero(event.totals.total.currency)
    return Invoice(
        status="draft",
        header=event.header,
        lines=event.lines,
        totals=event.totals,
        paid=nothing,
        credited=nothing,
        credited_tax=nothing,
        refundable=nothing,
        written_off=nothing,
        revisions=_revisions(event),
        edits=event.items,
    )


def _changed(
    invoice: Invoice, event: InvoiceRecalculated | InvoiceLineAdded | InvoiceLineRemoved | InvoiceLineAdjusted
) -> Invoice:
    match event:
        case InvoiceRecalculated():
            return replace(invoice, revisions=_revisions(event))
        case _:
            return replace(invoice, edits=(*invoice.edits, event.made))


def _revisions(event: InvoiceDrafted | InvoiceRecalculated) -> dict[UUID, int]:
    """Earlier events do not name them, but each line of usage does."""
    return event.revisions or {line.proof.period_id: line.proof.revision for line in event.lines if line.proof}


def _standing(invoice: Invoice) -> Invoice:
    """Where nothing is open, and something was written off, that is what is left of it."""
    is_lost = invoice.status == "issued" and invoice.written_off.minor and not invoice.open.minor
    return replace(invoice, status="written_off") if is_lost else invoice


def _credited(invoice: Invoice, event: CreditNoteIssued) -> Invoice:
    return replace(
        invoice,
        status="credited" if event.is_last else invoice.status,
        facts=event.facts,
        credited=invoice.credited + event.amount,
        credited_tax=invoice.credited_tax + event.tax,
        refundable=invoice.refundable + event.refundable,
        written_off=invoice.written_off - event.forgiven if event.forgiven else invoice.written_off,
        restored=with_restored(invoice.restored, event.restored),
        unused=invoice.unused if event.subscription_version is None else (*invoice.unused, event.carried),
        given=(*invoice.given, event.carried) if event.is_given else invoice.given,
    )


def _paid(invoice: Invoice, event: PaymentAllocated) -> Invoice:
    id_ = event.allocation_id or event.payment_id
    return replace(invoice, paid=invoice.paid + event.amount, payments=(*invoice.payments, id_))


def _returned(invoice: Invoice, event: PaymentReturned) -> Invoice:
    return replace(
        invoice,
        status="issued" if event.reopened.minor else invoice.status,
        paid=invoice.paid - event.amount,
        refundable=invoice.refundable - event.refundable,
        returns=(*invoice.returns, event.return_id),
    )


def _noted(invoice: Invoice, event: CorrectionNoted) -> Invoice:
    id_, heard = event.correction_id, {event.period_id: event.revision}
    is_rated, waits = event.status != "ignored", event.status == "deferred"
    return replace(
        invoice,
        corrections=(*invoice.corrections, id_),
        heard=invoice.heard | heard,
        revisions=invoice.revisions | heard if is_rated else invoice.revisions,
        deferred=invoice.deferred | {id_: event.difference} if waits else invoice.deferred,
        unanswered=(*invoice.unanswered, id_) if is_rated else invoice.unanswered,
    )


def _answered(invoice: Invoice, event: CorrectionAnswered) -> Invoice:
    ids = event.correction_ids
    deferred = {id_: carried for id_, carried in invoice.deferred.items() if id_ not in ids}
    unanswered = tuple(id_ for id_ in invoice.unanswered if id_ not in ids)
    all_documents = (*invoice.documents, *event.documents)
    return replace(invoice, documents=all_documents, deferred=deferred, unanswered=unanswered)
