"""What happened to the rule that tops a wallet up, and to each purchase that it made."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal
from uuid import UUID

from services.billing.domain.payment_profile import PaymentMethod
from services.billing.domain.wallet.events import WalletFacts
from shared.money import Money

StoppedFor = Literal["payment_failed", "payment_taken_back", "nothing_to_charge", "limit_reached"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TopUpRule:
    """When less than `threshold` is left `amount` is bought: `most_in_month` times in a month of the customer's zone, and for
    `limit` in all until a person sets the rule again. What is bought is kept for `keep_days`, or without an end."""

    threshold: Money
    amount: Money
    most_in_month: int
    limit: Money
    keep_days: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Purchase:
    """`key` is the provider's guard against charging twice, and the id of the wallet that is bought. `left` is what was left
    when it was asked for, `month` the first day of the month that it counts in."""

    key: UUID
    number: int
    facts: WalletFacts
    amount: Money
    method: PaymentMethod
    left: Money
    month: date
    requested_at: datetime

    @property
    def name(self) -> str:
        """What the provider is told that the charge is for."""
        return purchase_name(self.key)


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """For credit that was bought, without tax: that is due when it is used. `sequence` has no gaps within legal entity and
    series."""

    number: str
    legal_entity: str
    series: str
    sequence: int
    issued_on: date


_NAMED = "TOP-UP-"


def purchase_name(key: UUID) -> str:
    return f"{_NAMED}{key.hex}"


def purchase_key(name: str) -> UUID | None:
    """Of a purchase that is called so; None for whatever else a charge is for."""
    try:
        return UUID(name.removeprefix(_NAMED)) if name.startswith(_NAMED) else None
    except ValueError:
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class TopUpSet:
    facts: WalletFacts
    rule: TopUpRule
    reason: str
    set_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TopUpSwitchedOff:
    """What has been asked of the provider before is still bought."""

    reason: str
    switched_off_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TopUpHeld:
    """As much was bought in this month as may be: the balance is looked at again when the next one begins."""

    until: datetime
    held_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TopUpStopped:
    """Nothing is bought until a person sets the rule again."""

    stopped_for: StoppedFor
    reason: str
    stopped_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditPurchaseRequested:
    purchase: Purchase


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditPurchasePending:
    """The provider took it, and a webhook will say what became of it."""

    purchase: Purchase
    reference: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditPurchased:
    """What was bought before there were receipts has none."""

    purchase: Purchase
    reference: str
    payment_id: UUID
    purchased_at: datetime
    receipt: Receipt | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditPurchaseFailed:
    purchase: Purchase
    reference: str
    reason: str
    failed_at: datetime


TopUpEvent = (
    TopUpSet
    | TopUpSwitchedOff
    | TopUpHeld
    | TopUpStopped
    | CreditPurchaseRequested
    | CreditPurchasePending
    | CreditPurchased
    | CreditPurchaseFailed
)

EVENT_TYPES: dict[str, type] = {
    "top_up_set": TopUpSet,
    "top_up_switched_off": TopUpSwitchedOff,
    "top_up_held": TopUpHeld,
    "top_up_stopped": TopUpStopped,
    "credit_purchase_requested": CreditPurchaseRequested,
    "credit_purchase_pending": CreditPurchasePending,
    "credit_purchased": CreditPurchased,
    "credit_purchase_failed": CreditPurchaseFailed,
}
