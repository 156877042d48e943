"""What happened to a payment. Each event says what it moved, so that it can be booked without asking anything else."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from shared.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """By how much four balances changed. `cash` is what we hold and `receivable` what is owed to us on invoices; `unapplied`
    is what we hold for the customer and pays no invoice, `refundable` what credit notes gave back of what had been paid.
    cash + receivable = unapplied + refundable."""

    cash: Money
    receivable: Money
    unapplied: Money
    refundable: Money


def moved(currency: str, *, cash: int = 0, receivable: int = 0, unapplied: int = 0, refundable: int = 0) -> Moved:
    return Moved(
        cash=Money(cash, currency),
        receivable=Money(receivable, currency),
        unapplied=Money(unapplied, currency),
        refundable=Money(refundable, currency),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentFacts:
    """A payment in short. `provider_reference` is the name that a provider or a bank gave it, if one brought it."""

    payment_id: UUID
    customer_id: UUID
    customer_key: str
    zone: str
    amount: Money
    method: str
    reference: str
    received_at: datetime
    received_on: date
    provider: str | None = None
    provider_reference: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentReceived:
    facts: PaymentFacts
    moved: Moved


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentApplied:
    """Some of it pays an invoice; `unapplied` is what is left of it."""

    facts: PaymentFacts
    allocation_id: UUID
    invoice_id: UUID
    invoice: str
    amount: Money
    unapplied: Money
    applied_at: datetime
    moved: Moved


@dataclass(frozen=True, slots=True, kw_only=True)
class Returned:
    """What an invoice gives back of a payment: `reopened` is owed again, `refundable` a credit note had given back."""

    invoice_id: UUID
    invoice: str
    reopened: Money
    refundable: Money

    @property
    def amount(self) -> Money:
        return self.reopened + self.refundable


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentWithdrawn:
    """It does not pay this invoice any more, or a credit note gave it back: it waits unapplied again."""

    facts: PaymentFacts
    withdrawal_id: UUID
    returned: Returned
    unapplied: Money
    reason: str
    withdrawn_at: datetime
    moved: Moved


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentRefunded:
    """We gave back what was unapplied."""

    facts: PaymentFacts
    refund_id: UUID
    amount: Money
    unapplied: Money
    reference: str
    reason: str
    refunded_at: datetime
    moved: Moved


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundRequested:
    """Its provider is to give so much back. No money has moved; nobody else gets what it is promised of."""

    facts: PaymentFacts
    refund_id: UUID
    amount: Money
    reference: str
    reason: str
    requested_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundPending:
    """The provider took the request; `reference` is its name for the refund."""

    refund_id: UUID
    reference: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundFailed:
    """Nothing was given back: it waits unapplied."""

    refund_id: UUID
    amount: Money
    reference: str
    reason: str
    failed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentChargedBack:
    """The bank took it back: first what was unapplied, then what paid invoices, the last one first."""

    facts: PaymentFacts
    chargeback_id: UUID
    amount: Money
    unapplied: Money
    returned: tuple[Returned, ...]
    reference: str
    reason: str
    charged_back_at: datetime
    moved: Moved


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditBought:
    """Some of it is prepaid credit now; `unapplied` is what is left. The wallet says the same, and books it."""

    facts: PaymentFacts
    wallet_id: UUID
    amount: Money
    unapplied: Money
    bought_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditReturned:
    """What was left of the credit was taken back, and waits unapplied again. The wallet books that, too."""

    facts: PaymentFacts
    wallet_id: UUID
    amount: Money
    unapplied: Money
    returned_at: datetime


PaymentEvent = (
    PaymentReceived
    | PaymentApplied
    | PaymentWithdrawn
    | PaymentRefunded
    | PaymentChargedBack
    | CreditBought
    | CreditReturned
    | RefundRequested
    | RefundPending
    | RefundFailed
)

EVENT_TYPES: dict[str, type] = {
    "payment_received": PaymentReceived,
    "payment_applied": PaymentApplied,
    "payment_withdrawn": PaymentWithdrawn,
    "payment_refunded": PaymentRefunded,
    "payment_charged_back": PaymentChargedBack,
    "credit_bought": CreditBought,
    "credit_returned": CreditReturned,
    "refund_requested": RefundRequested,
    "refund_pending": RefundPending,
    "refund_failed": RefundFailed,
}
