"""What there is to examine: the running local stack, or what the environment names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import Connection

from infra.local import access
from infra.local.databases import urls
from infra.local.services import SERVICES
from infra.local.tokens import DevelopmentIssuer
from shared.database import engine_for
from shared.settings import Settings


class NothingToExamine(Exception):
    """Neither does the local stack run, nor does the environment name an installation."""

    def __init__(self) -> None:
        super().__init__(
            "nothing runs here, and the environment names no <SERVICE>_WORKER_DATABASE_URL: see the runbook"
        )


@dataclass(frozen=True, slots=True)
class Service:
    """A service as its two running roles see it; `url` of its API, where it is known."""

    name: str
    api: str
    worker: str
    url: str | None = None

    @contextmanager
    def connected(self, role: str) -> Iterator[Connection]:
        engine = engine_for(getattr(self, role), pool_size=1)
        try:
            with engine.connect() as tx:
                tx.exec_driver_sql("SET LOCAL statement_timeout = '10s'")
                yield tx
        finally:
            engine.dispose()


@dataclass(frozen=True, slots=True)
class Installation:
    services: tuple[Service, ...]
    bootstrap_servers: str
    jwks_url: str
    issuer: str
    missing: tuple[str, ...] = field(default=())

    def settings(self, service: Service) -> Settings:
        return Settings(
            database_url=service.worker,
            kafka_bootstrap_servers=self.bootstrap_servers,
            auth_issuer=self.issuer,
            auth_jwks_url=self.jwks_url,
        )


def found(environment: Mapping[str, str], home: Path) -> Installation:
    """What the environment names, if it names anything, else what runs here. Raises NothingToExamine."""
    named = [name for name in SERVICES if f"{name.upper()}_WORKER_DATABASE_URL" in environment]
    if named:
        return _named(environment, named)
    try:
        return _local(home)
    except access.NotRunning:
        raise NothingToExamine from None


def _named(environment: Mapping[str, str], names: list[str]) -> Installation:
    wanted = [f"{name.upper()}_API_DATABASE_URL" for name in names]
    wanted += ["KAFKA_BOOTSTRAP_SERVERS", "AUTH_JWKS_URL", "AUTH_ISSUER"]
    return Installation(
        services=tuple(
            Service(
                name,
                environment.get(f"{name.upper()}_API_DATABASE_URL", ""),
                environment[f"{name.upper()}_WORKER_DATABASE_URL"],
                environment.get(f"{name.upper()}_URL"),
            )
            for name in names
        ),
        bootstrap_servers=environment.get("KAFKA_BOOTSTRAP_SERVERS", ""),
        jwks_url=environment.get("AUTH_JWKS_URL", ""),
        issuer=environment.get("AUTH_ISSUER", ""),
        missing=tuple(name for name in wanted if not environment.get(name)),
    )


def _local(home: Path) -> Installation:
    running = access.running(home)
    auth = DevelopmentIssuer(home).settings
    databases = {name: urls(running.postgres, name, name) for name in SERVICES}
    return Installation(
        services=tuple(Service(n, databases[n].api, databases[n].worker, running.services.get(n)) for n in SERVICES),
        bootstrap_servers=running.kafka,
        jwks_url=auth["AUTH_JWKS_URL"],
        issuer=auth["AUTH_ISSUER"],
    )
