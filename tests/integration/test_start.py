"""Processes that start before their servers do: they wait, say so, and do not wait for ever."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import httpx2
import psycopg
import pytest

from infra.local.children import free_port
from infra.local.databases import create_database, drop_database
from infra.local.postgres import libpq
from tests.support.house import Service
from tests.support.servers import Servers
from tests.support.waiting import eventually

WORKER = ["-m", "services.billing.worker"]
NOWHERE = "postgresql+psycopg://billing_api@127.0.0.1:{}/billing"


def api(port: int) -> list[str]:
    app = "services.billing.app:from_environment"
    return ["-m", "shared.http.server", app, "--port", str(port)]


def environment(database_url: str, bootstrap_servers: str, *, patience_seconds: float) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "PYTHONUNBUFFERED": "1",
        "DATABASE_URL": database_url,
        "KAFKA_BOOTSTRAP_SERVERS": bootstrap_servers,
        "KAFKA_PROFILE": "local",
        "AUTH_ISSUER": "nobody",
        "AUTH_JWKS_URL": "file:///nowhere",
        "STARTUP_TIMEOUT_SECONDS": str(patience_seconds),
    }


def ended(command: list[str], given: dict[str, str]) -> tuple[int, str]:
    done = subprocess.run([sys.executable, *command], env=given, capture_output=True, text=True, timeout=60)
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("command", [api(0), WORKER], ids=["api", "worker"])
def test_a_process_without_postgresql_waits_and_gives_up_with_a_clear_error(command: list[str]) -> None:
    url = NOWHERE.format(free_port())
    code, said = ended(command, environment(url, f"127.0.0.1:{free_port()}", patience_seconds=1.5))
    assert code != 0
    assert "waiting for PostgreSQL" in said
    assert "PostgreSQL is away: gave up after" in said
    assert "Traceback" not in said


def test_a_worker_without_kafka_waits_and_gives_up_with_a_clear_error(billing: Service) -> None:
    nobody = f"127.0.0.1:{free_port()}"
    code, said = ended(WORKER, environment(billing.urls.worker, nobody, patience_seconds=4))
    assert code != 0
    assert "waiting for Kafka" in said
    assert "Kafka is away: gave up after" in said
    assert "Traceback" not in said


def test_an_api_that_waits_for_postgresql_starts_as_soon_as_it_is_there(servers: Servers, tmp_path: Path) -> None:
    with closed_database(servers) as (admin, name, url), (tmp_path / "log").open("wb") as log:
        port = free_port()
        given = environment(url, servers.bootstrap_servers, patience_seconds=60)
        child = subprocess.Popen([sys.executable, *api(port)], env=given, stdout=log, stderr=log)
        try:
            eventually(lambda: "waiting for PostgreSQL" in (tmp_path / "log").read_text())
            admin.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
            assert eventually(lambda: answers(port)) == 200
        finally:
            child.terminate()
            child.wait(15)


@contextmanager
def closed_database(servers: Servers) -> Iterator[tuple[psycopg.Connection, str, str]]:
    """A database that takes nobody in yet."""
    name = f"billing_{uuid4().hex[:8]}"
    urls = create_database(servers.admin_url, name, "billing")
    assert urlsplit(urls.api).path == f"/{name}"
    with psycopg.connect(libpq(servers.admin_url), autocommit=True) as admin:
        admin.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
        yield admin, name, urls.api
    drop_database(servers.admin_url, name)


def answers(port: int) -> int:
    try:
        return httpx2.get(f"http://127.0.0.1:{port}/livez", timeout=5).status_code
    except httpx2.TransportError:
        return 0
