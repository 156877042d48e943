"""What a payment can be told. Each thing done to it has an id, so that it is done once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
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
class RequestRefund:
    """Through the provider that the payment came by."""

    refund_id: UUID
    amount: Money
    reference: str
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordRefund:
    """What became of a request; `reference` is the provider's name for the refund."""

    refund_id: UUID
    outcome: Literal["pending", "succeeded", "failed"]
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


@dataclass(frozen=True, slots=True, kw_only=True)
class BuyCredit:
    """Once for each wallet."""

    wallet_id: UUID
    amount: Money
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnCredit:
    """`amount` is what the wallet said was left of it."""

    wallet_id: UUID
    amount: Money
    at: datetime


PaymentCommand = (
    ReceivePayment
    | ApplyPayment
    | WithdrawPayment
    | RefundPayment
    | RequestRefund
    | RecordRefund
    | ChargeBack
    | BuyCredit
    | ReturnCredit
)
