"""Refunds that a provider makes: asked for by us, or made without us; the same in whichever order they are told."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Literal
from uuid import UUID, uuid5

from services.billing.domain.invoice.state import Invoice
from services.billing.domain.payment import PAYMENT
from services.billing.domain.payment.commands import RecordRefund, RefundPayment
from services.billing.domain.payment.state import Payment
from services.billing.domain.provider_charge import ProviderCharge, ToldRefund
from services.billing.domain.wallet.state import Wallet
from services.billing.processes import paying
from shared.orders import Order

Known = Callable[[], Payment | None]
Invoices = Callable[[UUID], Invoice]
Wallets = Callable[[UUID], Wallet | None]


def on_answer(
    payment_id: UUID,
    refund_id: UUID,
    outcome: Literal["pending", "succeeded", "failed"],
    reference: str,
    reason: str,
    at: datetime,
) -> Iterator[Order]:
    command = RecordRefund(refund_id=refund_id, outcome=outcome, reference=reference, reason=reason, at=at)
    yield Order(PAYMENT, payment_id, command)


def on_told(charge: ProviderCharge, known: Known, invoice: Invoices, wallet: Wallets) -> Iterator[Order]:
    """What webhooks told of the refunds of a charge, as far as it is clear which ones they are."""
    for told in charge.refunds:
        payment = known()
        if payment is None:
            return
        refund_id = _asked_for(payment, told)
        if refund_id is not None:
            id_ = payment.facts.payment_id
            yield from on_answer(id_, refund_id, told.outcome, told.reference, told.reason, told.at)
        elif told.outcome == "succeeded" and not _may_be_ours(payment, told):
            yield from _made_without_us(payment, told, invoice, wallet)


def _asked_for(payment: Payment, told: ToldRefund) -> UUID | None:
    if told.key in payment.refunds:
        return told.key
    named = (id_ for id_, refund in payment.refunds.items() if refund.reference == told.reference)
    return next(named, None)


def _may_be_ours(payment: Payment, told: ToldRefund) -> bool:
    """A webhook may be faster than the answer that gives the refund its name."""
    nameless = (refund for refund in payment.refunds.values() if refund.reference is None and not refund.settled)
    return told.key is None and any(refund.amount == told.amount for refund in nameless)


def _made_without_us(payment: Payment, told: ToldRefund, invoice: Invoices, wallet: Wallets) -> Iterator[Order]:
    """The money is gone: of what is unapplied, or else invoices are owed again."""
    id_ = uuid5(payment.facts.payment_id, f"refund {told.reference}")
    amount, reason = min(told.amount, payment.exposed), told.reason or "given back by the provider"
    if id_ in payment.done or not amount.minor:
        return
    if amount <= payment.free:
        command = RefundPayment(refund_id=id_, amount=amount, reference=told.reference, reason=reason, at=told.at)
        yield Order(PAYMENT, payment.facts.payment_id, command)
    else:
        yield from paying.charge_back(
            payment, invoice, wallet, id_, amount, reference=told.reference, reason=reason, at=told.at
        )
