"""/v1/invoices/{id}/lines: what people add to a draft, take off it, or adjust."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from pydantic import Field

from services.billing.api.access import ChangeInvoices
from services.billing.api.catalogue.plan_forms import Code, ExactForm, Form, Name, Rates
from services.billing.api.invoices.invoice_documents import invoice_document
from services.billing.api.invoices.invoice_forms import InvoiceId, InvoiceOut
from services.billing.api.invoices.invoices import Reason, Why
from services.billing.domain.invoice import INVOICE
from services.billing.domain.invoice.commands import AddLine, AdjustLine, RemoveLine
from services.billing.domain.invoice.line_edits import OneOff
from services.billing.domain.plan import RevenueClass
from services.billing.domain.pricing.price import Price
from services.billing.projections.catalogue import tax_places
from services.billing.projections.invoices import invoices
from shared.http.fields import DecimalText
from shared.http.ready import Ready
from shared.http.routes import TransactionalRoute
from shared.money import Money

router = APIRouter(prefix="/v1/invoices", tags=["invoices"], route_class=TransactionalRoute)

MOST_ADJUSTED = 10**15


class OneOffForm(ExactForm):
    """What is charged for once: `quantity` at `price`, which is in the currency of the invoice."""

    code: Code = "one_off"
    description: Name
    quantity: DecimalText
    price: Price
    tax_rates: Rates = ()
    tax_category: Code | None = None
    revenue_class: RevenueClass = "new"

    def item(self) -> OneOff:
        return OneOff(**{name: getattr(self, name) for name in OneOffForm.model_fields})


class AddedLine(OneOffForm):
    reason: Reason


class AdjustedLine(Form):
    """`by_minor` is added to the net of the line, and taken off it where it is negative."""

    by_minor: Annotated[int, Field(strict=True, gt=-MOST_ADJUSTED, lt=MOST_ADJUSTED)]
    reason: Reason


@router.post("/{invoice_id}/lines", status_code=201, response_model=InvoiceOut)
def add(invoice_id: InvoiceId, body: AddedLine, unit: ChangeInvoices) -> Ready:
    """A line of a draft that no plan has; once it is issued a line is taken back by a credit note."""
    unit.execute(
        INVOICE, invoice_id, AddLine(item=body.item(), reason=body.reason, tax_categories=tax_places.categories(unit))
    )
    return Ready(invoice_document(invoices.get(unit, invoice_id)))


@router.post("/{invoice_id}/lines/{number}/remove", response_model=InvoiceOut)
def remove(invoice_id: InvoiceId, number: int, body: Why, unit: ChangeInvoices) -> Ready:
    """Lines behind it move up: send If-Match with the version whose numbers you mean."""
    unit.execute(INVOICE, invoice_id, RemoveLine(line=number, reason=body.reason))
    return Ready(invoice_document(invoices.get(unit, invoice_id)))


@router.post("/{invoice_id}/lines/{number}/adjust", response_model=InvoiceOut)
def adjust(invoice_id: InvoiceId, number: int, body: AdjustedLine, unit: ChangeInvoices) -> Ready:
    """Its net is changed; quantity, tiers and price still say how it was rated."""
    row = invoices.get(unit, invoice_id)
    by = Money(body.by_minor, row["currency"])
    unit.execute(INVOICE, invoice_id, AdjustLine(line=number, by=by, reason=body.reason))
    return Ready(invoice_document(invoices.get(unit, invoice_id)))
