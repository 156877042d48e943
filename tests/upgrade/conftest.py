"""The databases of every release, each restored and migrated once for a test file."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import product
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine

from infra.local.services import SERVICES
from infra.local.tokens import DevelopmentIssuer
from shared.rebuild import rebuild
from tests.support.house import Service, migrate
from tests.support.operating import operate
from tests.support.servers import Servers
from tests.upgrade import releases
from tests.upgrade.story import TENANT


@dataclass
class Upgraded:
    """A service on the database that a release left, migrated to today's tables.

    `empty` are the tables in which the release left nothing, `unsent` what it had not yet given to the broker, `unfilled`
    the read models that the migration left to `operate rebuild`.
    """

    release: str
    service: Service
    superuser_url: str
    empty: set[str]
    unsent: list[Any]
    unfilled: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        store = importlib.import_module(f"services.{self.service.name}.store")
        self.models, self.store, self.outbox = store.READ_MODELS, store.create_store(), store.OUTBOX

    @property
    def engine(self) -> Engine:
        return self.service.background.relay.engine

    def rows(self, statement: str, **parameters: Any) -> list[Any]:
        with self.engine.connect() as tx:
            return list(tx.exec_driver_sql(statement, parameters))

    def different(self) -> dict[str, Any]:
        """Read models that are not what the events make of them."""
        compared = rebuild(self.engine, self.store, self.models, keep=False)
        return {c.table: c.different_tenants for c in compared if not c.is_equal}


@pytest.fixture(scope="module", params=product(releases.names(), SERVICES), ids="-".join)
def upgraded(
    request: pytest.FixtureRequest, servers: Servers, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Upgraded]:
    release, name = request.param
    issuer = DevelopmentIssuer(tmp_path_factory.mktemp("issuer"))
    issuer.prepare()
    with releases.restored(release, name, servers.admin_url) as (superuser_url, urls):
        empty, unsent = _left(superuser_url)
        migrate(name, urls.owner)
        service = Service(name, urls, servers, issuer)
        service.hear_only_of_its_tenants().hear_of(TENANT)
        upgraded = Upgraded(release, service, superuser_url, empty, unsent)
        upgraded.unfilled = set(upgraded.different())
        if upgraded.unfilled:
            rebuilt = operate(name, urls.worker, "rebuild")
            assert (rebuilt.returncode, rebuilt.stderr) == (0, "")
        yield upgraded
        service.close()


def _left(url: str) -> tuple[set[str], list[Any]]:
    engine = create_engine(url)
    try:
        with engine.connect() as tx:
            tables = tx.exec_driver_sql("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").scalars().all()
            empty = {name for name in tables if tx.exec_driver_sql(f"SELECT 1 FROM {name} LIMIT 1").first() is None}
            return empty, list(tx.exec_driver_sql("SELECT topic, message FROM outbox ORDER BY id"))
    finally:
        engine.dispose()
