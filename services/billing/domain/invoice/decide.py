"""What an invoice answers to a command. See the state table in the README of the service."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from services.billing.domain.correction import Carried
from services.billing.domain.invoice import correcting, paying
from services.billing.domain.invoice.commands import (
    AnswerCorrection,
    CreditCorrection,
    CreditInvoice,
    CreditUnused,
    DiscardInvoice,
    DraftInvoice,
    InvoiceCommand,
    IssueInvoice,
    MarkOverdue,
    NoteCorrection,
    RecalculateInvoice,
    RecordPayment,
    ReleaseInvoice,
    ReturnPayment,
    VoidInvoice,
    WriteOffInvoice,
)
from services.billing.domain.invoice.events import (
    Facts,
    InvoiceDiscarded,
    InvoiceDrafted,
    InvoiceEvent,
    InvoiceHeld,
    InvoiceIssued,
    InvoiceOverdue,
    InvoicePaid,
    InvoiceRecalculated,
    InvoiceReleased,
    InvoiceVoided,
    InvoiceWrittenOff,
    Totals,
)
from services.billing.domain.invoice.state import Invoice, InvoiceNotFound, NotHeld, NothingOpen
from services.billing.domain.invoice_line import InvoiceLine
from services.billing.domain.invoicing.totals import invoice_totals
from shared.decider import NotAllowedNow
from shared.money import Money


def decide(invoice: Invoice | None, command: InvoiceCommand) -> list[InvoiceEvent]:
    match invoice, command:
        case None, DraftInvoice():
            return [_drafted(command)]
        case Invoice(), DraftInvoice():
            return []
        case None, _:
            raise InvoiceNotFound("no such invoice")
        case Invoice(status="draft"), RecalculateInvoice():
            return _recalculate(invoice, command)
        case Invoice(status="draft"), IssueInvoice(bound=Money() as bound) if is_above(invoice, bound):
            return [] if invoice.held else [InvoiceHeld(total=invoice.totals.total, bound=bound)]
        case Invoice(status="draft"), IssueInvoice():
            return _issue(invoice, command)
        case Invoice(status="draft"), ReleaseInvoice():
            return [_released(invoice, command)]
        case Invoice(facts=Facts()), IssueInvoice():
            return []  # already done: repeating a command is harmless
        case Invoice(), RecordPayment() | ReturnPayment():
            return paying.decide(invoice, command)
        case Invoice(status="issued", overdue=False), MarkOverdue(on=on) if on > invoice.issued.due_on:
            return [InvoiceOverdue(facts=invoice.issued, open=invoice.open)]
        case Invoice(), MarkOverdue():
            return []
        case Invoice(status="issued"), VoidInvoice(reason=reason) if invoice.open == invoice.totals.total:
            return [InvoiceVoided(facts=invoice.issued, reason=reason)]
        case Invoice(status="issued" | "written_off"), WriteOffInvoice():
            return _write_off(invoice, command)
        case Invoice(), CreditInvoice() | CreditCorrection() | CreditUnused() | NoteCorrection() | AnswerCorrection():
            return correcting.decide(invoice, command)
        case Invoice(status="draft"), DiscardInvoice(reason=reason):
            return [InvoiceDiscarded(reason=reason)]
        case _:
            raise NotAllowedNow(command, invoice)


def totals_of(lines: Sequence[InvoiceLine], currency: str) -> Totals:
    totals = invoice_totals(lines, currency)
    return Totals(subtotal=totals.subtotal, taxes=totals.taxes, tax=totals.tax, total=totals.total)


def _drafted(command: DraftInvoice) -> InvoiceDrafted:
    currency = command.header.party.currency
    totals = totals_of(command.lines, currency)
    if command.taxes is not None:
        given = Carried(lines=command.lines, taxes=command.taxes).totals(currency)
        totals = Totals(subtotal=given.subtotal, taxes=given.taxes, tax=given.tax, total=given.total)
    return InvoiceDrafted(
        header=command.header,
        lines=command.lines,
        totals=totals,
        review_until=command.review_until,
        revisions=command.revisions,
    )


def _write_off(invoice: Invoice, command: WriteOffInvoice) -> list[InvoiceEvent]:
    """What is open; where all of it was written off before, nothing happens."""
    if invoice.status == "written_off":
        return []
    if invoice.open.minor <= 0:
        raise NothingOpen("nothing is owed on the invoice")
    return [
        InvoiceWrittenOff(
            facts=invoice.issued,
            amount=invoice.open,
            written_off=invoice.written_off + invoice.open,
            reason=command.reason,
            on=command.on,
        )
    ]


def is_above(invoice: Invoice, bound: Money) -> bool:
    """Unless somebody has looked at it."""
    return not (invoice.released or invoice.totals.total <= bound)


def _released(invoice: Invoice, command: ReleaseInvoice) -> InvoiceReleased:
    if not invoice.held:
        raise NotHeld("the invoice is not held")
    return InvoiceReleased(total=invoice.totals.total, reason=command.reason, on=command.on)


def _recalculate(invoice: Invoice, command: RecalculateInvoice) -> list[InvoiceEvent]:
    if command.lines == invoice.lines and command.revisions == invoice.revisions:
        return []
    return [
        InvoiceRecalculated(
            lines=command.lines,
            totals=totals_of(command.lines, invoice.header.party.currency),
            before=invoice.totals.total,
            cause=command.cause,
            revisions=command.revisions,
        )
    ]


def _issue(invoice: Invoice, command: IssueInvoice) -> list[InvoiceEvent]:
    header, number = invoice.header, command.number
    asked_on = max(header.bill.billing_on, invoice.released_on or header.bill.billing_on)
    facts = Facts(
        invoice_id=header.invoice_id,
        number=number.text,
        subscription_id=header.subscription_id,
        party=header.party,
        issued_on=header.bill.billing_on,
        due_on=asked_on + timedelta(days=header.net_days),
        total=invoice.totals.total,
        kind="correction" if header.corrects else "regular",
        corrects_invoice_id=header.corrects.invoice_id if header.corrects else None,
    )
    issued = InvoiceIssued(
        facts=facts, legal_entity=number.legal_entity, series=number.series, sequence=number.sequence
    )
    return [issued] if invoice.totals.total.minor else [issued, InvoicePaid(facts=facts, paid_at=header.bill.billed_at)]
