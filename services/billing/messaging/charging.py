"""Asks providers for the money of attempts that fell due. No transaction is open while a provider is asked."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

from services.billing.clients.payment_provider import (
    ChargeAnswer,
    Charger,
    ChargeRequest,
    ProviderAway,
)
from services.billing.domain.autopay import AUTOPAY, Attempt
from services.billing.domain.invoice import INVOICE
from services.billing.domain.invoice.state import Invoice
from services.billing.domain.payment_plan import PAYMENT_PLAN
from services.billing.domain.provider_charge import PROVIDER_CHARGE, charge_id
from services.billing.messaging.asking import Asking
from services.billing.processes import autopaying
from services.billing.projections.payments import autopay_attempts
from services.billing.projections.payments.autopay_attempts import Waiting
from services.billing.projections.payments.cashier import cashier_of
from shared.logs import logger
from shared.unit_of_work import UnitOfWork


class Charging(Asking[Waiting, Charger]):
    """By the key of the attempt."""

    principal = "autopay"

    def waiting(self, tx: Connection, at_most: int) -> Sequence[Waiting]:
        return autopay_attempts.with_status(tx, "requested", at_most)

    def ask(self, waiting: Waiting) -> bool:
        with self.unit(waiting) as unit:
            attempt: Attempt | None = unit.state(AUTOPAY, waiting.invoice_id).under_way
            is_owed = attempt is not None and _is_owed(unit, attempt)
        if attempt is None or attempt.key != waiting.key:
            return False  # somebody else was faster
        try:
            answer = self._answer(attempt) if is_owed else _unasked(attempt, "nothing is owed any more")
        except ProviderAway as error:
            self.pauses.begin(waiting.key)
            logger().warning("a payment provider is away", provider=attempt.method.provider, reason=str(error))
            return False
        with self.unit(waiting, attempt.requested_at) as unit:
            record(unit, attempt, answer)
        return True

    def _answer(self, attempt: Attempt) -> ChargeAnswer:
        provider = self.providers.get(attempt.method.provider)
        return _unasked(attempt, "no such provider") if provider is None else provider.charge(request_of(attempt))


def _is_owed(unit: UnitOfWork, attempt: Attempt) -> bool:
    """An instalment only as long as its plan stands."""
    of_plan = attempt.instalment
    if of_plan is not None and unit.state(PAYMENT_PLAN, of_plan.plan_id).status != "standing":
        return False
    invoice: Invoice = unit.state(INVOICE, attempt.owed.invoice_id)
    return invoice.status == "issued"


def request_of(attempt: Attempt) -> ChargeRequest:
    return ChargeRequest(
        key=attempt.key,
        token=attempt.method.token,
        amount=attempt.amount,
        customer=attempt.owed.customer_key,
        invoice=attempt.owed.invoice,
    )


def record(unit: UnitOfWork, attempt: Attempt, answer: ChargeAnswer) -> None:
    """What the provider says of an attempt. A webhook may have been faster than the answer."""
    orders = autopaying.on_answer(attempt, answer.status, answer.reference, answer.reason, unit.now, cashier_of(unit))
    unit.carry_out(orders)
    if answer.status == "pending":
        told = unit.state(PROVIDER_CHARGE, charge_id(unit.tenant_id, attempt.method.provider, answer.reference))
        unit.carry_out(autopaying.on_charge_told(attempt, answer.reference, told, unit.now))


def _unasked(attempt: Attempt, reason: str) -> ChargeAnswer:
    return ChargeAnswer(status="failed", reference=f"none_{attempt.key.hex}", reason=reason)
