"""What has to be known to settle what a provider tells."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

from services.billing.domain.invoice.commands import Number
from services.billing.domain.invoice.state import Invoice
from services.billing.domain.payment.allocation import Share
from services.billing.domain.payment.state import Payment
from services.billing.domain.provider_charge import Paid, ProviderCharge
from services.billing.domain.top_up.state import TopUp
from services.billing.domain.wallet.state import Wallet


@dataclass(frozen=True, slots=True, kw_only=True)
class Payer:
    customer_id: UUID
    key: str
    zone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Cashier:
    """What is known of charges, payments, invoices, wallets and what tops them up, of who pays, and of what would be paid. The
    number of a receipt is asked for last, because that locks its counter."""

    tenant_id: UUID
    charge: Callable[[UUID], ProviderCharge]
    payment: Callable[[UUID], Payment | None]
    invoice: Callable[[UUID], Invoice]
    wallet: Callable[[UUID], Wallet | None]
    top_up: Callable[[UUID], TopUp | None]
    payer: Callable[[Paid], Payer]
    shares: Callable[[Payer, Paid], Sequence[Share]]
    next_receipt: Callable[[], Number]
