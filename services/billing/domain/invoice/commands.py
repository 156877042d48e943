"""What an invoice can be told. A number is given by whoever holds the counter, and counts only if it was used."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

from services.billing.domain.applied_credit import AppliedCredit
from services.billing.domain.correction import Carried, Correction, CorrectionDocument
from services.billing.domain.coupon import CappedCoupon
from services.billing.domain.invoice.events import Answer, NotedStatus
from services.billing.domain.invoice.giving_back import LinePart
from services.billing.domain.invoice.header import Header
from services.billing.domain.invoice.line_edits import OneOff
from services.billing.domain.invoice_line import InvoiceLine
from shared.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftInvoice:
    """`taxes` are given where they are not those of the lines: on a correction, as differences. `items` are charged for
    besides, and `reason` says why."""

    header: Header
    lines: tuple[InvoiceLine, ...]
    review_until: datetime | None
    revisions: dict[UUID, int] = field(default_factory=dict)
    taxes: dict[str, Money] | None = None
    items: tuple[OneOff, ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecalculateInvoice:
    lines: tuple[InvoiceLine, ...]
    cause: str
    revisions: dict[UUID, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class AddLine:
    """`tax_categories` are those that some place lists."""

    item: OneOff
    reason: str
    tax_categories: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveLine:
    """`line` is its number."""

    line: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AdjustLine:
    """`by` is added to its net."""

    line: int
    by: Money
    reason: str


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
    """Above the `bound` nothing is issued before a person has looked at it. `credit` is what wallets pay of it. A one-off
    invoice has no billing day: it is issued `on` the customer's day."""

    number: Number
    bound: Money | None = None
    credit: tuple[AppliedCredit, ...] = ()
    on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseInvoice:
    """`on` is the customer's day: nobody owes for the time that we took to look."""

    reason: str
    on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordPayment:
    """`allocation_id` is which part of the payment it is; `applied_at` is when, where the money was there before."""

    payment_id: UUID
    amount: Money
    reference: str
    received_at: datetime
    allocation_id: UUID | None = None
    applied_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnPayment:
    """Some of what a payment paid is not paid by it any more. Without `reopens` only what can be refunded; `on` is the
    customer's day."""

    return_id: UUID
    payment_id: UUID
    amount: Money
    reason: str
    at: datetime
    on: date
    reopens: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkOverdue:
    on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class VoidInvoice:
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteOffInvoice:
    """All that is open of it; `on` is the customer's day."""

    reason: str
    on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditInvoice:
    """All that the invoice still carries."""

    number: Number
    on: date
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditLines:
    """Parts of lines, with the tax that goes with them."""

    number: Number
    on: date
    at: datetime
    reason: str
    parts: tuple[LinePart, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscardInvoice:
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditCorrection:
    """A part of the invoice; lines and taxes of `carried` as positive amounts."""

    number: Number
    on: date
    at: datetime
    corrects: Correction
    carried: Carried


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditUnused:
    """Time that was billed and is not used, as positive amounts; by the subscription as of a version of its stream."""

    number: Number
    on: date
    at: datetime
    reason: str
    subscription_version: int
    carried: Carried


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteCorrection:
    """`revisions` are those of all usage periods of the invoice that it was rated again with, `capped` what its coupons might
    take by then."""

    correction: Correction
    charge: str
    status: NotedStatus
    policy: str
    difference: Carried
    revisions: dict[UUID, int]
    event_ids: tuple[str, ...] = ()
    capped: tuple[CappedCoupon, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerCorrection:
    correction_ids: tuple[UUID, ...]
    answer: Answer
    documents: tuple[CorrectionDocument, ...] = ()


InvoiceCommand = (
    DraftInvoice
    | RecalculateInvoice
    | AddLine
    | RemoveLine
    | AdjustLine
    | IssueInvoice
    | ReleaseInvoice
    | RecordPayment
    | ReturnPayment
    | MarkOverdue
    | VoidInvoice
    | WriteOffInvoice
    | CreditInvoice
    | CreditLines
    | DiscardInvoice
    | NoteCorrection
    | CreditCorrection
    | CreditUnused
    | AnswerCorrection
)
