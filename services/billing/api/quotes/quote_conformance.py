"""/v1/quotes/{id}/conformance: what a quote charges once beside the invoice that it is on."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel

from services.billing.api.access import ReadBilling
from services.billing.api.proof.conformance import InvoiceOut, invoice_conformance
from services.billing.api.quotes.quote_forms import QuoteId
from services.billing.domain.invoice import INVOICE
from services.billing.domain.quote import QUOTE
from services.billing.domain.quote.state import Quote, QuoteNotFound
from services.billing.domain.subscription import SUBSCRIPTION
from services.billing.domain.subscription.state import Subscription
from services.billing.processes import one_off
from services.billing.processes.conformance import quoted_line
from services.billing.processes.ordering import subscription_id
from services.billing.projections.invoices import invoice_parts
from shared.http.routes import TransactionalRoute
from shared.unit_of_work import UnitOfWork

router = APIRouter(prefix="/v1/quotes", tags=["conformance"], route_class=TransactionalRoute)


class QuoteConformanceOut(BaseModel):
    """`invoice` is the one with what the quote charges once; None where there is nothing of it, or not yet."""

    quote_id: QuoteId
    quote_version: int
    conforms: bool
    invoice: InvoiceOut | None


@router.get("/{quote_id}/conformance")
def conformance(quote_id: QuoteId, unit: ReadBilling) -> QuoteConformanceOut:
    """Its lines are made again with what was accepted, and each that would be otherwise says in which field."""
    quote: Quote | None = unit.state(QUOTE, quote_id)
    if quote is None:
        raise QuoteNotFound("no such quote")
    invoice = _invoice(unit, quote)
    return QuoteConformanceOut(
        quote_id=quote_id,
        quote_version=quote.version,
        conforms=invoice is None or invoice.conforms,
        invoice=invoice,
    )


def _invoice(unit: UnitOfWork, quote: Quote) -> InvoiceOut | None:
    if quote.status != "accepted" or not quote.one_offs.items:
        return None
    if not quote.lines:
        return _of(unit, one_off.invoice_id(quote.quote_id), None, quote)
    id_ = subscription_id(quote.quote_id, 1)
    subscription: Subscription | None = unit.state(SUBSCRIPTION, id_)
    if subscription is None:
        return None
    bill_id = subscription.one_offs_on
    return _of(unit, bill_id and invoice_parts.invoice_of(unit, bill_id), subscription, quote)


def _of(unit: UnitOfWork, id_: UUID | None, subscription: Subscription | None, quote: Quote) -> InvoiceOut | None:
    if id_ is None or unit.state(INVOICE, id_) is None:
        return None
    terms = subscription.terms[:1] if subscription else ()
    lines = {term.number: quoted_line(subscription, term, quote) for term in terms if subscription}
    return invoice_conformance(unit, id_, subscription, lines, quote)
