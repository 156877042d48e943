"""/v1/payment-webhooks: what providers tell of charges, counted once however often and in whichever order it comes."""

from __future__ import annotations

from typing import Any, Literal

from fastapi import APIRouter, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel

from services.billing.api.access import ReadProviders
from services.billing.api.payments.webhook_signature import ProviderPath, ReceiveWebhooks, WebhooksNotFound, secrets_of
from services.billing.clients.payment_provider import MalformedNews
from services.billing.clients.providers import provider_of
from services.billing.domain.autopay import AUTOPAY
from services.billing.domain.provider_charge import PROVIDER_CHARGE, ProviderNews, TellSuccess, charge_id
from services.billing.domain.top_up import TOP_UP
from services.billing.processes import autopaying, charging, topping_up
from services.billing.projections.payments import autopay_attempts, credit_purchases
from services.billing.projections.payments.cashier import cashier_of
from shared.http import strict_json
from shared.http.problems import Problem
from shared.http.routes import TransactionalRoute
from shared.unit_of_work import UnitOfWork

router = APIRouter(tags=["payment providers"], route_class=TransactionalRoute)


class HeardOut(BaseModel):
    """`known` was told before; `ignored` is of no interest."""

    result: Literal["recorded", "known", "ignored"]


class WebhookOut(BaseModel):
    """`secret` signs by Standard Webhooks what is sent to `path`."""

    provider: str
    path: str
    secret: str


_PROBLEM = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
_DOCUMENT: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": {"type": "object", "description": "As the provider writes it."}}},
    },
    "parameters": [
        {"name": name, "in": "header", "required": False, "schema": {"type": "string"}}
        for name in ("webhook-id", "webhook-timestamp", "webhook-signature")
    ],
    "responses": {
        "401": {"description": "It is not signed by the provider, or too old.", "content": _PROBLEM},
        "409": {"description": "The same is being told right now: send it again.", "content": _PROBLEM},
    },
}


@router.post("/v1/payment-webhooks/{provider}", openapi_extra=_DOCUMENT)
def hear(provider: ProviderPath, request: Request, unit: ReceiveWebhooks) -> HeardOut:
    """Signed by Standard Webhooks (`webhook-id`, `webhook-timestamp`, `webhook-signature`) over the body as it was sent."""
    try:
        news = provider_of(provider).read(_body(request))
    except MalformedNews as error:
        raise RequestValidationError(error.errors) from None
    if news is None:
        return HeardOut(result="ignored")
    id_ = charge_id(unit.tenant_id, news.provider, news.reference)
    before = unit.version(PROVIDER_CHARGE, id_)
    unit.carry_out(charging.on_news(news, cashier_of(unit)))
    _tell_autopay(unit, news)
    _tell_purchase(unit, news)
    return HeardOut(result="recorded" if unit.version(PROVIDER_CHARGE, id_) > before else "known")


@router.get("/v1/payment-webhooks/{provider}")
def show(provider: ProviderPath, request: Request, unit: ReadProviders) -> WebhookOut:
    """Where the provider has to send what it tells of this tenant, and the secret it has to sign it with."""
    provider_of(provider)
    secret = next(secrets_of(request.app.state.settings, unit.tenant_id, provider), None)
    if secret is None:
        raise WebhooksNotFound
    path = f"/v1/payment-webhooks/{provider}?tenant={unit.tenant_id}"
    return WebhookOut(provider=provider, path=path, secret=secret)


def _tell_autopay(unit: UnitOfWork, news: ProviderNews) -> None:
    """The attempt that waited for this news, if one did."""
    invoice_id = autopay_attempts.invoice_of(unit, news.provider, news.reference)
    attempt = None if invoice_id is None else unit.state(AUTOPAY, invoice_id).under_way
    if attempt is not None:
        charge = unit.state(PROVIDER_CHARGE, charge_id(unit.tenant_id, news.provider, news.reference))
        unit.carry_out(autopaying.on_charge_told(attempt, news.reference, charge, unit.now))


def _tell_purchase(unit: UnitOfWork, news: ProviderNews) -> None:
    """The purchase of credit that waited for this news, known by the charge or by what it was said to be for."""
    name = news.paid.invoice if isinstance(news, TellSuccess) else None
    wallet_id = credit_purchases.waiting_for(unit, news.provider, news.reference, name)
    purchase = None if wallet_id is None else unit.state(TOP_UP, wallet_id).under_way
    if purchase is not None:
        charge = unit.state(PROVIDER_CHARGE, charge_id(unit.tenant_id, news.provider, news.reference))
        told = topping_up.on_charge_told(purchase, news.reference, charge, unit.now, cashier_of(unit))
        unit.carry_out(told)


def _body(request: Request) -> dict[str, Any]:
    try:
        told = strict_json.loads(request.scope["body"])
    except ValueError:
        told = None
    if not isinstance(told, dict):
        raise Problem(400, "malformed_request", "the body must be a JSON object")
    return told
