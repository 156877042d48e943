"""What an invoice answers to a command. See the state table in the README of the service."""

from __future__ import annotations

from datetime import date, timedelta

from services.billing.domain.correction import Carried
from services.billing.domain.invoice import correcting, editing, paying
from services.billing.domain.invoice.commands import (
    AddLine,
    AdjustLine,
    AnswerCorrection,
    CreditCorrection,
    CreditInvoice,
    CreditLines,
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
    RemoveLine,
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
)
from services.billing.domain.invoice.header import Header
from services.billing.domain.invoice.line_edits import edited
from services.billing.domain.invoice.state import Invoice, InvoiceNotFound, NotHeld, NothingOpen
from services.billing.domain.invoice.together import cost_centres_of, shares_of
from services.billing.domain.invoice.totals import Totals, totals_of
from services.billing.domain.one_off_validation import validate_one_off
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
        case Invoice(), AddLine() | RemoveLine() | AdjustLine():
            return [*editing.decide(invoice, command)]
        case Invoice(), RecordPayment() | ReturnPayment():
            return paying.decide(invoice, command)
        case Invoice(), (
            CreditInvoice()
            | CreditLines()
            | CreditCorrection()
            | CreditUnused()
            | NoteCorrection()
            | AnswerCorrection()
        ):
            return correcting.decide(invoice, command)
        case Invoice(status="draft"), _:
            return _before_issue(invoice, command)
        case _:
            return _after_issue(invoice, command)


def _before_issue(draft: Invoice, command: InvoiceCommand) -> list[InvoiceEvent]:
    match command:
        case RecalculateInvoice():
            return _recalculate(draft, command)
        case IssueInvoice(bound=Money() as bound) if is_above(draft, bound):
            return [] if draft.held else [InvoiceHeld(total=draft.totals.total, bound=bound)]
        case IssueInvoice():
            return _issue(draft, command)
        case ReleaseInvoice():
            return [_released(draft, command)]
        case DiscardInvoice(reason=reason):
            return [InvoiceDiscarded(reason=reason)]
        case MarkOverdue():
            return []
        case _:
            raise NotAllowedNow(command, draft)


def _after_issue(invoice: Invoice, command: InvoiceCommand) -> list[InvoiceEvent]:
    match invoice, command:
        case Invoice(status="issued", overdue=False), MarkOverdue(on=on) if on > invoice.issued.due_on:
            return [InvoiceOverdue(facts=invoice.issued, open=invoice.open)]
        case (Invoice(), MarkOverdue()) | (Invoice(facts=Facts()), IssueInvoice()):
            return []  # already done: repeating a command is harmless
        case Invoice(status="issued" | "paid"), VoidInvoice(reason=reason) if invoice.is_unpaid:
            return [InvoiceVoided(facts=invoice.issued, reason=reason)]
        case Invoice(status="issued" | "written_off"), WriteOffInvoice():
            return _write_off(invoice, command)
        case _:
            raise NotAllowedNow(command, invoice)


def _drafted(command: DraftInvoice) -> InvoiceDrafted:
    currency, header = command.header.party.currency, command.header
    for index, item in enumerate(command.items):
        validate_one_off(item, f"/lines/{index}")
    lines = edited(command.lines, command.items, header.bill, currency)
    totals = totals_of(lines, currency, header.bill.rounding)
    if command.items:  # what was used is billed, however much it is
        editing.refuse_too_much(totals)
    if command.taxes is not None:
        given = Carried(lines=command.lines, taxes=command.taxes).totals(currency)
        totals = Totals(subtotal=given.subtotal, taxes=given.taxes, tax=given.tax, total=given.total)
    return InvoiceDrafted(
        header=header,
        lines=lines,
        totals=totals,
        review_until=command.review_until,
        revisions=command.revisions,
        items=command.items,
        reason=command.reason,
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
            totals=totals_of(command.lines, invoice.header.party.currency, invoice.header.bill.rounding),
            before=invoice.totals.total,
            cause=command.cause,
            revisions=command.revisions,
        )
    ]


def _issued_on(header: Header, command: IssueInvoice) -> date:
    """The billing day. What no bill asked for has the day of its issue: nobody is late for the time that it waited."""
    billing_on = header.bill.billing_on
    return max(billing_on, command.on) if header.kind == "one_off" and command.on else billing_on


def _issue(invoice: Invoice, command: IssueInvoice) -> list[InvoiceEvent]:
    header, number = invoice.header, command.number
    issued_on = _issued_on(header, command)
    asked_on = max(issued_on, invoice.released_on or issued_on)
    facts = Facts(
        invoice_id=header.invoice_id,
        number=number.text,
        subscription_id=header.subscription_id,
        party=header.party,
        issued_on=issued_on,
        due_on=asked_on + timedelta(days=header.net_days),
        total=invoice.totals.total,
        kind=header.kind,
        corrects_invoice_id=header.corrects.invoice_id if header.corrects else None,
        subscriptions=shares_of(header, invoice.lines),
        cost_centres=cost_centres_of(invoice.lines),
    )
    issued = InvoiceIssued(
        facts=facts,
        legal_entity=number.legal_entity,
        series=number.series,
        sequence=number.sequence,
        credit=command.credit,
    )
    return [issued] if issued.open.minor else [issued, InvoicePaid(facts=facts, paid_at=header.bill.billed_at)]
