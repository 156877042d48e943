"""What a wallet can be told. What is done to it for an invoice is done once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from services.billing.domain.applied_credit import PaidLine
from services.billing.domain.wallet.events import WalletFacts, WalletTerms
from shared.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantCredit:
    facts: WalletFacts
    terms: WalletTerms
    amount: Money
    at: datetime
    on: date
    reason: str
    payment_id: UUID | None = None
    invoice_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawCredit:
    invoice_id: UUID
    invoice: str
    amount: Money
    lines: tuple[PaidLine, ...]
    on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class RestoreCredit:
    restoration_id: UUID
    invoice_id: UUID
    invoice: str
    amount: Money
    document: str
    on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpireCredit:
    """`into` is the wallet that takes over what rolls over."""

    on: date
    into: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RevokeCredit:
    """As far as it is left; without an amount all that is."""

    reason: str
    on: date
    amount: Money | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiveCredit:
    """Once from each wallet."""

    from_wallet_id: UUID
    amount: Money
    on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchWallet:
    """It is topped up by a rule of its own."""


WalletCommand = GrantCredit | DrawCredit | RestoreCredit | ExpireCredit | RevokeCredit | ReceiveCredit | WatchWallet
