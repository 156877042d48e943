"""What an invoice can be told. A number is given by whoever holds the counter, and counts only if it was used."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from services.billing.domain.invoice.events import Header
from services.billing.domain.invoice.line import InvoiceLine
from shared.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftInvoice:
    header: Header
    lines: tuple[InvoiceLine, ...]
    review_until: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecalculateInvoice:
    lines: tuple[InvoiceLine, ...]
    cause: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """The next number of a series: `sequence` has no gaps within legal entity and series."""

    legal_entity: str
    series: str
    sequence: int

    @property
    def text(self) -> str:
        return f"{self.series}-{self.sequence:06d}"


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueInvoice:
    number: Number


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordPayment:
    payment_id: UUID
    amount: Money
    reference: str
    received_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkOverdue:
    on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class VoidInvoice:
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditInvoice:
    number: Number
    on: date
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscardInvoice:
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteCorrection:
    correction_id: UUID
    period_id: UUID
    charge: str
    revision: int
    cause: str
    delta: Money


InvoiceCommand = (
    DraftInvoice
    | RecalculateInvoice
    | IssueInvoice
    | RecordPayment
    | MarkOverdue
    | VoidInvoice
    | CreditInvoice
    | DiscardInvoice
    | NoteCorrection
)
