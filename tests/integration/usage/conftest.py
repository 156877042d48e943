"""A database with the tables of usage, for tests of what lies below its API."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Engine, create_engine, make_url

from infra.local.databases import Urls, create_database, drop_database
from shared.database import engine_for
from tests.integration.usage.archive_house import FEBRUARY, JANUARY, SLUGS, Store, forget_meter, hour, trips
from tests.integration.usage.metering_house import corrected
from tests.integration.usage.metering_house import event as sent
from tests.integration.usage.test_rollups import take_everything_over
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


@pytest.fixture
def store(urls: Urls, tmp_path: Path) -> Iterator[Store]:
    worker, owner = engine_for(urls.worker, pool_size=3), engine_for(urls.owner, pool_size=2)
    store = Store(worker, uuid4(), owner=owner, directory=tmp_path)
    store.define_meters()
    forget_meter(store, "weighted_sum")
    take_everything_over(worker)
    yield store
    worker.dispose()
    owner.dispose()


@pytest.fixture
def archived(store: Store) -> Store:
    """A closed January, archived; February is there."""
    for slug in SLUGS:
        store.open_january(slug)
    store.arrive(*trips(20))
    store.arrive(corrected("c", "3", {"miles": "8.5"}, at=JANUARY + 3 * hour))
    store.arrive(sent("f", at=FEBRUARY + hour, miles=1), at=FEBRUARY + hour)
    store.close_january()
    assert store.archive() == 0
    return store
