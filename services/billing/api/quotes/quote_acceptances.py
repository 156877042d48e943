"""/v1/quote-acceptances: the customer's yes, authorised by the token that came with the quote and by nothing else."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date, datetime
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel

from services.billing.api.invoices.invoice_forms import InvoiceId
from services.billing.api.invoices.paper_forms import ClauseForm, DocumentForm
from services.billing.api.quotes.quote_forms import AcceptanceForm, QuoteId, SubscriptionId
from services.billing.api.quotes.quote_token import AcceptanceTokenUnknown, AcceptByToken, hashed
from services.billing.domain.customer import CUSTOMER, Customer
from services.billing.domain.quote import QUOTE
from services.billing.domain.quote.commands import AcceptQuote
from services.billing.domain.quote.deal import Deal
from services.billing.domain.quote.events import QuoteAccepted
from services.billing.domain.quote.state import Quote
from services.billing.processes import one_off
from services.billing.processes.ordering import subscription_id
from services.billing.projections.quotes import quote_tokens
from shared.http.routes import TransactionalRoute
from shared.unit_of_work import UnitOfWork

router = APIRouter(prefix="/v1/quote-acceptances", tags=["quotes"], route_class=TransactionalRoute)


class AcceptedAnswer(BaseModel):
    quote_id: QuoteId
    quote_version: int
    customer: str
    name: str
    purchase_order: str | None
    accepted_at: datetime
    accepted_on: date
    term_months: int
    clauses: list[ClauseForm]
    documents: list[DocumentForm]
    subscriptions: list[SubscriptionId]
    invoice_id: InvoiceId | None


@router.post("", status_code=201)
def accept(body: AcceptanceForm, unit: AcceptByToken) -> AcceptedAnswer:
    """The clauses and documents are accepted as they were offered, and each line starts a subscription; a renewal continues
    its own, and what has no lines is invoiced. Refused with 404 for an unknown token, and with 409 and the reason where the
    quote has expired, has changed, is stale, or is decided already. A repeat with the same Idempotency-Key gets the first
    answer."""
    named = quote_tokens.find(unit, hashed(body.token))
    if named is None:
        raise AcceptanceTokenUnknown
    command = AcceptQuote(
        version=named.quote_version,
        name=body.name,
        purchase_order=body.purchase_order,
        at=unit.now,
        term_months=body.term_months,
        needs_purchase_order=_needs_purchase_order(unit, named.quote_id),
    )
    [event] = unit.execute(QUOTE, named.quote_id, command)
    return _answer(unit, named.quote_id, event)


def _answer(unit: UnitOfWork, quote_id: UUID, event: QuoteAccepted) -> AcceptedAnswer:
    return AcceptedAnswer(
        quote_id=quote_id,
        quote_version=event.version,
        customer=event.deal.party.key,
        name=event.name,
        purchase_order=event.purchase_order,
        accepted_at=event.accepted_at,
        accepted_on=event.accepted_on,
        term_months=event.term_months,
        **asdict(event.papers),
        subscriptions=_subscriptions(unit, event.deal),
        invoice_id=None if unit.state(QUOTE, quote_id).lines else one_off.invoice_id(quote_id),
    )


def _needs_purchase_order(unit: UnitOfWork, quote_id: UUID) -> bool:
    quote: Quote = unit.state(QUOTE, quote_id)
    customer: Customer | None = unit.state(CUSTOMER, quote.party.customer_id)
    return customer is not None and customer.purchase_order_required


def _subscriptions(unit: UnitOfWork, deal: Deal) -> list[UUID]:
    if deal.subscription_id is not None:
        return [deal.subscription_id]
    accepted: Quote = unit.state(QUOTE, deal.quote_id)
    return [subscription_id(deal.quote_id, number) for number in range(1, len(accepted.lines) + 1)]
