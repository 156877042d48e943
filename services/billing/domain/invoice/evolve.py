"""How each fact changes an invoice."""

from __future__ import annotations

from dataclasses import replace

from services.billing.domain.invoice.events import (
    CorrectionNoted,
    CreditNoteIssued,
    InvoiceDiscarded,
    InvoiceDrafted,
    InvoiceEvent,
    InvoiceIssued,
    InvoiceOverdue,
    InvoicePaid,
    InvoiceRecalculated,
    InvoiceVoided,
    PaymentAllocated,
)
from services.billing.domain.invoice.state import Invoice
from shared.decider import CorruptStream
from shared.money import Money


def evolve(invoice: Invoice | None, event: InvoiceEvent) -> Invoice:
    match invoice, event:
        case None, InvoiceDrafted(header=header, lines=lines, totals=totals):
            nothing = Money.zero(totals.total.currency)
            return Invoice(status="draft", header=header, lines=lines, totals=totals, paid=nothing)
        case Invoice(), InvoiceRecalculated(lines=lines, totals=totals):
            return replace(invoice, lines=lines, totals=totals)
        case Invoice(), InvoiceIssued(facts=facts):
            return replace(invoice, status="issued", facts=facts)
        case Invoice(), PaymentAllocated(payment_id=payment_id, amount=amount):
            return replace(invoice, paid=invoice.paid + amount, payments=(*invoice.payments, payment_id))
        case Invoice(), InvoicePaid():
            return replace(invoice, status="paid")
        case Invoice(), InvoiceOverdue():
            return replace(invoice, overdue=True)
        case Invoice(), InvoiceVoided():
            return replace(invoice, status="voided")
        case Invoice(), CreditNoteIssued():
            return replace(invoice, status="credited")
        case Invoice(), InvoiceDiscarded():
            return replace(invoice, status="discarded")
        case Invoice(), CorrectionNoted(correction_id=correction_id):
            return replace(invoice, corrections=(*invoice.corrections, correction_id))
        case _:
            raise CorruptStream(invoice, event)
