"""How each fact changes a payment."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from uuid import UUID

from services.billing.domain.payment.events import (
    PaymentApplied,
    PaymentChargedBack,
    PaymentEvent,
    PaymentReceived,
    PaymentRefunded,
    PaymentWithdrawn,
    Returned,
)
from services.billing.domain.payment.state import Payment
from shared.decider import CorruptStream
from shared.money import Money


def evolve(payment: Payment | None, event: PaymentEvent) -> Payment:
    match payment, event:
        case None, PaymentReceived(facts=facts):
            nothing = Money.zero(facts.amount.currency)
            return Payment(facts=facts, unapplied=facts.amount, refunded=nothing, charged_back=nothing)
        case Payment(), PaymentApplied(invoice_id=invoice_id, amount=amount):
            applied = payment.applied | {invoice_id: payment.applied_to(invoice_id) + amount}
            payment = replace(payment, applied=applied, allocations=payment.allocations + 1)
            return _done(payment, event.allocation_id, event.unapplied)
        case Payment(), PaymentWithdrawn(returned=returned):
            return _done(_less(payment, [returned]), event.withdrawal_id, event.unapplied)
        case Payment(), PaymentRefunded(amount=amount):
            return _done(replace(payment, refunded=payment.refunded + amount), event.refund_id, event.unapplied)
        case Payment(), PaymentChargedBack(amount=amount, returned=returned):
            payment = replace(_less(payment, returned), charged_back=payment.charged_back + amount)
            return _done(payment, event.chargeback_id, event.unapplied)
        case _:
            raise CorruptStream(payment, event)


def _done(payment: Payment, id_: UUID, unapplied: Money) -> Payment:
    return replace(payment, done=(*payment.done, id_), unapplied=unapplied)


def _less(payment: Payment, returned: Iterable[Returned]) -> Payment:
    applied = dict(payment.applied)
    for part in returned:
        applied[part.invoice_id] = applied[part.invoice_id] - part.amount
    return replace(payment, applied={id_: amount for id_, amount in applied.items() if amount.minor})
