"""How each fact changes a payment."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from uuid import UUID

from services.billing.domain.payment.events import (
    CreditBought,
    CreditReturned,
    PaymentApplied,
    PaymentChargedBack,
    PaymentEvent,
    PaymentReceived,
    PaymentRefunded,
    PaymentWithdrawn,
    RefundFailed,
    RefundPending,
    RefundRequested,
    Returned,
)
from services.billing.domain.payment.state import Payment, Refund
from shared.decider import CorruptStream
from shared.money import Money


def evolve(payment: Payment | None, event: PaymentEvent) -> Payment:
    match payment, event:
        case None, PaymentReceived(facts=facts):
            nothing = Money.zero(facts.amount.currency)
            return Payment(facts=facts, unapplied=facts.amount, refunded=nothing, charged_back=nothing)
        case Payment(), PaymentApplied():
            return _applied(payment, event)
        case Payment(), PaymentWithdrawn(returned=returned):
            return _done(_less(payment, [returned]), event.withdrawal_id, event.unapplied)
        case Payment(), PaymentRefunded(amount=amount):
            payment = _settled(payment, event.refund_id, event.reference)
            return _done(replace(payment, refunded=payment.refunded + amount), event.refund_id, event.unapplied)
        case Payment(), RefundRequested() | RefundPending() | RefundFailed():
            return _of_refund(payment, event)
        case Payment(), PaymentChargedBack(amount=amount, returned=returned):
            payment = replace(_less(payment, returned), charged_back=payment.charged_back + amount)
            return _done(payment, event.chargeback_id, event.unapplied)
        case Payment(), CreditBought(wallet_id=wallet_id, amount=amount, unapplied=unapplied):
            return replace(payment, credit=payment.credit | {wallet_id: amount}, unapplied=unapplied)
        case Payment(), CreditReturned(wallet_id=wallet_id, amount=amount, unapplied=unapplied):
            credit = payment.credit | {wallet_id: payment.credit[wallet_id] - amount}
            return replace(payment, credit=credit, unapplied=unapplied)
        case _:
            raise CorruptStream(payment, event)


def _applied(payment: Payment, event: PaymentApplied) -> Payment:
    applied = payment.applied | {event.invoice_id: payment.applied_to(event.invoice_id) + event.amount}
    payment = replace(payment, applied=applied, allocations=payment.allocations + 1)
    return _done(payment, event.allocation_id, event.unapplied)


def _of_refund(payment: Payment, event: RefundRequested | RefundPending | RefundFailed) -> Payment:
    match event:
        case RefundRequested(refund_id=id_, amount=amount):
            asked = Refund(amount=amount, note=event.reference, reason=event.reason, requested_at=event.requested_at)
            return replace(payment, refunds=payment.refunds | {id_: asked})
        case RefundPending(refund_id=id_, reference=reference):
            pending = replace(payment.refunds[id_], reference=reference)
            return replace(payment, refunds=payment.refunds | {id_: pending})
        case RefundFailed(refund_id=id_, reference=reference):
            return _done(_settled(payment, id_, reference), id_, payment.unapplied)


def _settled(payment: Payment, id_: UUID, reference: str) -> Payment:
    """One that somebody recorded by hand was asked of nobody."""
    refund = payment.refunds.get(id_)
    if refund is None:
        return payment
    over = replace(refund, settled=True, reference=reference)
    return replace(payment, refunds=payment.refunds | {id_: over})


def _done(payment: Payment, id_: UUID, unapplied: Money) -> Payment:
    return replace(payment, done=(*payment.done, id_), unapplied=unapplied)


def _less(payment: Payment, returned: Iterable[Returned]) -> Payment:
    applied = dict(payment.applied)
    for part in returned:
        applied[part.invoice_id] = applied[part.invoice_id] - part.amount
    return replace(payment, applied={id_: amount for id_, amount in applied.items() if amount.minor})
