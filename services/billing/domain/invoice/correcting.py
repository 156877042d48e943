"""What an issued invoice answers when its usage turns out to be other than it was: credit notes, and corrections."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from services.billing.domain.applied_credit import RestoredCredit, taken_back
from services.billing.domain.correction import Carried
from services.billing.domain.invoice.commands import (
    AnswerCorrection,
    CreditCorrection,
    CreditInvoice,
    CreditLines,
    CreditUnused,
    NoteCorrection,
    Number,
)
from services.billing.domain.invoice.events import (
    CorrectionAnswered,
    CorrectionNoted,
    CreditNoteIssued,
    Facts,
    InvoiceEvent,
    InvoicePaid,
)
from services.billing.domain.invoice.giving_back import given_back
from services.billing.domain.invoice.state import Invoice, OverCredit
from services.billing.domain.invoice.together import shares_left
from shared.decider import NotAllowedNow
from shared.money import Money

# Why interim invoices are credited: what they billed is more than the period came to.
BILLED_AHEAD = "billed_ahead"

CorrectingCommand = CreditInvoice | CreditLines | CreditCorrection | CreditUnused | NoteCorrection | AnswerCorrection


def decide(invoice: Invoice, command: CorrectingCommand) -> list[InvoiceEvent]:
    match invoice, command:
        case Invoice(status="issued" | "paid" | "written_off"), CreditInvoice():
            return [_credited_in_full(invoice, command)]
        case Invoice(status="issued" | "paid" | "written_off"), CreditCorrection() | CreditUnused():
            return _credited(invoice, command, command.carried)
        case Invoice(status="issued" | "paid" | "written_off"), CreditLines():
            return _credited(invoice, command, given_back(invoice, command.parts, command.number.text))
        case Invoice(facts=Facts()), NoteCorrection():
            return _noted(invoice, command)
        case Invoice(facts=Facts()), AnswerCorrection():
            return _answered(invoice, command)
        case _:
            raise NotAllowedNow(command, invoice)


def _credited_in_full(invoice: Invoice, command: CreditInvoice) -> CreditNoteIssued:
    tax = invoice.totals.tax - invoice.credited_tax
    restored, refundable = _given_back(invoice, invoice.left - invoice.payable)
    return CreditNoteIssued(
        facts=invoice.issued,
        **_number(command.number),
        issued_on=command.on,
        amount=invoice.left,
        tax=tax,
        refundable=refundable,
        reason=command.reason,
        forgiven=invoice.written_off,
        restored=restored,
    )


def _given_back(invoice: Invoice, amount: Money) -> tuple[tuple[RestoredCredit, ...], Money]:
    """Of what was paid: wallets have theirs back before money is refundable."""
    restored = tuple(taken_back(invoice.credit, invoice.restored, amount))
    return restored, amount - Money.total((each.amount for each in restored), amount.currency)


def _credited(
    invoice: Invoice, command: CreditCorrection | CreditUnused | CreditLines, carried: Carried
) -> list[InvoiceEvent]:
    """total = net + tax; never above what the invoice still carries. What is open of it is taken back first, then what
    was written off, then what wallets paid."""
    totals = carried.totals(invoice.totals.total.currency)
    _refuse_more(totals.total, invoice.left)
    no_longer_owed = min(totals.total, invoice.open)
    forgiven = min(totals.total - no_longer_owed, invoice.written_off)
    restored, refundable = _given_back(invoice, totals.total - no_longer_owed - forgiven)
    note = CreditNoteIssued(
        facts=_less(invoice, carried),
        **_number(command.number),
        issued_on=command.on,
        amount=totals.total,
        tax=totals.tax,
        refundable=refundable,
        open=invoice.open - no_longer_owed,
        left=invoice.left - totals.total,
        carried=carried,
        forgiven=forgiven,
        written_off=invoice.written_off - forgiven,
        restored=restored,
        **_why(command),
    )
    return [note, *_paid_by_it(invoice, note, command.at)]


def _refuse_more(amount: Money, left: Money) -> None:
    if not amount <= left:
        raise OverCredit(f"{amount} is more than the {left} that the invoice still carries", field="/lines")


def _less(invoice: Invoice, credited: Carried) -> Facts:
    """What is credited of a subscription is not its debt any more."""
    left = shares_left(invoice.header, invoice.issued.subscriptions, credited.lines)
    return replace(invoice.issued, subscriptions=left)


def _why(command: CreditCorrection | CreditUnused | CreditLines) -> dict[str, Any]:
    match command:
        case CreditCorrection(corrects=corrects):
            return {"reason": corrects.cause, "corrects": corrects}
        case CreditUnused(reason=reason, subscription_version=version):
            return {"reason": reason, "subscription_version": version}
        case CreditLines(reason=reason):
            return {"reason": reason}


def _paid_by_it(invoice: Invoice, note: CreditNoteIssued, at: datetime) -> list[InvoiceEvent]:
    """What was paid is all that is asked for, now."""
    wanted = [amount for amount in (note.open, note.written_off) if amount is not None and amount.minor]
    is_paid = invoice.status != "paid" and not wanted and not note.is_last
    return [InvoicePaid(facts=note.facts, paid_at=at)] if is_paid else []


def _number(number: Number) -> dict[str, Any]:
    return {
        "credit_note_number": number.text,
        "legal_entity": number.legal_entity,
        "series": number.series,
        "sequence": number.sequence,
    }


def _noted(invoice: Invoice, command: NoteCorrection) -> list[InvoiceEvent]:
    """Once for each revision of a period, whatever it is called and however often it is told; and once of what was billed
    ahead."""
    correction = command.correction
    is_first = correction.cause == BILLED_AHEAD and correction.correction_id not in invoice.corrections
    if invoice.has_heard(correction.period_id, correction.revision) and not is_first:
        return []
    currency = invoice.totals.total.currency
    event = CorrectionNoted(
        facts=invoice.issued,
        correction_id=correction.correction_id,
        period_id=correction.period_id,
        charge=command.charge,
        revision=correction.revision,
        cause=correction.cause,
        delta=command.difference.totals(currency).subtotal,
        status=command.status,
        policy=command.policy,
        difference=command.difference,
        revisions=command.revisions,
        event_ids=command.event_ids,
        capped=command.capped,
    )
    return [event]


def _answered(invoice: Invoice, command: AnswerCorrection) -> list[InvoiceEvent]:
    """Those that were noted before there were answers are part of the difference, and of the answer."""
    if not set(command.correction_ids) <= set(invoice.unanswered):
        return []
    together = {id_ for id_ in invoice.unanswered if id_ not in invoice.deferred} | set(command.correction_ids)
    answer = CorrectionAnswered(
        facts=invoice.issued,
        correction_ids=tuple(id_ for id_ in invoice.unanswered if id_ in together),
        answer=command.answer,
        documents=command.documents,
    )
    return [answer]
