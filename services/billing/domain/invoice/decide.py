"""What an invoice answers to a command. See the state table in the README of the service."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from services.billing.domain.invoice.commands import (
    CreditInvoice,
    DiscardInvoice,
    DraftInvoice,
    InvoiceCommand,
    IssueInvoice,
    MarkOverdue,
    NoteCorrection,
    RecalculateInvoice,
    RecordPayment,
    VoidInvoice,
)
from services.billing.domain.invoice.events import (
    CorrectionNoted,
    CreditNoteIssued,
    Facts,
    InvoiceDiscarded,
    InvoiceDrafted,
    InvoiceEvent,
    InvoiceIssued,
    InvoiceOverdue,
    InvoicePaid,
    InvoiceRecalculated,
    InvoiceVoided,
    PaymentAllocated,
    Totals,
)
from services.billing.domain.invoice.line import InvoiceLine
from services.billing.domain.invoice.state import Invoice, InvoiceNotFound, Overpayment
from services.billing.domain.invoicing.totals import invoice_totals
from shared.decider import NotAllowedNow


def decide(invoice: Invoice | None, command: InvoiceCommand) -> list[InvoiceEvent]:
    match invoice, command:
        case None, DraftInvoice(header=header, lines=lines, review_until=review_until):
            totals = totals_of(lines, header.party.currency)
            return [InvoiceDrafted(header=header, lines=lines, totals=totals, review_until=review_until)]
        case Invoice(), DraftInvoice():
            return []
        case None, _:
            raise InvoiceNotFound("no such invoice")
        case Invoice(status="draft"), RecalculateInvoice():
            return _recalculate(invoice, command)
        case Invoice(status="draft"), IssueInvoice():
            return _issue(invoice, command)
        case Invoice(facts=Facts()), IssueInvoice():
            return []  # already done: repeating a command is harmless
        case Invoice(), RecordPayment(payment_id=payment_id) if payment_id in invoice.payments:
            return []
        case Invoice(status="issued"), RecordPayment():
            return _record_payment(invoice, command)
        case Invoice(status="issued", overdue=False), MarkOverdue(on=on) if on > invoice.issued.due_on:
            return [InvoiceOverdue(facts=invoice.issued, open=invoice.open)]
        case Invoice(), MarkOverdue():
            return []
        case Invoice(status="issued", paid=paid), VoidInvoice(reason=reason) if not paid.minor:
            return [InvoiceVoided(facts=invoice.issued, reason=reason)]
        case Invoice(status="issued" | "paid"), CreditInvoice():
            return [_credited(invoice, command)]
        case Invoice(status="draft"), DiscardInvoice(reason=reason):
            return [InvoiceDiscarded(reason=reason)]
        case Invoice(), NoteCorrection(correction_id=id_) if id_ in invoice.corrections or invoice.facts is None:
            return []
        case Invoice(), NoteCorrection():
            return [_corrected(invoice, command)]
        case _:
            raise NotAllowedNow(command, invoice)


def totals_of(lines: Sequence[InvoiceLine], currency: str) -> Totals:
    totals = invoice_totals(lines, currency)
    return Totals(subtotal=totals.subtotal, taxes=totals.taxes, tax=totals.tax, total=totals.total)


def _recalculate(invoice: Invoice, command: RecalculateInvoice) -> list[InvoiceEvent]:
    if command.lines == invoice.lines:
        return []
    totals = totals_of(command.lines, invoice.header.party.currency)
    before = invoice.totals.total
    return [InvoiceRecalculated(lines=command.lines, totals=totals, before=before, cause=command.cause)]


def _issue(invoice: Invoice, command: IssueInvoice) -> list[InvoiceEvent]:
    header, number = invoice.header, command.number
    facts = Facts(
        invoice_id=header.invoice_id,
        number=number.text,
        subscription_id=header.subscription_id,
        party=header.party,
        issued_on=header.bill.billing_on,
        due_on=header.bill.billing_on + timedelta(days=header.net_days),
        total=invoice.totals.total,
    )
    issued = InvoiceIssued(
        facts=facts, legal_entity=number.legal_entity, series=number.series, sequence=number.sequence
    )
    return [issued] if invoice.totals.total.minor else [issued, InvoicePaid(facts=facts, paid_at=header.bill.billed_at)]


def _record_payment(invoice: Invoice, command: RecordPayment) -> list[InvoiceEvent]:
    if not command.amount <= invoice.open:
        raise Overpayment(f"{command.amount} is more than the open {invoice.open}", field="/amount_minor")
    left = invoice.open - command.amount
    allocated = PaymentAllocated(
        facts=invoice.issued,
        payment_id=command.payment_id,
        amount=command.amount,
        open=left,
        reference=command.reference,
        received_at=command.received_at,
    )
    return [allocated] if left.minor else [allocated, InvoicePaid(facts=invoice.issued, paid_at=command.received_at)]


def _credited(invoice: Invoice, command: CreditInvoice) -> CreditNoteIssued:
    number = command.number
    return CreditNoteIssued(
        facts=invoice.issued,
        credit_note_number=number.text,
        legal_entity=number.legal_entity,
        series=number.series,
        sequence=number.sequence,
        issued_on=command.on,
        amount=invoice.totals.total,
        tax=invoice.totals.tax,
        refundable=invoice.paid,
        reason=command.reason,
    )


def _corrected(invoice: Invoice, command: NoteCorrection) -> CorrectionNoted:
    return CorrectionNoted(
        facts=invoice.issued,
        correction_id=command.correction_id,
        period_id=command.period_id,
        charge=command.charge,
        revision=command.revision,
        cause=command.cause,
        delta=command.delta,
    )
