"""How the four services are run on this machine: their migrations, their processes and their environment."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from infra.local.children import free_port, plain_environment
from infra.local.databases import Urls
from infra.local.processes import Process

SERVICES = ("billing", "usage", "entitlement", "renewals")
BrokerKind = Literal["local", "apache"]  # as KAFKA_PROFILE says it


@dataclass(frozen=True, slots=True)
class Addresses:
    """What the servers are reached by, and whose tokens are believed."""

    databases: Mapping[str, Urls]
    bootstrap_servers: str
    auth: Mapping[str, str]
    broker_kind: BrokerKind = "local"
    payment_webhook_key: str | None = None


def migrations(addresses: Addresses) -> list[Process]:
    """One a service, as the owner of its database."""
    return [
        Process(
            name=f"{service}-migrations",
            argv=(
                sys.executable,
                "-m",
                "alembic",
                "-c",
                f"services/{service}/migrations/alembic.ini",
                "upgrade",
                "head",
            ),
            environment=_environment(addresses, urls.owner),
        )
        for service, urls in addresses.databases.items()
    ]


def processes(addresses: Addresses) -> list[Process]:
    """An API and a worker a service; the API says that it is ready when its worker is, too."""
    return [each for service in addresses.databases for each in (_api(service, addresses), _worker(service, addresses))]


def _api(service: str, addresses: Addresses) -> Process:
    port = str(free_port())
    server = ("-m", "shared.http.server", f"services.{service}.app:from_environment")
    return Process(
        name=f"{service}-api",
        argv=(sys.executable, *server, "--port", port),
        environment=_environment(addresses, addresses.databases[service].api) | _of_its_own(service, addresses),
        ready_url=f"http://127.0.0.1:{port}/readyz",
    )


def _worker(service: str, addresses: Addresses) -> Process:
    return Process(
        name=f"{service}-worker",
        argv=(sys.executable, "-m", f"services.{service}.worker"),
        environment=_environment(addresses, addresses.databases[service].worker),
    )


def _of_its_own(service: str, addresses: Addresses) -> dict[str, str]:
    key = addresses.payment_webhook_key
    return {"PAYMENT_WEBHOOK_KEY": key} if service == "billing" and key else {}


def _environment(addresses: Addresses, database_url: str) -> dict[str, str]:
    return {
        **plain_environment(),
        **addresses.auth,
        "DATABASE_URL": database_url,
        "KAFKA_BOOTSTRAP_SERVERS": addresses.bootstrap_servers,
        "KAFKA_PROFILE": addresses.broker_kind,
        "REPUBLISH_ON_NEW_BROKER": "true",  # the local broker forgets everything when it ends
        "LOG_LEVEL": os.environ.get("LOG_LEVEL", "INFO"),
        "PYTHONUNBUFFERED": "1",
    }
