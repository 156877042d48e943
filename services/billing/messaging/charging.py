"""Asks providers for the money of attempts that fell due. No transaction is open while a provider is asked."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Engine

from services.billing.clients.payment_provider import (
    ChargeAnswer,
    ChargeRequest,
    PaymentProvider,
    ProviderAway,
)
from services.billing.domain.autopay import AUTOPAY, Attempt
from services.billing.domain.invoice import INVOICE
from services.billing.domain.provider_charge import PROVIDER_CHARGE, charge_id
from services.billing.processes import autopaying
from services.billing.projections import autopay_attempts
from services.billing.projections.autopay_attempts import Waiting
from services.billing.projections.cashier import cashier_of
from shared.causes import Cause
from shared.clock import clock_of
from shared.event_store import EventStore
from shared.logs import logger
from shared.unit_of_work import Session, UnitOfWork

AT_ONCE = 20
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=1), timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Pause:
    until: datetime
    length: timedelta


@dataclass(frozen=True, slots=True)
class Charging:
    """A provider is asked with the attempt's own key, so that whoever asks again after a crash, or at the same time,
    gets the same charge. One that is away is asked again after a while, and holds up nobody else."""

    engine: Engine
    store: EventStore
    providers: Mapping[str, PaymentProvider]
    real_now: Callable[[], datetime]
    pauses: dict[UUID, Pause] = field(default_factory=dict)

    def step(self) -> int:
        with self.engine.connect() as tx:
            waiting = autopay_attempts.requested(tx, AT_ONCE + len(self.pauses))
        for key in self.pauses.keys() - {each.key for each in waiting}:
            del self.pauses[key]
        return sum(self._charge(each) for each in waiting if not self._is_paused(each.key))

    def _is_paused(self, key: UUID) -> bool:
        return key in self.pauses and self.real_now() < self.pauses[key].until

    def _charge(self, waiting: Waiting) -> bool:
        with self._unit(waiting) as unit:
            attempt: Attempt | None = unit.state(AUTOPAY, waiting.invoice_id).under_way
            is_owed = unit.state(INVOICE, waiting.invoice_id).status == "issued"
        if attempt is None or attempt.key != waiting.key:
            return False  # somebody else was faster
        try:
            answer = self._answer(attempt) if is_owed else _unasked(attempt, "nothing is owed any more")
        except ProviderAway as error:
            self._pause(waiting.key, attempt, error)
            return False
        with self._unit(waiting, attempt) as unit:
            self._record(unit, attempt, answer)
        return True

    def _answer(self, attempt: Attempt) -> ChargeAnswer:
        provider = self.providers.get(attempt.method.provider)
        if provider is None:
            return _unasked(attempt, "no such provider")
        request = ChargeRequest(
            key=attempt.key,
            token=attempt.method.token,
            amount=attempt.amount,
            customer=attempt.owed.customer_key,
            invoice=attempt.owed.invoice,
        )
        return provider.charge(request)

    def _record(self, unit: UnitOfWork, attempt: Attempt, answer: ChargeAnswer) -> None:
        orders = autopaying.on_answer(
            attempt, answer.status, answer.reference, answer.reason, unit.now, cashier_of(unit)
        )
        unit.carry_out(orders)
        if answer.status == "pending":  # a webhook may have been faster than the answer
            told = unit.state(PROVIDER_CHARGE, charge_id(unit.tenant_id, attempt.method.provider, answer.reference))
            unit.carry_out(autopaying.on_charge_told(attempt, answer.reference, told, unit.now))

    def _pause(self, key: UUID, attempt: Attempt, error: ProviderAway) -> None:
        before = self.pauses.get(key)
        length = FIRST_PAUSE if before is None else min(2 * before.length, LONGEST_PAUSE)
        self.pauses[key] = Pause(self.real_now() + length, length)
        logger().warning("a payment provider is away", provider=attempt.method.provider, reason=str(error))

    @contextmanager
    def _unit(self, waiting: Waiting, attempt: Attempt | None = None) -> Iterator[UnitOfWork]:
        """In a tenant with a test clock an answer takes no time."""
        with self.engine.begin() as tx:
            clock, now = clock_of(tx, waiting.tenant_id), self.real_now()
            occurred_at = attempt.requested_at if clock and attempt else clock or now
            context = {"principal": "autopay", "correlation_id": str(waiting.key), "causation_id": str(waiting.key)}
            session = Session(tx, self.store)
            yield UnitOfWork(session, Cause(waiting.tenant_id, occurred_at, clock or now, context))
            with session.finishing():
                pass


def _unasked(attempt: Attempt, reason: str) -> ChargeAnswer:
    return ChargeAnswer(status="failed", reference=f"none_{attempt.key.hex}", reason=reason)
