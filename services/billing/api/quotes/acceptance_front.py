"""The short way of POST /v1/quote-acceptances: several quotes accepted with one commit."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from fastapi.routing import APIRoute

from services.billing.api.quotes import quote_acceptances
from services.billing.api.quotes.quote_forms import AcceptanceForm
from services.billing.api.quotes.quote_token import customer_of, hashed
from services.billing.domain.customer import CUSTOMER
from services.billing.domain.quote import QUOTE
from services.billing.projections.quotes import quote_tokens
from shared.http.documents import DocumentedApi
from shared.http.grouping import Grouped, open_grouping
from shared.unit_of_work import Session


def install(app: DocumentedApi) -> None:
    (route,) = (each for each in quote_acceptances.router.routes if isinstance(each, APIRoute))
    open_grouping(app, "billing", route, ACCEPTANCES)


def _prepare(session: Session, tenant_id: UUID, forms: Sequence[AcceptanceForm]) -> None:
    named = quote_tokens.look_up(session, tenant_id, [hashed(form.token) for form in forms])
    quotes = session.load(QUOTE, tenant_id, [each.quote_id for each in named])
    session.load(CUSTOMER, tenant_id, [stream.state.party.customer_id for stream in quotes])


ACCEPTANCES = Grouped(AcceptanceForm, customer_of, _prepare, quote_acceptances.accept)
