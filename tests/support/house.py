"""The services in one process: their real APIs and workers on real servers, stepped by the test."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from fastapi.testclient import TestClient

from infra.local.databases import Urls, create_database, drop_database
from infra.local.scopes import every_scope
from infra.local.tokens import DevelopmentIssuer, tenant_id
from shared import kafka
from shared.background import Background
from shared.consumer import Record, SaveOffsets
from shared.messages import decode
from shared.settings import Settings
from tests.support.servers import Servers

RARE = {"housekeeping", "watch", "books", "thinning"}
# What one service reads besides what all do.
OF_SERVICES: dict[str, dict[str, Any]] = {"billing": {"payment_webhook_key": "a key for tests, of 32 characters"}}
ALL_SCOPES = sorted(every_scope())


def migrate(service: str, owner_url: str) -> None:
    ini = f"services/{service}/migrations/alembic.ini"
    command = [sys.executable, "-m", "alembic", "-c", ini, "upgrade", "head"]
    subprocess.run(command, check=True, env={**os.environ, "DATABASE_URL": owner_url}, capture_output=True)


@dataclass
class Service:
    """One service on a database of its own: `client(tenant)` speaks to its API, `background` is its worker. `tenants` are
    those of its tests."""

    name: str
    urls: Urls
    servers: Servers
    issuer: DevelopmentIssuer
    group_suffix: str = field(default_factory=lambda: uuid4().hex[:8])
    tenants: set[UUID] = field(default_factory=set)

    def settings(self, role: str) -> Settings:
        own: type[Settings] = importlib.import_module(f"services.{self.name}.settings").Settings
        return own(
            **OF_SERVICES.get(self.name, {}),
            database_url=getattr(self.urls, role),
            **self.servers.kafka(self.name),
            auth_issuer=self.issuer.settings["AUTH_ISSUER"],
            auth_jwks_url=self.issuer.settings["AUTH_JWKS_URL"],
            consumer_group_suffix=self.group_suffix,
        )

    def __post_init__(self) -> None:
        self.app = importlib.import_module(f"services.{self.name}.app").create_app(self.settings("api"))
        self._background: Background | None = None

    @property
    def background(self) -> Background:
        if self._background is None:
            worker = importlib.import_module(f"services.{self.name}.worker")
            settings = self.settings("worker")
            self._background = worker.create_background(settings, kafka.cluster_id(settings))
            for consumer in (self._background.consumer, *self._background.more_consumers):
                consumer.poll_milliseconds = 50
        return self._background

    def hear_only_of_its_tenants(self) -> Service:
        """And not of what other tests tell the broker that they share, which waits here for what nobody ever says."""
        consumer = self.background.consumer
        apply = consumer.apply

        def heard(records: Sequence[Record], save: SaveOffsets) -> int:
            return apply([record for record in records if _tenant(record) in self.tenants], save)

        consumer.apply = heard
        return self

    def hear_of(self, tenant: str) -> None:
        self.tenants.add(tenant_id(tenant))

    def client(
        self, tenant: str, scopes: Sequence[str] = ALL_SCOPES, subject: str = "tester", **options: Any
    ) -> TestClient:
        self.hear_of(tenant)
        token = self.issuer.token(tenant=tenant, scopes=scopes, subject=subject)
        return KeyedClient(self.app, headers={"Authorization": f"Bearer {token}"}, **options)

    def turn(self) -> dict[str, int]:
        """One turn of every loop, and how much each did."""
        return {loop.name: loop.step() for loop in self.background.loops() if loop.name not in RARE}

    def step(self) -> int:
        return sum(self.turn().values())

    def is_behind(self) -> bool:
        settling = self.background.settling
        with settling.engine.begin() as tx:
            return settling.is_behind(tx, settling.end_offsets())

    @contextmanager
    def working(self) -> Iterator[None]:
        """The worker turns in a thread of its own while the test asks for something that waits for it."""
        done = threading.Event()

        def turn() -> None:
            while not done.is_set():
                self.background.settling.step()
                done.wait(0.005)

        thread = threading.Thread(target=turn)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()

    def close(self) -> None:
        if self._background is not None:
            self._background.close()
        self.app.state.engine.dispose()


def _tenant(record: Record) -> UUID | None:
    """None of what is no message."""
    try:
        return decode(record.value).tenantid
    except ValueError:
        return None


class KeyedClient(TestClient):
    """Gives every POST an Idempotency-Key of its own, where the test gives none."""

    def request(self, method: str, url: Any, **options: Any) -> Any:
        headers = dict(options.pop("headers", None) or {})
        if method.upper() == "POST":
            headers.setdefault("Idempotency-Key", uuid4().hex)
        return super().request(method, url, headers=headers, **options)


@contextmanager
def running(name: str, servers: Servers, directory: Path) -> Iterator[Service]:
    """A service on a new database, migrated from nothing."""
    database = f"{name}_{uuid4().hex[:8]}"
    urls = create_database(servers.admin_url, database, name)
    migrate(name, urls.owner)
    issuer = DevelopmentIssuer(directory)
    issuer.prepare()
    service = Service(name, urls, servers, issuer)
    try:
        yield service
    finally:
        service.close()
        drop_database(servers.admin_url, database)


def settle(services: Sequence[Service], *, seconds: float = 200) -> None:
    """Turn all loops until nothing has happened for a while and nobody is behind what the topics have: a broker that is
    busy shows it later."""
    deadline = time.monotonic() + seconds
    quiet = 0
    while quiet < 2:
        worked = {service.name: service.turn() for service in services}
        waiting = [service.name for service in services if not service.background.is_consuming()]
        quiet = 0 if waiting or any(any(loops.values()) for loops in worked.values()) else quiet + 1
        if quiet == 2 and any(service.is_behind() for service in services):
            quiet = 0
        assert time.monotonic() < deadline, f"did not come to rest: {worked}, without partitions: {waiting}"
