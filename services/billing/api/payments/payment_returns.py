"""What is done to a payment after it came in: given back, taken back by the bank, or moved off an invoice."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from uuid import uuid5

from fastapi import APIRouter

from services.billing.api.access import RecordPayments, RefundPayments
from services.billing.api.payments.payment_forms import (
    ChargebackIn,
    PaymentId,
    PaymentOut,
    RefundIn,
    WithdrawIn,
    payment_out,
)
from services.billing.api.payments.payments import known
from services.billing.clients.providers import PROVIDERS
from services.billing.domain.invoice import INVOICE
from services.billing.domain.payment import PAYMENT
from services.billing.domain.payment.commands import RefundPayment, RequestRefund
from services.billing.domain.payment.state import Payment
from services.billing.domain.wallet import WALLET
from services.billing.processes import paying
from services.billing.projections.invoices import invoices
from services.billing.projections.payments import payments
from shared.http.routes import TransactionalRoute
from shared.money import Money
from shared.orders import Order
from shared.unit_of_work import UnitOfWork

router = APIRouter(prefix="/v1/payments", tags=["payments"], route_class=TransactionalRoute)


@router.post("/{payment_id}/withdrawals", status_code=201)
def withdraw(payment_id: PaymentId, body: WithdrawIn, unit: RecordPayments) -> PaymentOut:
    """It does not pay this invoice any more and waits unapplied; what is not credited is owed again."""
    payment, invoice = known(unit, payment_id), invoices.by_number(unit, body.invoice)
    amount = Money(body.amount_minor, payment.facts.amount.currency)
    state = unit.state(INVOICE, invoice["invoice_id"])
    first, *others = paying.withdraw(
        payment, state, amount, reopens=not body.only_refundable, reason=body.reason, at=unit.now
    )
    _carry_out(unit, first, others)
    return payment_out(payments.get(unit, payment_id))


@router.post("/{payment_id}/refunds", status_code=201)
def refund(payment_id: PaymentId, body: RefundIn, unit: RefundPayments) -> PaymentOut:
    """Never more than is unapplied, or with `invoice` than a credit note gave back of what this payment paid. A provider is
    asked for it, and it is booked when it has succeeded; until then it is promised and pays nothing else."""
    payment = known(unit, payment_id)
    amount = Money(body.amount_minor, payment.facts.amount.currency)
    if body.invoice is not None:
        state = unit.state(INVOICE, invoices.by_number(unit, body.invoice)["invoice_id"])
        first, *others = paying.withdraw(payment, state, amount, reopens=False, reason=body.reason, at=unit.now)
        _carry_out(unit, first, others)
        unit = unit.because(unit.cause)
    command = _refund(unit.state(PAYMENT, payment_id), body, amount, unit.now)
    unit.execute(PAYMENT, payment_id, command)
    return payment_out(payments.get(unit, payment_id))


@router.post("/{payment_id}/chargebacks", status_code=201)
def charge_back(payment_id: PaymentId, body: ChargebackIn, unit: RefundPayments) -> PaymentOut:
    """What is left of credit that it bought is gone. What it had paid is owed again, and dunning goes on from where the
    invoices' age has come to."""
    payment = known(unit, payment_id)
    currency = payment.facts.amount.currency
    orders = paying.charge_back(
        payment,
        partial(unit.state, INVOICE),
        partial(unit.state, WALLET),
        uuid5(payment_id, f"chargeback {body.reference}"),
        payment.exposed if body.amount_minor is None else Money(body.amount_minor, currency),
        reference=body.reference,
        reason=body.reason,
        at=unit.now,
    )
    if planned := list(orders):
        _carry_out(unit, planned[0], planned[1:])
    return payment_out(payments.get(unit, payment_id))


def _refund(payment: Payment, body: RefundIn, amount: Money, at: datetime) -> RefundPayment | RequestRefund:
    number = len(payment.done) + sum(not refund.settled for refund in payment.refunds.values())
    id_ = uuid5(payment.facts.payment_id, f"refund {number}")
    if payment.facts.provider in PROVIDERS and not body.by_hand:
        return RequestRefund(refund_id=id_, amount=amount, reference=body.reference, reason=body.reason, at=at)
    return RefundPayment(refund_id=id_, amount=amount, reference=body.reference, reason=body.reason, at=at)


def _carry_out(unit: UnitOfWork, first: Order, others: list[Order]) -> None:
    """The version that was asked for is of the payment."""
    unit.carry_out([first])
    unit.because(unit.cause).carry_out(others)
