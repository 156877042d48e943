"""What billing says of invoices, on `billing.invoices`."""

from __future__ import annotations

from datetime import date
from typing import ClassVar
from uuid import UUID

import msgspec

from shared.messages import Contract


class InvoicedSubscription(msgspec.Struct, frozen=True, kw_only=True):
    """`share_minor` is what its lines still carry, with tax: what is open of the invoice is split by these, the largest
    remainders first."""

    subscription_id: UUID
    share_minor: int


class InvoiceMessage(Contract, frozen=True, kw_only=True):
    """`kind` is regular, or correction: then of the invoice `corrects_invoice_id`, whose usage was known late; or one_off:
    then it has no subscription. One of several names the `subscriptions`, and has no `subscription_id` of its own.
    `cost_centres` are those that the customer named for lines of it."""

    invoice_id: UUID
    number: str
    subscription_id: UUID | None
    customer_id: UUID
    customer_key: str
    zone: str
    currency: str
    issued_on: date
    due_on: date
    total_minor: int
    kind: str = "regular"
    corrects_invoice_id: UUID | None = None
    subscriptions: list[InvoicedSubscription] = msgspec.field(default_factory=list)
    cost_centres: list[str] = msgspec.field(default_factory=list)


class InvoiceIssuedV1(InvoiceMessage, frozen=True, kw_only=True):
    """`open_minor` is what credit of the customer did not pay at once; without it all is open."""

    TYPE: ClassVar[str] = "billing.invoice_issued.v1"
    open_minor: int | None = None


class InvoicePaymentAllocatedV1(InvoiceMessage, frozen=True, kw_only=True):
    TYPE: ClassVar[str] = "billing.invoice_payment_allocated.v1"
    payment_id: UUID
    amount_minor: int
    open_minor: int


class InvoiceReopenedV1(InvoiceMessage, frozen=True, kw_only=True):
    """`amount_minor` had been paid and is owed again: the payment was taken back, or did not belong here."""

    TYPE: ClassVar[str] = "billing.invoice_reopened.v1"
    payment_id: UUID
    amount_minor: int
    open_minor: int
    reason: str


class InvoicePaidV1(InvoiceMessage, frozen=True, kw_only=True):
    TYPE: ClassVar[str] = "billing.invoice_paid.v1"


class InvoiceOverdueV1(InvoiceMessage, frozen=True, kw_only=True):
    TYPE: ClassVar[str] = "billing.invoice_overdue.v1"
    open_minor: int


class InvoiceVoidedV1(InvoiceMessage, frozen=True, kw_only=True):
    TYPE: ClassVar[str] = "billing.invoice_voided.v1"
    reason: str


class InvoiceWrittenOffV1(InvoiceMessage, frozen=True, kw_only=True):
    """`amount_minor` was open and is not expected any more; `written_off_minor` is all of it that is not."""

    TYPE: ClassVar[str] = "billing.invoice_written_off.v1"
    amount_minor: int
    written_off_minor: int
    reason: str


class InvoiceRecoveredV1(InvoiceMessage, frozen=True, kw_only=True):
    """`amount_minor` of what was written off came in after all; `written_off_minor` is still lost."""

    TYPE: ClassVar[str] = "billing.invoice_recovered.v1"
    payment_id: UUID
    amount_minor: int
    written_off_minor: int


class InvoiceCreditedV1(InvoiceMessage, frozen=True, kw_only=True):
    """`open_minor` is what is left to pay, `refundable_minor` what of the credit had been paid already, and
    `written_off_minor` what is still written off."""

    TYPE: ClassVar[str] = "billing.invoice_credited.v1"
    credit_minor: int
    reason: str
    credit_note: str = ""
    open_minor: int = 0
    refundable_minor: int = 0
    written_off_minor: int = 0
