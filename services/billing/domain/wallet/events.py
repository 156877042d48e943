"""What happened to a wallet. Each event says what is left, and whose it is, so that it can be booked without asking."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from services.billing.domain.applied_credit import PaidLine
from shared.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class WalletFacts:
    """A wallet in short. Credit that was given away is `promotional`; the rest was paid for. `topped_up_as` is the wallet whose
    rule buys more when too little is left: itself, or the one that this one was bought for."""

    wallet_id: UUID
    customer_id: UUID
    customer_key: str
    zone: str
    name: str
    promotional: bool
    topped_up_as: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollover:
    """Of what is left when it expires `percent`, at most `limit`, goes to the wallet of the same `series` that runs then."""

    series: UUID
    percent: Decimal
    limit: Money | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WalletTerms:
    """Lower `priority` is drawn first. `expires_on` is the first day on which the credit is worth nothing. It pays lines of
    the listed `charges` only, or what is priced in units of `credit`, of days from `covers_from` up to `covers_to`; or all of
    an invoice with its tax."""

    priority: int = 50
    expires_on: date | None = None
    charges: tuple[str, ...] = ()
    credit: str | None = None
    covers_from: date | None = None
    covers_to: date | None = None
    rollover: Rollover | None = None

    @property
    def is_restricted(self) -> bool:
        return bool(self.charges) or self.credit is not None or self.covers_from is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditGranted:
    """Paid credit was bought with what was unapplied of the payment, or a line of the invoice charges for it."""

    facts: WalletFacts
    terms: WalletTerms
    amount: Money
    granted_at: datetime
    granted_on: date
    reason: str
    payment_id: UUID | None = None
    invoice_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditDrawn:
    """It pays a part of an invoice that was issued; `lines` are what of it. `balance` is what is left."""

    facts: WalletFacts
    invoice_id: UUID
    invoice: str
    amount: Money
    lines: tuple[PaidLine, ...]
    balance: Money
    on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditRestored:
    """The invoice was made void or credited, and gives back what the wallet had paid of it. `document` is the credit note."""

    facts: WalletFacts
    restoration_id: UUID
    invoice_id: UUID
    invoice: str
    amount: Money
    balance: Money
    document: str
    on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditExpired:
    """What was left of it is worth nothing any more."""

    facts: WalletFacts
    amount: Money
    balance: Money
    on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditRevoked:
    """What was left of it, or a part, was taken back: where a payment bought it, that has it unapplied again."""

    facts: WalletFacts
    amount: Money
    balance: Money
    reason: str
    on: date
    payment_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditRolledOver:
    """What did not expire with the rest, and is in another wallet now."""

    facts: WalletFacts
    to_wallet_id: UUID
    amount: Money
    balance: Money
    on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditReceived:
    """The other side of that."""

    facts: WalletFacts
    from_wallet_id: UUID
    amount: Money
    balance: Money
    on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class WalletWatched:
    """It carries a rule that tops it up: from now on somebody looks when it gets less."""

    facts: WalletFacts


WalletEvent = (
    CreditGranted
    | CreditDrawn
    | CreditRestored
    | CreditExpired
    | CreditRevoked
    | CreditRolledOver
    | CreditReceived
    | WalletWatched
)

EVENT_TYPES: dict[str, type] = {
    "credit_granted": CreditGranted,
    "credit_drawn": CreditDrawn,
    "credit_restored": CreditRestored,
    "credit_expired": CreditExpired,
    "credit_revoked": CreditRevoked,
    "credit_rolled_over": CreditRolledOver,
    "credit_received": CreditReceived,
    "wallet_watched": WalletWatched,
}
