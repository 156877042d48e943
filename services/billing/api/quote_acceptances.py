"""/v1/quote-acceptances: the customer's yes, authorised by the token that came with the quote and by nothing else."""

from __future__ import annotations

from datetime import date, datetime

from fastapi import APIRouter
from pydantic import BaseModel

from services.billing.api.quote_forms import AcceptanceForm, QuoteId
from services.billing.api.quote_token import AcceptanceTokenUnknown, AcceptByToken, hashed
from services.billing.domain.quote import QUOTE
from services.billing.domain.quote.commands import AcceptQuote
from services.billing.projections import quote_tokens
from shared.http.routes import TransactionalRoute

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


@router.post("", status_code=201)
def accept(body: AcceptanceForm, unit: AcceptByToken) -> AcceptedAnswer:
    """Refused with 404 for an unknown token, and with 409 and the reason where the quote has expired, has changed,
    is stale, or is decided already. A repeat with the same Idempotency-Key gets the first answer."""
    named = quote_tokens.find(unit, hashed(body.token))
    if named is None:
        raise AcceptanceTokenUnknown
    command = AcceptQuote(
        version=named.quote_version,
        name=body.name,
        purchase_order=body.purchase_order,
        at=unit.now,
        term_months=body.term_months,
    )
    [event] = unit.execute(QUOTE, named.quote_id, command)
    return AcceptedAnswer(
        quote_id=named.quote_id,
        quote_version=event.version,
        customer=event.deal.party.key,
        name=event.name,
        purchase_order=event.purchase_order,
        accepted_at=event.accepted_at,
        accepted_on=event.accepted_on,
        term_months=event.term_months,
    )
