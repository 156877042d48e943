"""A refund through the provider: asked for once, promised meanwhile, and booked only when it has succeeded."""

from __future__ import annotations

from services.billing.domain.payment.commands import RecordRefund, RefundPayment, RequestRefund
from services.billing.domain.payment.events import (
    PaymentEvent,
    PaymentRefunded,
    RefundFailed,
    RefundPending,
    RefundRequested,
    moved,
)
from services.billing.domain.payment.state import MoreThanUnapplied, Payment, Refund, RefundNotFound
from shared.money import Money


def decide(payment: Payment, command: RefundPayment | RequestRefund | RecordRefund) -> list[PaymentEvent]:
    match command:
        case RefundPayment():
            check_free(payment, command.amount)
            return [_refunded(payment, command)]
        case RequestRefund(refund_id=id_) if id_ in payment.refunds:
            return []
        case RequestRefund():
            check_free(payment, command.amount)
            return [_requested(payment, command)]
        case RecordRefund():
            return _recorded(payment, command)


def check_free(payment: Payment, amount: Money) -> None:
    """Raises MoreThanUnapplied."""
    if not amount <= payment.free or amount.minor <= 0:
        raise MoreThanUnapplied(f"{amount} is more than the unapplied {payment.free}", field="/amount_minor")


def _requested(payment: Payment, command: RequestRefund) -> RefundRequested:
    return RefundRequested(
        facts=payment.facts,
        refund_id=command.refund_id,
        amount=command.amount,
        reference=command.reference,
        reason=command.reason,
        requested_at=command.at,
    )


def _recorded(payment: Payment, command: RecordRefund) -> list[PaymentEvent]:
    """The first outcome counts, however often and by whom it is told."""
    refund = payment.refunds.get(command.refund_id)
    if refund is None:
        raise RefundNotFound("no such refund was asked for")
    if refund.settled:
        return []
    match command.outcome:
        case "pending":
            known = refund.reference is not None
            return [] if known else [RefundPending(refund_id=command.refund_id, reference=command.reference)]
        case "succeeded":
            return [_refunded(payment, _given(refund, command))]
        case "failed":
            return [_failed(refund, command)]


def _given(refund: Refund, command: RecordRefund) -> RefundPayment:
    return RefundPayment(
        refund_id=command.refund_id,
        amount=refund.amount,
        reference=command.reference,
        reason=refund.reason,
        at=command.at,
    )


def _failed(refund: Refund, command: RecordRefund) -> RefundFailed:
    return RefundFailed(
        refund_id=command.refund_id,
        amount=refund.amount,
        reference=command.reference,
        reason=command.reason,
        failed_at=command.at,
    )


def _refunded(payment: Payment, command: RefundPayment) -> PaymentRefunded:
    minor = command.amount.minor
    return PaymentRefunded(
        facts=payment.facts,
        refund_id=command.refund_id,
        amount=command.amount,
        unapplied=payment.unapplied - command.amount,
        reference=command.reference,
        reason=command.reason,
        refunded_at=command.at,
        moved=moved(command.amount.currency, cash=-minor, unapplied=-minor),
    )
