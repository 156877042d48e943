"""/v1/payments: money that came in, and the invoice it pays."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from sqlalchemy import RowMapping

from services.billing.api.access import ReadBilling, RecordPayments
from services.billing.api.invoice_forms import InvoiceId
from services.billing.domain.invoice import INVOICE
from services.billing.domain.invoice.commands import RecordPayment
from services.billing.domain.invoice.state import InvoiceNotFound
from services.billing.projections import invoices, payments
from services.billing.tables import payments as table
from shared.http.fields import Instant
from shared.http.pages import Listed, PageQuery, page_of
from shared.http.routes import TransactionalRoute
from shared.ids import new_id, prefixed
from shared.money import Money
from shared.unit_of_work import UnitOfWork

router = APIRouter(prefix="/v1/payments", tags=["payments"], route_class=TransactionalRoute)

PaymentId = Annotated[UUID, prefixed("pay")]


class PaymentIn(BaseModel):
    """Names its invoice by `invoice` (the number); without one, `customer`'s oldest due invoice is paid."""

    model_config = ConfigDict(extra="forbid")
    invoice: Annotated[str, StringConstraints(max_length=60)] | None = None
    customer: Annotated[str, StringConstraints(max_length=100)] | None = None
    amount_minor: Annotated[int, Field(gt=0, lt=10**15, strict=True)]
    currency: Annotated[str, StringConstraints(pattern="^[A-Z]{3}$")]
    reference: Annotated[str, StringConstraints(max_length=200)] = ""
    received_at: Instant | None = None


class PaymentOut(BaseModel):
    payment_id: PaymentId
    invoice_id: InvoiceId
    amount_minor: int
    currency: str
    reference: str
    received_at: datetime


@router.post("", status_code=201)
def record(body: PaymentIn, unit: RecordPayments) -> PaymentOut:
    """Not more than is open: what is too much is refused."""
    invoice, id_ = _invoice(body, unit), new_id()
    command = RecordPayment(
        payment_id=id_,
        amount=Money(body.amount_minor, body.currency),
        reference=body.reference,
        received_at=body.received_at or unit.now,
    )
    unit.execute(INVOICE, invoice["invoice_id"], command)
    return PaymentOut(
        payment_id=id_,
        invoice_id=invoice["invoice_id"],
        amount_minor=body.amount_minor,
        currency=body.currency,
        reference=body.reference,
        received_at=command.received_at,
    )


@router.get("")
def list_payments(
    unit: ReadBilling, page: PageQuery, invoice_id: Annotated[InvoiceId | None, Query()] = None
) -> Listed[PaymentOut]:
    return page_of(unit, payments.of_tenant(unit, invoice_id=invoice_id), table.c.payment_id, page, _shown)


def _invoice(body: PaymentIn, unit: UnitOfWork) -> dict[str, Any]:
    if body.invoice is not None:
        return invoices.by_number(unit, body.invoice)
    if body.customer is not None:
        return invoices.oldest_due(unit, body.customer)
    raise InvoiceNotFound("name the invoice, or the customer whose oldest due invoice is paid", field="/invoice")


def _shown(row: RowMapping) -> PaymentOut:
    return PaymentOut(**{name: value for name, value in row.items() if name != "tenant_id"})
