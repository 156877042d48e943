"""The entitlement API: everything is wired here and nowhere else."""

from __future__ import annotations

from fastapi import FastAPI

from services.entitlement.api import access_checks, accounts, entitlements, holds
from services.entitlement.settings import Settings
from services.entitlement.store import create_store
from shared.database import FOR_REQUESTS, engine_for
from shared.http.app import new_app, start


def create_app(configuration: Settings) -> FastAPI:
    engine = engine_for(configuration.database, pool_size=configuration.pool_size, patience=FOR_REQUESTS)
    app = new_app("entitlement", configuration, engine, create_store())
    for router in (access_checks.router, entitlements.router, holds.router, accounts.router):
        app.include_router(router)
    return app


def from_environment() -> FastAPI:
    return start("entitlement", Settings(), create_app)
