"""What happened to an invoice. Events after the issue carry the facts that a message about it must tell."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from services.billing.domain.agreement import Party
from services.billing.domain.invoice.line import InvoiceLine
from services.billing.domain.subscription.events import Bill
from shared.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """total = subtotal + tax; `taxes` by the text of the rate."""

    subtotal: Money
    taxes: dict[str, Money]
    tax: Money
    total: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """`subscription_version` is the version of the subscription's stream that the lines were made from."""

    invoice_id: UUID
    subscription_id: UUID
    subscription_version: int
    party: Party
    legal_entity: str
    net_days: int
    bill: Bill


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """An issued invoice in short."""

    invoice_id: UUID
    number: str
    subscription_id: UUID
    party: Party
    issued_on: date
    due_on: date
    total: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceDrafted:
    header: Header
    lines: tuple[InvoiceLine, ...]
    totals: Totals
    review_until: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceRecalculated:
    """`before` is the total that the draft had; `cause` what changed it."""

    lines: tuple[InvoiceLine, ...]
    totals: Totals
    before: Money
    cause: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceIssued:
    facts: Facts
    legal_entity: str
    series: str
    sequence: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentAllocated:
    facts: Facts
    payment_id: UUID
    amount: Money
    open: Money
    reference: str
    received_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoicePaid:
    facts: Facts
    paid_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceOverdue:
    facts: Facts
    open: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceVoided:
    facts: Facts
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditNoteIssued:
    """In full: what is open is taken back, what was paid becomes refundable."""

    facts: Facts
    credit_note_number: str
    legal_entity: str
    series: str
    sequence: int
    issued_on: date
    amount: Money
    tax: Money
    refundable: Money
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceDiscarded:
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectionNoted:
    """A usage period was revised after the invoice was issued: `delta` is what the lines of it would change by."""

    facts: Facts
    correction_id: UUID
    period_id: UUID
    charge: str
    revision: int
    cause: str
    delta: Money


InvoiceEvent = (
    InvoiceDrafted
    | InvoiceRecalculated
    | InvoiceIssued
    | PaymentAllocated
    | InvoicePaid
    | InvoiceOverdue
    | InvoiceVoided
    | CreditNoteIssued
    | InvoiceDiscarded
    | CorrectionNoted
)

EVENT_TYPES: dict[str, type] = {
    "invoice_drafted": InvoiceDrafted,
    "invoice_recalculated": InvoiceRecalculated,
    "invoice_issued": InvoiceIssued,
    "payment_allocated": PaymentAllocated,
    "invoice_paid": InvoicePaid,
    "invoice_overdue": InvoiceOverdue,
    "invoice_voided": InvoiceVoided,
    "credit_note_issued": CreditNoteIssued,
    "invoice_discarded": InvoiceDiscarded,
    "correction_noted": CorrectionNoted,
}
