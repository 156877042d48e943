"""Asks providers to give money back. No transaction is open while a provider is asked."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from uuid import UUID

from sqlalchemy import Connection

from services.billing.clients.payment_provider import ProviderAway, RefundAnswer, Refunder, RefundRequest
from services.billing.domain.invoice import INVOICE
from services.billing.domain.payment import PAYMENT
from services.billing.domain.payment.state import Payment, Refund
from services.billing.domain.provider_charge import PROVIDER_CHARGE, charge_id
from services.billing.domain.wallet import WALLET
from services.billing.messaging.asking import Asking
from services.billing.processes import refunding
from services.billing.projections.payments import refunds
from services.billing.projections.payments.refunds import WaitingRefund
from shared.logs import logger
from shared.unit_of_work import UnitOfWork


class Refunding(Asking[WaitingRefund, Refunder]):
    """By the id of the refund."""

    principal = "refunds"

    def waiting(self, tx: Connection, at_most: int) -> Sequence[WaitingRefund]:
        return refunds.with_status(tx, "requested", at_most)

    def ask(self, waiting: WaitingRefund) -> bool:
        with self.unit(waiting) as unit:
            payment: Payment = unit.state(PAYMENT, waiting.payment_id)
        refund = payment.refunds[waiting.key]
        if refund.settled or refund.reference is not None:
            return False  # somebody else was faster
        try:
            answer = self._answer(payment, waiting.key, refund)
        except ProviderAway as error:
            self.pauses.begin(waiting.key)
            logger().warning("a payment provider is away", provider=payment.facts.provider, reason=str(error))
            return False
        with self.unit(waiting, refund.requested_at) as unit:
            record(unit, payment, waiting.key, answer)
        return True

    def _answer(self, payment: Payment, key: UUID, refund: Refund) -> RefundAnswer:
        provider = self.providers.get(payment.facts.provider or "")
        if provider is None:
            return RefundAnswer(status="failed", reference=f"none_{key.hex}", reason="no such provider")
        return provider.refund(request_of(payment, key, refund))


def request_of(payment: Payment, key: UUID, refund: Refund) -> RefundRequest:
    return RefundRequest(key=key, charge=payment.facts.provider_reference or "", amount=refund.amount)


def record(unit: UnitOfWork, payment: Payment, refund_id: UUID, answer: RefundAnswer) -> None:
    """What the provider says of a refund. A webhook may have been faster than the answer that names it."""
    facts = payment.facts
    told = refunding.on_answer(facts.payment_id, refund_id, answer.status, answer.reference, answer.reason, unit.now)
    unit.carry_out(told)
    charge = unit.state(
        PROVIDER_CHARGE, charge_id(unit.tenant_id, facts.provider or "", facts.provider_reference or "")
    )
    known = partial(unit.state, PAYMENT, facts.payment_id)
    unit.carry_out(refunding.on_told(charge, known, partial(unit.state, INVOICE), partial(unit.state, WALLET)))
