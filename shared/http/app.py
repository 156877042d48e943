"""What every API has besides its own routers: tokens, problems, limits, observation, health, clock, parked messages."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import TypeVar

from anyio import to_thread
from fastapi import FastAPI
from sqlalchemy import Engine

from shared import logs
from shared.database import wait_for_database
from shared.event_store import EventStore
from shared.http import clock, health, parked, problems
from shared.http.backpressure import Backpressure
from shared.http.documents import DocumentedApi
from shared.http.limits import BodyLimit
from shared.http.observation import Observation
from shared.http.rate_limits import RateLimits
from shared.http.tokens import Tokens
from shared.http.turns import Turns
from shared.ids import new_id
from shared.settings import Settings

Configuration = TypeVar("Configuration", bound=Settings)

# Of their own, so that requests that wait for a broker hold up nobody who asks the database.
INGEST_THREADS = 32


def new_app(
    service: str,
    settings: Settings,
    engine: Engine,
    store: EventStore,
    *,
    larger_bodies: Mapping[str, int] | None = None,
) -> DocumentedApi:
    """`larger_bodies` are the bytes that a body may have, by path, where 1 MB is too little."""
    app = DocumentedApi(title=f"Quittance {service}", version="1", lifespan=_as_many_threads_as_connections)
    app.state.settings, app.state.engine, app.state.store, app.state.new_id = settings, engine, store, new_id
    app.state.tokens, app.state.rate_limits = Tokens(settings), RateLimits(settings)
    app.state.backpressure = Backpressure(engine)
    app.state.turns, app.state.ingest_turns = Turns(settings.pool_size), Turns(INGEST_THREADS)
    app.add_middleware(BodyLimit, larger=larger_bodies or {}, within_seconds=settings.body_timeout_seconds)
    app.add_middleware(Observation, service=service)
    problems.install(app)
    for router in (health.router, clock.router, parked.router):
        app.include_router(router)
    return app


@asynccontextmanager
async def _as_many_threads_as_connections(app: FastAPI) -> AsyncIterator[None]:
    """A thread without a connection would only wait for one while another holds a connection and waits for a thread."""
    to_thread.current_default_thread_limiter().total_tokens = app.state.settings.pool_size
    yield
    app.state.engine.dispose()


def start(service: str, settings: Configuration, create: Callable[[Configuration], FastAPI]) -> FastAPI:
    """The API as its process begins, once PostgreSQL answers. Raises SystemExit where it does not in time."""
    logs.configure(settings.log_level, service, "api")
    app = create(settings)
    wait_for_database(app.state.engine, settings.startup_timeout_seconds)
    return app
