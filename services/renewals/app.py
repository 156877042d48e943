"""The renewals API: everything is wired here and nowhere else."""

from __future__ import annotations

from fastapi import FastAPI

from services.renewals.api import metrics, opportunities, policies, reasons
from services.renewals.settings import Settings
from services.renewals.store import create_store
from shared.database import FOR_REQUESTS, engine_for
from shared.http.app import new_app, start


def create_app(configuration: Settings) -> FastAPI:
    engine = engine_for(configuration.database, pool_size=configuration.pool_size, patience=FOR_REQUESTS)
    app = new_app("renewals", configuration, engine, create_store())
    for router in (policies.router, opportunities.router, reasons.router, metrics.router):
        app.include_router(router)
    return app


def from_environment() -> FastAPI:
    return start("renewals", Settings(), create_app)
