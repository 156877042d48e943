"""POST /v1/invoices: an invoice for a customer that no subscription asks for."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter
from pydantic import Field

from services.billing.api.access import ChangeInvoices
from services.billing.api.catalogue.evaluation_forms import CurrencyCode
from services.billing.api.catalogue.plan_forms import Code, ExactForm
from services.billing.api.invoices.invoice_documents import invoice_document
from services.billing.api.invoices.invoice_forms import InvoiceOut
from services.billing.api.invoices.invoice_lines import OneOffForm
from services.billing.api.invoices.invoices import Reason
from services.billing.api.quotes.quote_lines import party_of
from services.billing.desk import desk_of, taxation_of
from services.billing.domain.customer import CUSTOMER, Customer
from services.billing.processes import one_off
from services.billing.projections.catalogue import tax_places
from services.billing.projections.invoices import invoices
from shared.http.ready import Ready
from shared.http.routes import TransactionalRoute
from shared.money import exponent

router = APIRouter(prefix="/v1/invoices", tags=["invoices"], route_class=TransactionalRoute)


class OneOffInvoice(ExactForm):
    """In the customer's currency unless another one is given, due `net_days` after its issue. It is issued by itself after
    `review_days`, with 0 at once, and without them when somebody says so."""

    customer: Code
    currency: CurrencyCode | None = None
    lines: Annotated[list[OneOffForm], Field(min_length=1, max_length=100)]
    net_days: Annotated[int, Field(strict=True, ge=0, le=3650)]
    purchase_order: Annotated[str, Field(min_length=1, max_length=100)] | None = None
    review_days: Annotated[int, Field(strict=True, ge=0, le=365)] | None = None
    reason: Reason


@router.post("", status_code=201, response_model=InvoiceOut)
def draft(body: OneOffInvoice, unit: ChangeInvoices) -> Ready:
    party = party_of(unit, body.customer)
    customer: Customer = unit.state(CUSTOMER, party.customer_id)
    customer.check_purchase_order(body.purchase_order)
    currency = body.currency or party.currency
    exponent(currency)
    wanted = one_off.Wanted(
        invoice_id=unit.new_id(),
        party=replace(party, currency=currency),
        items=tuple(line.item() for line in body.lines),
        net_days=body.net_days,
        purchase_order=body.purchase_order,
        review_days=body.review_days,
        tax=customer.tax,
        taxation=taxation_of(unit, customer),
        reason=body.reason,
        tax_categories=tax_places.categories(unit),
    )
    unit.carry_out(one_off.draft(wanted, desk_of(unit)))
    return Ready(invoice_document(invoices.get(unit, wanted.invoice_id)))
