"""What pays an issued invoice, and what it gives back when a payment is taken back, moved, or credited."""

from __future__ import annotations

from services.billing.domain.invoice.commands import RecordPayment, ReturnPayment
from services.billing.domain.invoice.events import (
    InvoiceEvent,
    InvoiceOverdue,
    InvoicePaid,
    InvoiceRecovered,
    PaymentAllocated,
    PaymentReturned,
)
from services.billing.domain.invoice.state import Invoice, NotPayable, NotRefundable, Overpayment
from shared.money import Money
from shared.periods import local_day


def decide(invoice: Invoice, command: RecordPayment | ReturnPayment) -> list[InvoiceEvent]:
    match invoice, command:
        case Invoice(payments=payments), RecordPayment() if (command.allocation_id or command.payment_id) in payments:
            return []
        case Invoice(status="issued" | "written_off"), RecordPayment():
            return _pay(invoice, command)
        case Invoice(returns=returns), ReturnPayment(return_id=id_) if id_ in returns:
            return []
        case Invoice(status="issued" | "paid" | "credited" | "written_off"), ReturnPayment():
            return _return(invoice, command)
        case _:
            raise NotPayable(command, invoice)


def _pay(invoice: Invoice, command: RecordPayment) -> list[InvoiceEvent]:
    """What is open is paid first, what was written off last."""
    if not command.amount <= invoice.payable:
        raise Overpayment(f"{command.amount} is more than the open {invoice.payable}", field="/amount_minor")
    missing = invoice.payable - command.amount
    allocated = PaymentAllocated(
        facts=invoice.issued,
        payment_id=command.payment_id,
        amount=command.amount,
        open=invoice.open - min(command.amount, invoice.open),
        reference=command.reference,
        received_at=command.received_at,
        allocation_id=command.allocation_id,
    )
    events: list[InvoiceEvent] = [*_recovered(invoice, command), allocated]
    paid_at = command.applied_at or command.received_at
    return events if missing.minor else [*events, InvoicePaid(facts=invoice.issued, paid_at=paid_at)]


def _recovered(invoice: Invoice, command: RecordPayment) -> list[InvoiceEvent]:
    recovered = command.amount - min(command.amount, invoice.open)
    if not recovered.minor:
        return []
    at = command.applied_at or command.received_at
    return [
        InvoiceRecovered(
            facts=invoice.issued,
            payment_id=command.payment_id,
            amount=recovered,
            written_off=invoice.written_off - recovered,
            on=local_day(at, invoice.header.party.zone),
        )
    ]


def _return(invoice: Invoice, command: ReturnPayment) -> list[InvoiceEvent]:
    refundable, reopened = given_back(invoice, command.amount)
    if reopened.minor and not command.reopens:
        raise NotRefundable(f"{command.amount} is more than the {invoice.refundable} that can be refunded")
    returned = PaymentReturned(
        facts=invoice.issued,
        return_id=command.return_id,
        payment_id=command.payment_id,
        amount=command.amount,
        reopened=reopened,
        refundable=refundable,
        open=invoice.open + reopened,
        reason=command.reason,
        returned_at=command.at,
    )
    is_late = reopened.minor and not invoice.overdue and command.on > invoice.issued.due_on
    return [returned, InvoiceOverdue(facts=invoice.issued, open=returned.open)] if is_late else [returned]


def given_back(invoice: Invoice, amount: Money) -> tuple[Money, Money]:
    """What credit notes had given back of what was paid goes first, and is not owed; the rest is owed again."""
    if not amount <= invoice.paid:
        raise NotRefundable(f"{amount} is more than the {invoice.paid} that was paid", field="/amount_minor")
    refundable = min(amount, invoice.refundable)
    return refundable, amount - refundable
