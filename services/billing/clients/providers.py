"""The providers that there are adapters for, by the names that webhooks and payment methods use."""

from __future__ import annotations

from collections.abc import Mapping

from services.billing.clients import sandbox
from services.billing.clients.payment_provider import PaymentProvider
from shared.errors import NotFound

PROVIDERS: Mapping[str, PaymentProvider] = {sandbox.NAME: sandbox.Sandbox()}


class ProviderNotFound(NotFound):
    pass


def provider_of(name: str) -> PaymentProvider:
    provider = PROVIDERS.get(name)
    if provider is None:
        raise ProviderNotFound("there is no adapter for this provider")
    return provider
