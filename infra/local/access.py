"""How a program or a person gets at what runs: addresses, tokens and clients."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx

from infra.local import state
from infra.local.databases import urls
from infra.local.postgres import libpq
from infra.local.scopes import every_scope
from infra.local.tokens import DevelopmentIssuer

OPERATORS_TENANT = "demo"


class NotRunning(Exception):
    """There is nothing to ask."""

    def __init__(self) -> None:
        super().__init__("it is not running: start it with `quittance up` (or `make up`)")


def running(home: Path) -> state.State:
    """What runs and is ready. Raises NotRunning."""
    found = state.running(home)
    if found is None or not found.is_ready:
        raise NotRunning
    return found


def description(home: Path) -> dict[str, Any]:
    """What a script needs to use it, with a token of an operator of the tenant `demo`. It holds secrets."""
    found = running(home)
    return {
        "services": {name: {"url": url} for name, url in found.services.items()},
        "token": operator_token(home, OPERATORS_TENANT),
        "postgres": found.postgres,
        "kafka": found.kafka,
    }


def environment(home: Path) -> dict[str, str]:
    """The same as variables of a shell, under the names by which the runbook and the doctor know an installation."""
    found = running(home)
    roles = {name: urls(found.postgres, name, name) for name in found.services}
    return {
        **{f"{name.upper()}_URL": url for name, url in found.services.items()},
        **{f"{name.upper()}_API_DATABASE_URL": each.api for name, each in roles.items()},
        **{f"{name.upper()}_WORKER_DATABASE_URL": each.worker for name, each in roles.items()},
        **{f"{name.upper()}_OWNER_DATABASE_URL": each.owner for name, each in roles.items()},
        **DevelopmentIssuer(home).settings,
        "ADMIN_DATABASE_URL": libpq(found.postgres),
        "KAFKA_BOOTSTRAP_SERVERS": found.kafka,
        "TOKEN": operator_token(home, OPERATORS_TENANT),
    }


def operator_token(home: Path, tenant: str) -> str:
    """Of somebody who may do everything in that tenant."""
    return DevelopmentIssuer(home).token(tenant=tenant, scopes=every_scope(), subject="operator")


@contextmanager
def clients(home: Path, tenant: str) -> Iterator[Mapping[str, httpx.Client]]:
    """A client a service, acting for an operator of the tenant."""
    headers = {"Authorization": f"Bearer {operator_token(home, tenant)}"}
    with ExitStack() as opened:
        yield {
            name: opened.enter_context(httpx.Client(base_url=url, headers=headers))
            for name, url in running(home).services.items()
        }
