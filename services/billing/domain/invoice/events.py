"""What happened to an invoice. Events after the issue carry the facts that a message about it must tell."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal
from uuid import UUID

from services.billing.domain.agreement import Party
from services.billing.domain.applied_credit import AppliedCredit, RestoredCredit
from services.billing.domain.correction import Carried, Correction, CorrectionDocument
from services.billing.domain.coupon import CappedCoupon
from services.billing.domain.invoice.edit_events import EDIT_TYPES, InvoiceLineEdited
from services.billing.domain.invoice.header import Header, InvoiceKind
from services.billing.domain.invoice.line_edits import OneOff
from services.billing.domain.invoice.totals import Totals
from services.billing.domain.invoice_line import InvoiceLine
from shared.money import Money

NotedStatus = Literal["open", "deferred", "ignored"]
Answer = Literal["billed", "credited", "unchanged"]


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoicedSubscription:
    """`share` is what the lines of a subscription still carry of a consolidated invoice, with their tax, never below zero:
    what is open is split by these, and what is left of the split is its debt."""

    subscription_id: UUID
    share: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """An issued invoice in short. A consolidated one names its `subscriptions`; `cost_centres` are those of its lines."""

    invoice_id: UUID
    number: str
    subscription_id: UUID | None
    party: Party
    issued_on: date
    due_on: date
    total: Money
    kind: InvoiceKind = "regular"
    corrects_invoice_id: UUID | None = None
    subscriptions: tuple[InvoicedSubscription, ...] = ()
    cost_centres: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceDrafted:
    """`revisions` are those of the usage periods, by id, that the lines were made from. `items` are what a person had charged
    for, and are the first edits of the draft; `reason` says why."""

    header: Header
    lines: tuple[InvoiceLine, ...]
    totals: Totals
    review_until: datetime | None
    revisions: dict[UUID, int] = field(default_factory=dict)
    items: tuple[OneOff, ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceRecalculated:
    """`before` is the total that the draft had; `cause` what changed it."""

    lines: tuple[InvoiceLine, ...]
    totals: Totals
    before: Money
    cause: str
    revisions: dict[UUID, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceIssued:
    """`credit` is what wallets paid of it at once, in the order in which they were drawn."""

    facts: Facts
    legal_entity: str
    series: str
    sequence: int
    credit: tuple[AppliedCredit, ...] = ()

    @property
    def open(self) -> Money:
        return self.facts.total - Money.total((each.amount for each in self.credit), self.facts.total.currency)


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceHeld:
    """Its `total` is above the `bound`: it stays a draft until somebody has looked at it."""

    total: Money
    bound: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceReleased:
    """Somebody has, and `total` is right. It is due by the terms of payment from the day `on`."""

    total: Money
    reason: str
    on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentAllocated:
    """Part of a payment, `allocation_id`; None is all of one that was recorded here alone, before payments had streams."""

    facts: Facts
    payment_id: UUID
    amount: Money
    open: Money
    reference: str
    received_at: datetime
    allocation_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentReturned:
    """Of `amount` credit notes had given back `refundable`; `reopened` is owed again, and `open` is all that is."""

    facts: Facts
    return_id: UUID
    payment_id: UUID
    amount: Money
    reopened: Money
    refundable: Money
    open: Money
    reason: str
    returned_at: datetime


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
class InvoiceWrittenOff:
    """`amount` was open and is not expected any more; `written_off` is all that is not."""

    facts: Facts
    amount: Money
    written_off: Money
    reason: str
    on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceRecovered:
    """`amount` of what was written off came in after all: it is owed again, and paid at once. `written_off` is still lost."""

    facts: Facts
    payment_id: UUID
    amount: Money
    written_off: Money
    on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditNoteIssued:
    """What is open is taken back first, then what was written off; `restored` goes back to the wallets that paid it, and what
    was paid in money becomes refundable. `open` is what is
    left to pay, and `left` what the invoice still carries, paid or not; None is nothing. In full it has no lines; a
    correction has those that it takes back, as positive amounts, and so has what a person gave back of lines. Credit for
    unused time has the `subscription_version` that it follows from. `forgiven` is the part that had been written off, and
    `written_off` what still is."""

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
    open: Money | None = None
    left: Money | None = None
    carried: Carried = field(default_factory=Carried)
    corrects: Correction | None = None
    subscription_version: int | None = None
    forgiven: Money | None = None
    written_off: Money | None = None
    restored: tuple[RestoredCredit, ...] = ()

    @property
    def is_last(self) -> bool:
        return self.left is None or not self.left.minor

    @property
    def is_given(self) -> bool:
        """A person gave back parts of lines."""
        return bool(self.carried.lines) and self.corrects is None and self.subscription_version is None


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceDiscarded:
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectionNoted:
    """A usage period was revised after the invoice was issued: `delta` is what the lines of it would change by, and
    `difference` how. `policy` decided the status, `revisions` and `capped` are those that the invoice was rated again with.
    Nothing of it says that it was noted before there were answers: then it is part of the next one."""

    facts: Facts
    correction_id: UUID
    period_id: UUID
    charge: str
    revision: int
    cause: str
    delta: Money
    status: NotedStatus = "open"
    policy: str = ""
    difference: Carried = field(default_factory=Carried)
    revisions: dict[UUID, int] = field(default_factory=dict)
    event_ids: tuple[str, ...] = ()
    capped: tuple[CappedCoupon, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectionAnswered:
    """The documents that took the difference; it is the answer to all corrections that were open."""

    facts: Facts
    correction_ids: tuple[UUID, ...]
    answer: Answer
    documents: tuple[CorrectionDocument, ...]


InvoiceEvent = (
    InvoiceDrafted
    | InvoiceRecalculated
    | InvoiceLineEdited
    | InvoiceIssued
    | InvoiceHeld
    | InvoiceReleased
    | PaymentAllocated
    | PaymentReturned
    | InvoicePaid
    | InvoiceOverdue
    | InvoiceVoided
    | InvoiceWrittenOff
    | InvoiceRecovered
    | CreditNoteIssued
    | InvoiceDiscarded
    | CorrectionNoted
    | CorrectionAnswered
)

EVENT_TYPES: dict[str, type] = {
    "invoice_drafted": InvoiceDrafted,
    "invoice_recalculated": InvoiceRecalculated,
    **EDIT_TYPES,
    "invoice_issued": InvoiceIssued,
    "invoice_held": InvoiceHeld,
    "invoice_released": InvoiceReleased,
    "payment_allocated": PaymentAllocated,
    "payment_returned": PaymentReturned,
    "invoice_paid": InvoicePaid,
    "invoice_overdue": InvoiceOverdue,
    "invoice_voided": InvoiceVoided,
    "invoice_written_off": InvoiceWrittenOff,
    "invoice_recovered": InvoiceRecovered,
    "credit_note_issued": CreditNoteIssued,
    "invoice_discarded": InvoiceDiscarded,
    "correction_noted": CorrectionNoted,
    "correction_answered": CorrectionAnswered,
}
