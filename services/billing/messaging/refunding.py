"""Asks providers to give money back. No transaction is open while a provider is asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from sqlalchemy import Engine

from services.billing.clients.payment_provider import ProviderAway, RefundAnswer, Refunder, RefundRequest
from services.billing.domain.invoice import INVOICE
from services.billing.domain.payment import PAYMENT
from services.billing.domain.payment.state import Payment, Refund
from services.billing.domain.provider_charge import PROVIDER_CHARGE, charge_id
from services.billing.domain.wallet import WALLET
from services.billing.messaging.asking import Pauses, unit_of
from services.billing.processes import refunding
from services.billing.projections.payments import refunds
from services.billing.projections.payments.refunds import WaitingRefund
from shared.event_store import EventStore
from shared.logs import logger
from shared.unit_of_work import UnitOfWork

AT_ONCE = 20
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=1), timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Refunding:
    """A provider is asked with the refund's own id, so that whoever asks again after a crash, or at the same time, gets the
    same refund."""

    engine: Engine
    store: EventStore
    providers: Mapping[str, Refunder]
    real_now: Callable[[], datetime]
    pauses: Pauses = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "pauses", Pauses(self.real_now, FIRST_PAUSE, LONGEST_PAUSE))

    def step(self) -> int:
        with self.engine.connect() as tx:
            waiting = refunds.with_status(tx, "requested", AT_ONCE + len(self.pauses))
        self.pauses.keep(each.key for each in waiting)
        return sum(self._refund(each) for each in waiting if self.pauses.is_over(each.key))

    def _refund(self, waiting: WaitingRefund) -> bool:
        with self._unit(waiting) as unit:
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
        with self._unit(waiting, refund) as unit:
            record(unit, payment, waiting.key, answer)
        return True

    def _answer(self, payment: Payment, key: UUID, refund: Refund) -> RefundAnswer:
        provider = self.providers.get(payment.facts.provider or "")
        if provider is None:
            return RefundAnswer(status="failed", reference=f"none_{key.hex}", reason="no such provider")
        return provider.refund(request_of(payment, key, refund))

    def _unit(self, waiting: WaitingRefund, refund: Refund | None = None) -> AbstractContextManager[UnitOfWork]:
        return unit_of(
            self.engine,
            self.store,
            self.real_now,
            waiting.tenant_id,
            principal="refunds",
            key=waiting.key,
            asked_at=refund.requested_at if refund else None,
        )


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
