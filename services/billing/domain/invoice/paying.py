"""What pays an issued invoice, and what it gives back when a payment is taken back, moved, or credited."""

from __future__ import annotations

from services.billing.domain.invoice.commands import RecordPayment, ReturnPayment
from services.billing.domain.invoice.events import (
    InvoiceEvent,
    InvoiceOverdue,
    InvoicePaid,
    PaymentAllocated,
    PaymentReturned,
)
from services.billing.domain.invoice.state import Invoice, NotPayable, NotRefundable, Overpayment
from shared.money import Money


def decide(invoice: Invoice, command: RecordPayment | ReturnPayment) -> list[InvoiceEvent]:
    match invoice, command:
        case Invoice(payments=payments), RecordPayment() if (command.allocation_id or command.payment_id) in payments:
            return []
        case Invoice(status="issued"), RecordPayment():
            return _pay(invoice, command)
        case Invoice(returns=returns), ReturnPayment(return_id=id_) if id_ in returns:
            return []
        case Invoice(status="issued" | "paid" | "credited"), ReturnPayment():
            return _return(invoice, command)
        case _:
            raise NotPayable(command, invoice)


def _pay(invoice: Invoice, command: RecordPayment) -> list[InvoiceEvent]:
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
        allocation_id=command.allocation_id,
    )
    paid_at = command.applied_at or command.received_at
    return [allocated] if left.minor else [allocated, InvoicePaid(facts=invoice.issued, paid_at=paid_at)]


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
