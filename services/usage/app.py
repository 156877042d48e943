"""The usage API: everything is wired here and nowhere else."""

from __future__ import annotations

from fastapi import FastAPI

from services.usage.api import (
    backfill_loads,
    backfills,
    completeness,
    events,
    ingest,
    ingest_front,
    meter_answers,
    meter_query,
    meters,
    periods,
    replay,
    thresholds,
)
from services.usage.domain.backfill import Limits
from services.usage.domain.ingest import MOST_BYTES
from services.usage.messaging.ingest_log import IngestLog
from services.usage.settings import Settings
from services.usage.store import create_store
from shared.database import FOR_REQUESTS, engine_for
from shared.http.app import new_app, start
from shared.http.real_time import RealTime


def create_app(configuration: Settings) -> FastAPI:
    engine = engine_for(configuration.database, pool_size=configuration.pool_size, patience=FOR_REQUESTS)
    larger = {ingest.PATH: MOST_BYTES, backfill_loads.PATH: backfill_loads.MOST_BYTES}
    app = new_app("usage", configuration, engine, create_store(), larger_bodies=larger)
    app.state.ingest_log, app.state.real_time = IngestLog(configuration), RealTime()
    app.state.backfill_limits = Limits()
    for room in (
        ingest,
        replay,
        events,
        completeness,
        meter_answers,
        meter_query,
        meters,
        periods,
        thresholds,
        backfill_loads,
        backfills,
    ):
        app.include_router(room.router)
    ingest_front.install(app)
    return app


def from_environment() -> FastAPI:
    return start("usage", Settings(), create_app)
