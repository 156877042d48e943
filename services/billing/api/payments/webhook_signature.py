"""Who sends a webhook: the one who has the secret that this tenant's provider signs with, by Standard Webhooks.

The address names the tenant, and proves nothing; its secret is made from the key in the settings, so that it is kept
nowhere and every process has it.
"""

from __future__ import annotations

import base64
import hmac
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, ClassVar
from uuid import UUID

from fastapi import Depends, Path, Query, Request
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from services.billing.clients.providers import provider_of
from services.billing.settings import Settings
from shared.errors import NotFound
from shared.http.access import Needs, Opening
from shared.http.problems import Problem
from shared.http.tokens import Caller
from shared.unit_of_work import UnitOfWork

ProviderPath = Annotated[str, Path(pattern=r"^[a-z0-9_-]{1,40}$")]


class WebhooksNotFound(NotFound):
    """No key was configured, so that nothing could be proved."""

    def __init__(self) -> None:
        super().__init__("no webhooks are taken here: PAYMENT_WEBHOOK_KEY is not configured")


class SignatureRefused(Problem):
    """What exactly is wrong with it is not told."""

    def __init__(self) -> None:
        super().__init__(401, "signature_refused", "the webhook is not signed with this endpoint's secret, or too old")


def secrets_of(settings: Settings, tenant_id: UUID, provider: str) -> Iterator[str]:
    """The one to sign with first; then the one that is still believed."""
    for key in (settings.payment_webhook_key, settings.payment_webhook_key_before):
        if key is not None:
            said = f"webhooks {tenant_id} {provider}".encode()
            made = hmac.digest(key.get_secret_value().encode(), said, "sha256")
            yield f"whsec_{base64.b64encode(made).decode()}"


def is_signed(secret: str, body: bytes, headers: dict[str, str]) -> bool:
    """With a time not more than five minutes off. Headers that cannot be read are not signed."""
    try:
        Webhook(secret).verify(body, headers, json_parse=False)
    except (WebhookVerificationError, ValueError, OverflowError):
        return False
    return True


@dataclass(frozen=True)
class _BySignature(Needs):
    """In place of a bearer token: opens the tenant that the address names, for the provider and no more."""

    by_bearer_token: ClassVar[bool] = False

    async def __call__(self, request: Request, provider: ProviderPath, tenant: Annotated[UUID, Query()]) -> Opening:
        provider_of(provider)
        secrets = list(secrets_of(request.app.state.settings, tenant, provider))
        if not secrets:
            raise WebhooksNotFound
        body: bytes = request.scope["body"]
        if not any(is_signed(secret, body, dict(request.headers)) for secret in secrets):
            raise SignatureRefused
        caller = Caller(tenant, f"provider {provider}", frozenset())
        request.scope["state"]["caller"] = caller
        request.app.state.rate_limits.count(request, tenant)
        return Opening(request, caller, writes=False)


ReceiveWebhooks = Annotated[UnitOfWork, Depends(_BySignature("webhook signature"))]
