"""What the rule that tops a wallet up can be told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from services.billing.domain.invoice.commands import Number
from services.billing.domain.payment_profile import PaymentMethod
from services.billing.domain.top_up.events import TopUpRule
from services.billing.domain.wallet.events import WalletFacts
from shared.money import Money

Outcome = Literal["succeeded", "failed", "pending"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SetTopUp:
    """`facts` are those of the wallet that carries the rule. A rule that has stopped begins again, whatever it says."""

    facts: WalletFacts
    rule: TopUpRule
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SwitchOffTopUp:
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckBalance:
    """`balance` is what can be used of the wallet and of all that was bought for it, `method` what the customer has charged
    by itself. `taken_back` says that the bank took back what had paid a purchase since the rule was set."""

    balance: Money
    method: PaymentMethod | None
    taken_back: bool
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordPurchase:
    """What became of a purchase; where it succeeded `payment_id` is the payment that has bought the credit, and `number` is
    that of the receipt."""

    key: UUID
    outcome: Outcome
    reference: str
    reason: str
    at: datetime
    payment_id: UUID | None = None
    number: Number | None = None


TopUpCommand = SetTopUp | SwitchOffTopUp | CheckBalance | RecordPurchase
