"""What a payment can be told. Each thing done to it has an id, so that it is done once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.billing.domain.payment.events import PaymentFacts, Returned
from shared.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivePayment:
    facts: PaymentFacts


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplyPayment:
    allocation_id: UUID
    invoice_id: UUID
    invoice: str
    amount: Money
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class WithdrawPayment:
    """`returned` is what the invoice said that it gives back."""

    withdrawal_id: UUID
    returned: Returned
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundPayment:
    refund_id: UUID
    amount: Money
    reference: str
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargeBack:
    """`returned` is what the invoices said that they give back; the rest of `amount` was unapplied."""

    chargeback_id: UUID
    amount: Money
    returned: tuple[Returned, ...]
    reference: str
    reason: str
    at: datetime


PaymentCommand = ReceivePayment | ApplyPayment | WithdrawPayment | RefundPayment | ChargeBack
