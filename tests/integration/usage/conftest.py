"""A database with the tables of usage, for tests of what lies below its API."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Engine, create_engine, make_url

from services.usage.tables import metadata
from tests.support.servers import Servers


@pytest.fixture(scope="session")
def engine(servers: Servers) -> Iterator[Engine]:
    name = f"usage_{uuid4().hex[:8]}"
    admin = create_engine(servers.admin_url, isolation_level="AUTOCOMMIT")
    with admin.connect() as tx:
        tx.exec_driver_sql(f"CREATE DATABASE {name}")
    engine = create_engine(make_url(servers.admin_url).set(database=name), connect_args={"options": "-c timezone=UTC"})
    metadata.create_all(engine)
    yield engine
    engine.dispose()
    with admin.connect() as tx:
        tx.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")
    admin.dispose()


@pytest.fixture
def tenant_id() -> UUID:
    return uuid4()
