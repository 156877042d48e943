"""A database with the tables of usage, for tests of what lies below its API."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Engine, create_engine, make_url

from infra.local.databases import Urls, create_database, drop_database
from tests.support.house import migrate
from tests.support.servers import Servers


@pytest.fixture(scope="session")
def engine(servers: Servers) -> Iterator[Engine]:
    name = f"usage_{uuid4().hex[:8]}"
    urls = create_database(servers.admin_url, name, "usage")
    migrate("usage", urls.owner)
    engine = create_engine(make_url(servers.admin_url).set(database=name), connect_args={"options": "-c timezone=UTC"})
    with engine.begin() as tx:
        for month in ("2026-01-01", "2026-02-01"):
            tx.exec_driver_sql("SELECT make_usage_event_month(%s)", (month,))
    yield engine
    engine.dispose()
    drop_database(servers.admin_url, name)


@pytest.fixture
def tenant_id() -> UUID:
    return uuid4()


@pytest.fixture(scope="session")
def migrated(servers: Servers) -> Iterator[str]:
    """The name of a database that others are copied from."""
    name = f"usage_{uuid4().hex[:8]}"
    migrate("usage", create_database(servers.admin_url, name, "usage").owner)
    yield name
    drop_database(servers.admin_url, name)


@pytest.fixture
def urls(servers: Servers, migrated: str) -> Iterator[Urls]:
    """A database of its own for a test, with the rights of each role."""
    name = f"usage_{uuid4().hex[:8]}"
    admin = create_engine(servers.admin_url, isolation_level="AUTOCOMMIT")
    with admin.connect() as tx:
        tx.exec_driver_sql(f"CREATE DATABASE {name} TEMPLATE {migrated} OWNER usage_owner")
        tx.exec_driver_sql(f"GRANT TEMPORARY ON DATABASE {name} TO usage_worker")
    admin.dispose()
    yield create_database(servers.admin_url, name, "usage")
    drop_database(servers.admin_url, name)
