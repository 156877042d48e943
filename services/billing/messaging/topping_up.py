"""Asks providers for the money of credit that is bought by itself. No transaction is open while a provider is asked."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

from services.billing.clients.payment_provider import ChargeAnswer, Charger, ChargeRequest, ProviderAway
from services.billing.domain.provider_charge import PROVIDER_CHARGE, charge_id
from services.billing.domain.top_up import TOP_UP
from services.billing.domain.top_up.events import Purchase
from services.billing.domain.top_up.state import TopUp
from services.billing.messaging.asking import Asking
from services.billing.processes import topping_up
from services.billing.projections.payments import credit_purchases
from services.billing.projections.payments.cashier import cashier_of
from services.billing.projections.payments.credit_purchases import WaitingPurchase
from shared.logs import logger
from shared.unit_of_work import UnitOfWork


class ToppingUp(Asking[WaitingPurchase, Charger]):
    """By the key of the purchase."""

    principal = "top-up"

    def waiting(self, tx: Connection, at_most: int) -> Sequence[WaitingPurchase]:
        return credit_purchases.with_status(tx, "requested", at_most)

    def ask(self, waiting: WaitingPurchase) -> bool:
        with self.unit(waiting) as unit:
            top_up: TopUp = unit.state(TOP_UP, waiting.wallet_id)
        purchase = top_up.under_way
        if purchase is None or purchase.key != waiting.key or top_up.reference is not None:
            return False  # somebody else was faster
        try:
            answer = self._answer(purchase)
        except ProviderAway as error:
            self.pauses.begin(waiting.key)
            logger().warning("a payment provider is away", provider=purchase.method.provider, reason=str(error))
            return False
        with self.unit(waiting, purchase.requested_at) as unit:
            record(unit, purchase, answer)
        return True

    def _answer(self, purchase: Purchase) -> ChargeAnswer:
        provider = self.providers.get(purchase.method.provider)
        if provider is None:
            return ChargeAnswer(status="failed", reference=f"none_{purchase.key.hex}", reason="no such provider")
        return provider.charge(request_of(purchase))


def request_of(purchase: Purchase) -> ChargeRequest:
    return ChargeRequest(
        key=purchase.key,
        token=purchase.method.token,
        amount=purchase.amount,
        customer=purchase.facts.customer_key,
        invoice=purchase.name,
    )


def record(unit: UnitOfWork, purchase: Purchase, answer: ChargeAnswer) -> None:
    """What the provider says of a purchase. A webhook may have been faster than the answer."""
    cashier = cashier_of(unit)
    told = topping_up.on_answer(purchase, answer.status, answer.reference, answer.reason, unit.now, cashier)
    unit.carry_out(told)
    if answer.status == "pending":
        charge = unit.state(PROVIDER_CHARGE, charge_id(unit.tenant_id, purchase.method.provider, answer.reference))
        unit.carry_out(topping_up.on_charge_told(purchase, answer.reference, charge, unit.now, cashier))
