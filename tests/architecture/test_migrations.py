"""What Alembic makes is what the code believes in."""

from __future__ import annotations

import importlib
from uuid import uuid4

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine

from infra.local.databases import create_database, drop_database
from tests.architecture.sources import SERVICES
from tests.support.house import migrate
from tests.support.servers import Servers


@pytest.mark.parametrize("service", SERVICES)
def test_the_head_of_the_migrations_equals_the_tables(servers: Servers, service: str) -> None:
    database = f"{service}_{uuid4().hex[:8]}"
    urls = create_database(servers.admin_url, database, service)
    engine = create_engine(urls.owner)
    try:
        migrate(service, urls.owner)
        with engine.connect() as connection:
            context = MigrationContext.configure(connection, opts={"compare_type": True})
            metadata = importlib.import_module(f"services.{service}.tables").metadata
            assert compare_metadata(context, metadata) == []
    finally:
        engine.dispose()
        drop_database(servers.admin_url, database)
