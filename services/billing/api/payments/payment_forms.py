"""How payments look at the API. Amounts are minor units of `currency`."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from sqlalchemy import RowMapping

from services.billing.api.invoices.invoice_forms import CustomerId, InvoiceId
from services.billing.api.payments.payment_profiles import ProviderName
from shared.http.fields import Day, Instant
from shared.ids import prefixed

PaymentId = Annotated[UUID, prefixed("pay")]
InvoiceNumber = Annotated[str, StringConstraints(max_length=60)]
Minor = Annotated[int, Field(gt=0, lt=10**15, strict=True)]
Currency = Annotated[str, StringConstraints(pattern="^[A-Z]{3}$")]
Reference = Annotated[str, StringConstraints(max_length=200)]
Reason = Annotated[str, StringConstraints(min_length=1, max_length=500)]


class AllocationIn(BaseModel):
    model_config = ConfigDict(extra="forbid")
    invoice: InvoiceNumber
    amount_minor: Minor


class PaymentIn(BaseModel):
    """With `invoice` (the number) all of it pays this invoice. With `allocations` it pays those, and the rest waits
    unapplied. With `customer` alone the oldest due invoices are paid first. A payment that a provider gave a reference is
    recorded once, whoever tells it how often."""

    model_config = ConfigDict(extra="forbid")
    invoice: InvoiceNumber | None = None
    customer: Annotated[str, StringConstraints(max_length=100)] | None = None
    allocations: Annotated[list[AllocationIn], Field(max_length=100)] | None = None
    amount_minor: Minor
    currency: Currency
    method: Annotated[str, StringConstraints(pattern=r"^[a-z0-9_-]{1,40}$")] = "transfer"
    reference: Reference = ""
    received_at: Instant | None = None
    received_on: Day | None = None
    provider: ProviderName | None = None
    provider_reference: Annotated[str, StringConstraints(min_length=1, max_length=300)] | None = None


class AllocateIn(BaseModel):
    """Without an amount as much as there is and is owed."""

    model_config = ConfigDict(extra="forbid")
    invoice: InvoiceNumber
    amount_minor: Minor | None = None


class WithdrawIn(BaseModel):
    """With `only_refundable` no more than a credit note gave back, so that nothing is owed again."""

    model_config = ConfigDict(extra="forbid")
    invoice: InvoiceNumber
    amount_minor: Minor
    only_refundable: Annotated[bool, Field(strict=True)] = False
    reason: Reason


class RefundIn(BaseModel):
    """Of what is unapplied; with `invoice` of what a credit note gave back there. What came by a provider is given back by it,
    unless that was done otherwise already: `by_hand`."""

    model_config = ConfigDict(extra="forbid")
    amount_minor: Minor
    invoice: InvoiceNumber | None = None
    by_hand: Annotated[bool, Field(strict=True)] = False
    reference: Reference = ""
    reason: Reason


class ChargebackIn(BaseModel):
    """Without an amount all that is left of the payment. `reference` is the bank's: the same one is counted once."""

    model_config = ConfigDict(extra="forbid")
    amount_minor: Minor | None = None
    reference: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    reason: Reason


class AllocationOut(BaseModel):
    invoice_id: InvoiceId
    invoice: str
    amount_minor: int


class PaymentOut(BaseModel):
    """`amount_minor` = `allocations` + prepaid + unapplied + refunded + charged back; `prepaid_minor` bought credit of wallets,
    and `promised_minor` of the unapplied waits for a refund that the provider was asked for. `invoice_id` is the first
    invoice that it
    pays."""

    payment_id: PaymentId
    invoice_id: InvoiceId | None
    customer_id: CustomerId | None
    customer: str | None
    amount_minor: int
    unapplied_minor: int
    promised_minor: int
    refunded_minor: int
    charged_back_minor: int
    prepaid_minor: int
    currency: str
    method: str
    reference: str
    received_at: datetime
    received_on: date | None
    provider: str | None
    provider_reference: str | None
    allocations: list[AllocationOut]
    version: int


_SAME = (
    "payment_id",
    "customer_id",
    "amount_minor",
    "unapplied_minor",
    "promised_minor",
    "refunded_minor",
    "charged_back_minor",
    "prepaid_minor",
    "currency",
    "reference",
    "received_at",
    "version",
)


def payment_out(row: RowMapping | dict[str, Any]) -> PaymentOut:
    """One that was recorded before payments had streams says less of itself."""
    allocations = [AllocationOut(**told | {"invoice_id": UUID(told["invoice_id"])}) for told in row["allocations"]]
    told = row["payment"]
    return PaymentOut(
        **{name: row[name] for name in _SAME},
        customer=row["customer_key"],
        invoice_id=row["invoice_id"] or (allocations[0].invoice_id if allocations else None),
        method=told.get("method", "transfer"),
        received_on=told.get("received_on"),
        provider=told.get("provider"),
        provider_reference=told.get("provider_reference"),
        allocations=allocations,
    )
