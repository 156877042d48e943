"""Asks providers for the money of attempts that fell due. No transaction is open while a provider is asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import Engine

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
from services.billing.messaging.asking import Pauses, unit_of
from services.billing.processes import autopaying
from services.billing.projections.payments import autopay_attempts
from services.billing.projections.payments.autopay_attempts import Waiting
from services.billing.projections.payments.cashier import cashier_of
from shared.event_store import EventStore
from shared.logs import logger
from shared.unit_of_work import UnitOfWork

AT_ONCE = 20
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=1), timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Charging:
    """A provider is asked with the attempt's own key, so that whoever asks again after a crash, or at the same time,
    gets the same charge. One that is away is asked again after a while, and holds up nobody else."""

    engine: Engine
    store: EventStore
    providers: Mapping[str, Charger]
    real_now: Callable[[], datetime]
    pauses: Pauses = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "pauses", Pauses(self.real_now, FIRST_PAUSE, LONGEST_PAUSE))

    def step(self) -> int:
        with self.engine.connect() as tx:
            waiting = autopay_attempts.with_status(tx, "requested", AT_ONCE + len(self.pauses))
        self.pauses.keep(each.key for each in waiting)
        return sum(self._charge(each) for each in waiting if self.pauses.is_over(each.key))

    def _charge(self, waiting: Waiting) -> bool:
        with self._unit(waiting) as unit:
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
        with self._unit(waiting, attempt) as unit:
            record(unit, attempt, answer)
        return True

    def _answer(self, attempt: Attempt) -> ChargeAnswer:
        provider = self.providers.get(attempt.method.provider)
        return _unasked(attempt, "no such provider") if provider is None else provider.charge(request_of(attempt))

    def _unit(self, waiting: Waiting, attempt: Attempt | None = None) -> AbstractContextManager[UnitOfWork]:
        return unit_of(
            self.engine,
            self.store,
            self.real_now,
            waiting.tenant_id,
            principal="autopay",
            key=waiting.key,
            asked_at=attempt.requested_at if attempt else None,
        )


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
