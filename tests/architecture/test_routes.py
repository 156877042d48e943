"""Every route names what a caller must be allowed to: one that forgot would be open to everybody."""

from __future__ import annotations

import importlib

import pytest
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts

from shared.http.documents import needs_of
from shared.settings import Settings
from tests.architecture.sources import SERVICES
from tests.support.house import ALL_SCOPES

FREE = {"/livez", "/readyz", "/metrics", "/openapi.json", "/docs", "/docs/oauth2-redirect", "/redoc"}


def app_of(service: str) -> FastAPI:
    """Wired, but connected to nothing."""
    module = importlib.import_module(f"services.{service}.settings")
    settings: Settings = module.Settings(
        database_url="postgresql+psycopg://nobody@127.0.0.1:1/nothing",
        kafka_bootstrap_servers="127.0.0.1:1",
        auth_issuer="nobody",
        auth_jwks_url="file:///nowhere",
    )
    app: FastAPI = importlib.import_module(f"services.{service}.app").create_app(settings)
    return app


@pytest.mark.parametrize("service", SERVICES)
def test_every_route_names_one_scope(service: str) -> None:
    scopes = {
        route.path: {need.scope for need in needs_of(route)}
        for route in iter_route_contexts(app_of(service).routes)
        if route.path not in FREE
    }
    assert scopes
    assert {path: named for path, named in scopes.items() if len(named) != 1} == {}


@pytest.mark.parametrize("service", SERVICES)
def test_a_scope_is_named_after_its_service_or_the_operators(service: str) -> None:
    needed = [need for route in iter_route_contexts(app_of(service).routes) for need in needs_of(route)]
    by_token = {need.scope for need in needed if need.by_bearer_token}
    assert {scope for scope in by_token if scope.partition(":")[0] not in (service, "operations")} == set()
    assert by_token <= set(ALL_SCOPES), "the tests' own tokens do not have it"
