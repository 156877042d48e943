"""How invoices look at the API. Amounts are minor units of `currency`; decimals are text."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy import RowMapping

from services.billing.domain.invoice.state import InvoiceStatus
from shared.ids import prefixed

InvoiceId = Annotated[UUID, prefixed("inv")]
CustomerId = Annotated[UUID, prefixed("cus")]
SubscriptionId = Annotated[UUID, prefixed("sub")]
QuoteId = Annotated[UUID, prefixed("quo")]
PeriodId = Annotated[UUID, prefixed("per")]


class TierOut(BaseModel):
    """The part of the quantity that was priced in the tier (`from_quantity`, `up_to`]."""

    from_quantity: Decimal
    up_to: Decimal | None
    quantity: Decimal
    unit_amount: Decimal
    flat_amount: Decimal
    amount: Decimal


class ProofOut(BaseModel):
    period_id: PeriodId
    revision: int
    count: int
    digest: str


class LineOut(BaseModel):
    number: int
    kind: str
    charge: str
    description: str
    group: str
    quantity: Decimal
    amount_minor: int
    residue: Decimal
    tax_rates: list[str]
    revenue_class: str
    starts_on: date
    ends_on: date
    plan: str
    plan_version: int
    term_number: int
    quote_id: QuoteId
    tiers: list[TierOut]
    proof: ProofOut | None


class CreditNoteOut(BaseModel):
    number: str
    issued_on: date
    amount_minor: int
    tax_minor: int
    refundable_minor: int
    reason: str


class InvoiceOut(BaseModel):
    invoice_id: InvoiceId
    number: str | None
    status: InvoiceStatus
    customer_id: CustomerId
    customer: str
    subscription_id: SubscriptionId
    legal_entity: str
    currency: str
    issued_on: date | None
    due_on: date | None
    subtotal_minor: int
    taxes: dict[str, int]
    tax_minor: int
    total_minor: int
    open_minor: int
    lines: list[LineOut]
    credit_note: CreditNoteOut | None
    version: int


def invoice_out(row: RowMapping | dict[str, Any]) -> InvoiceOut:
    document = row["document"]
    same = ("invoice_id", "number", "status", "customer_id", "subscription_id", "currency", "issued_on", "due_on")
    amounts = ("subtotal_minor", "tax_minor", "total_minor", "open_minor", "version")
    return InvoiceOut(
        **{name: row[name] for name in (*same, *amounts)},
        customer=row["customer_key"],
        legal_entity=document["legal_entity"],
        taxes=document["taxes"],
        lines=[line_out(line) for line in document["lines"]],
        credit_note=document["credit_note"],
    )


def line_out(line: dict[str, Any]) -> LineOut:
    """A stored line; ids are text in the document."""
    proof = line["proof"] and line["proof"] | {"period_id": UUID(line["proof"]["period_id"])}
    fields = {name: value for name, value in line.items() if name != "amount"}
    ids = {"quote_id": UUID(line["quote_id"]), "proof": proof}
    return LineOut(**fields | ids, amount_minor=line["amount"]["minor"])
