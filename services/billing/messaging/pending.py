"""Asks providers again for what was left pending: a webhook may have been lost."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import Engine

from services.billing.clients.payment_provider import PaymentProvider, ProviderAway
from services.billing.domain.autopay import AUTOPAY, Autopay
from services.billing.domain.payment import PAYMENT
from services.billing.domain.payment.state import Payment
from services.billing.domain.top_up import TOP_UP
from services.billing.domain.top_up.state import TopUp
from services.billing.messaging import charging, refunding, topping_up
from services.billing.messaging.asking import Pauses, unit_of
from services.billing.projections.payments import autopay_attempts, credit_purchases, refunds
from services.billing.projections.payments.autopay_attempts import Waiting
from services.billing.projections.payments.credit_purchases import WaitingPurchase
from services.billing.projections.payments.refunds import WaitingRefund
from shared.event_store import EventStore
from shared.logs import logger
from shared.unit_of_work import UnitOfWork

Waits = Waiting | WaitingRefund | WaitingPurchase

AT_ONCE = 100
FIRST_PAUSE, LONGEST_PAUSE = timedelta(minutes=1), timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Pending:
    """The first time a minute after it was seen here, then after twice as long, up to an hour."""

    engine: Engine
    store: EventStore
    providers: Mapping[str, PaymentProvider]
    real_now: Callable[[], datetime]
    pauses: Pauses = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "pauses", Pauses(self.real_now, FIRST_PAUSE, LONGEST_PAUSE))

    def step(self) -> int:
        limit = AT_ONCE + len(self.pauses)
        with self.engine.connect() as tx:
            waiting: list[Waits] = [*autopay_attempts.with_status(tx, "pending", limit)]
            waiting += refunds.with_status(tx, "pending", limit)
            waiting += credit_purchases.with_status(tx, "pending", limit)
        self.pauses.keep(each.key for each in waiting)
        return sum(self._ask(each) for each in waiting if self._is_due(each))

    def _is_due(self, waiting: Waits) -> bool:
        is_new = waiting.key not in self.pauses.by_key
        is_due = not is_new and self.pauses.is_over(waiting.key)
        if is_new or is_due:
            self.pauses.begin(waiting.key)
        return is_due

    def _ask(self, waiting: Waits) -> bool:
        try:
            match waiting:
                case Waiting():
                    return self._charge(waiting)
                case WaitingRefund():
                    return self._refund(waiting)
                case WaitingPurchase():
                    return self._purchase(waiting)
        except ProviderAway as error:
            logger().warning("a payment provider is away", reason=str(error))
            return False

    def _charge(self, waiting: Waiting) -> bool:
        with self._unit(waiting, "autopay") as unit:
            state: Autopay = unit.state(AUTOPAY, waiting.invoice_id)
        attempt, reference = state.under_way, state.reference
        provider = self.providers.get(attempt.method.provider) if attempt else None
        if attempt is None or attempt.key != waiting.key or reference is None or provider is None:
            return False
        answer = provider.charge_status(charging.request_of(attempt), reference)
        if answer.status == "pending":
            return False
        with self._unit(waiting, "autopay") as unit:
            charging.record(unit, attempt, answer)
        return True

    def _refund(self, waiting: WaitingRefund) -> bool:
        with self._unit(waiting, "refunds") as unit:
            payment: Payment = unit.state(PAYMENT, waiting.payment_id)
        refund = payment.refunds[waiting.key]
        provider = self.providers.get(payment.facts.provider or "")
        if refund.settled or refund.reference is None or provider is None:
            return False
        answer = provider.refund_status(refunding.request_of(payment, waiting.key, refund), refund.reference)
        if answer.status == "pending":
            return False
        with self._unit(waiting, "refunds") as unit:
            refunding.record(unit, payment, waiting.key, answer)
        return True

    def _purchase(self, waiting: WaitingPurchase) -> bool:
        with self._unit(waiting, "top-up") as unit:
            state: TopUp = unit.state(TOP_UP, waiting.wallet_id)
        purchase, reference = state.under_way, state.reference
        provider = self.providers.get(purchase.method.provider) if purchase else None
        if purchase is None or purchase.key != waiting.key or reference is None or provider is None:
            return False
        answer = provider.charge_status(topping_up.request_of(purchase), reference)
        if answer.status == "pending":
            return False
        with self._unit(waiting, "top-up") as unit:
            topping_up.record(unit, purchase, answer)
        return True

    def _unit(self, waiting: Waits, principal: str) -> AbstractContextManager[UnitOfWork]:
        return unit_of(self.engine, self.store, self.real_now, waiting.tenant_id, principal=principal, key=waiting.key)
