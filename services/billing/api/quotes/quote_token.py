"""The secret that lets a customer accept one quote: made when the quote is sent, shown once, kept as a hash only."""

from __future__ import annotations

import base64
import binascii
import hashlib
import secrets
from dataclasses import dataclass
from typing import Annotated, ClassVar
from uuid import UUID

from fastapi import Depends, Request, Response
from pydantic import BaseModel
from starlette.types import Receive, Scope, Send

from services.billing.api.quotes.quote_forms import AcceptanceForm
from shared.errors import NotFound
from shared.http.access import Needs, Opening
from shared.http.tokens import Caller
from shared.unit_of_work import UnitOfWork

_TENANT_BYTES, _SECRET_BYTES = 16, 32


class AcceptanceTokenUnknown(NotFound):
    """Whether it is malformed, mistyped or was replaced by a newer one: nothing about quotes is told without it."""

    def __init__(self) -> None:
        super().__init__("no quote is waiting for this token: ask for it to be sent again", field="/token")


def new_token(tenant_id: UUID) -> str:
    """The tenant and 256 random bits, as 64 characters that are safe in a URL."""
    return base64.urlsafe_b64encode(tenant_id.bytes + secrets.token_bytes(_SECRET_BYTES)).decode()


def hashed(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def tenant_of(token: str) -> UUID:
    """Who the token belongs to; whether there is such a token is for the database of that tenant to say."""
    try:
        content = base64.b64decode(token.encode("ascii"), b"-_", validate=True)
    except (UnicodeEncodeError, binascii.Error):
        raise AcceptanceTokenUnknown from None
    if len(content) != _TENANT_BYTES + _SECRET_BYTES:
        raise AcceptanceTokenUnknown
    return UUID(bytes=content[:_TENANT_BYTES])


def customer_of(form: AcceptanceForm) -> Caller:
    """Somebody who may accept, and no more."""
    return Caller(tenant_of(form.token), "customer", frozenset())


@dataclass(frozen=True)
class _ByToken(Needs):
    """In place of a bearer token: opens the tenant of the quote's token."""

    by_bearer_token: ClassVar[bool] = False

    async def __call__(self, request: Request, body: AcceptanceForm) -> Opening:
        caller = customer_of(body)
        request.scope["state"]["caller"] = caller
        return Opening(request, caller, self.writes)


AcceptByToken = Annotated[UnitOfWork, Depends(_ByToken("quote token", writes=True))]


class ShownOnce(Response):
    """An answer that leaves with a secret, while what is kept for a repeated Idempotency-Key is the same without it."""

    def __init__(self, kept: BaseModel, shown: BaseModel, version: int):
        headers = {"ETag": f'"{version}"', "Cache-Control": "no-store"}
        super().__init__(kept.model_dump_json(), headers=headers, media_type="application/json")
        self._shown = Response(shown.model_dump_json(), headers=headers, media_type="application/json")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._shown(scope, receive, send)
