"""What a provider tells becomes payments and chargebacks: once, and the same in whichever order it is told."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from uuid import UUID, uuid5

from services.billing.domain.payment.cashier import Cashier
from services.billing.domain.payment.events import PaymentFacts
from services.billing.domain.payment.state import payment_id
from services.billing.domain.provider_charge import PROVIDER_CHARGE, Paid, ProviderCharge, ProviderNews, charge_id
from services.billing.processes import paying, refunding
from shared.orders import Order
from shared.periods import local_day


def on_news(news: ProviderNews, cashier: Cashier) -> Iterator[Order]:
    """What was told of a charge before there was a payment is done to it as soon as there is one."""
    id_ = charge_id(cashier.tenant_id, news.provider, news.reference)
    yield Order(PROVIDER_CHARGE, id_, news)
    charge = cashier.charge(id_)
    paid_id = payment_id(cashier.tenant_id, news.provider, news.reference)
    if charge.paid is not None and cashier.payment(paid_id) is None:
        yield from _received(paid_id, news, charge, charge.paid, cashier)
    yield from refunding.on_told(charge, partial(cashier.payment, paid_id), cashier.invoice, cashier.wallet)
    for dispute in charge.taken_back:
        payment = cashier.payment(paid_id)
        if payment is None or not payment.exposed.minor:
            return
        yield from paying.charge_back(
            payment,
            cashier.invoice,
            cashier.wallet,
            uuid5(paid_id, f"chargeback {dispute.reference}"),
            payment.exposed if dispute.amount is None else min(payment.exposed, dispute.amount),
            reference=dispute.reference,
            reason=dispute.reason,
            at=dispute.disputed_at,
        )


def _received(id_: UUID, news: ProviderNews, charge: ProviderCharge, paid: Paid, cashier: Cashier) -> Iterator[Order]:
    assert charge.succeeded_at is not None  # it is known together with what was paid
    payer = cashier.payer(paid)
    facts = PaymentFacts(
        payment_id=id_,
        customer_id=payer.customer_id,
        customer_key=payer.key,
        zone=payer.zone,
        amount=paid.amount,
        method="provider",
        reference=paid.invoice or "",
        received_at=charge.succeeded_at,
        received_on=local_day(charge.succeeded_at, payer.zone),
        provider=news.provider,
        provider_reference=news.reference,
    )
    yield from paying.receive(None, facts, cashier.shares(payer, paid))
