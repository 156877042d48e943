"""The database keeps tenants apart even where the code forgets to."""

from __future__ import annotations

import importlib
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Engine, MetaData, PrimaryKeyConstraint, UniqueConstraint
from sqlalchemy.exc import ProgrammingError

from infra.local.databases import create_database, drop_database
from infra.local.services import SERVICES
from shared.database import engine_for
from shared.tables import NAMING
from shared.tenancy import asking, asking_within, secure, transaction
from tests.support.house import migrate
from tests.support.servers import Servers
from tests.support.tower.bell import BELL, Ring
from tests.support.tower.house import Tower
from tests.support.tower.store import metadata as of_tower

# What the worker alone works through, across all tenants.
QUEUES = {"outbox", "timers", "inbox", "consumer_offsets", "brokers_met"}


def tables(name: str) -> MetaData:
    metadata: MetaData = importlib.import_module(f"services.{name}.tables").metadata
    return metadata


def test_without_a_tenant_nothing_is_seen(tower: Tower, tenant: UUID, bell: UUID) -> None:
    tower.do(BELL, tenant, bell, Ring())
    with tower.api.begin() as tx:
        for table in ("events", "bells", "test_clocks", "parked_messages", "idempotency_keys", "worker_status"):
            assert tx.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar_one() == 0


def test_a_tenant_sees_and_writes_its_own_rows_only(tower: Tower, tenant: UUID, bell: UUID) -> None:
    other = uuid4()
    tower.do(BELL, tenant, bell, Ring())
    tower.do(BELL, other, bell, Ring())
    with transaction(tower.api, tenant) as tx:
        assert {row.tenant_id for row in tx.exec_driver_sql("SELECT tenant_id FROM bells")} == {tenant}
        assert tx.exec_driver_sql("UPDATE bells SET times = 99").rowcount == 1
        assert tx.exec_driver_sql("DELETE FROM bells WHERE tenant_id = %(t)s", {"t": other}).rowcount == 0
    with pytest.raises(ProgrammingError, match="row-level security"), transaction(tower.api, tenant) as tx:
        tx.exec_driver_sql("INSERT INTO bells VALUES (%(t)s, %(b)s, 1, 1)", {"t": other, "b": uuid4()})


def test_a_tenant_does_not_leak_to_the_next_user_of_a_pooled_connection(tower: Tower, tenant: UUID) -> None:
    tower.do(BELL, tenant, uuid4(), Ring())
    pool_of_one = engine_for(tower.urls.api, pool_size=1)
    with transaction(pool_of_one, tenant) as tx:
        backend = tx.exec_driver_sql("SELECT pg_backend_pid() FROM bells").scalar_one()
    with pool_of_one.begin() as tx:
        assert tx.exec_driver_sql("SELECT pg_backend_pid()").scalar_one() == backend
        assert tx.exec_driver_sql("SELECT count(*) FROM bells").scalar_one() == 0
    pool_of_one.dispose()


def test_a_question_sees_rows_of_its_tenant_only_however_it_is_planned(tower: Tower, tenant: UUID, bell: UUID) -> None:
    other, pool_of_one = uuid4(), engine_for(tower.urls.api, pool_size=1)
    tower.do(BELL, tenant, bell, Ring())
    tower.do(BELL, other, bell, Ring())
    for join in ("nestloop", "mergejoin", "hashjoin"):
        with pool_of_one.begin() as tx:
            tx.exec_driver_sql(f"SET enable_{join} TO off")
        for who in (tenant, other):
            everything = list(
                asking(pool_of_one, who)("SELECT tenant_id, bell_id FROM bells WHERE times > %(t)s", {"t": 0})
            )
            mine = "SELECT tenant_id, bell_id FROM bells WHERE tenant_id = %(tenant)s"
            with transaction(pool_of_one, who) as tx:
                assert everything == list(asking_within(tx, who)(mine, {})) == [(who, bell)]
        with pool_of_one.begin() as tx:
            assert tx.exec_driver_sql("SELECT count(*) FROM bells").scalar_one() == 0
    pool_of_one.dispose()


@pytest.mark.parametrize("statement", ["UPDATE events SET type = 'x'", "DELETE FROM events", "TRUNCATE events"])
@pytest.mark.parametrize("role", ["api", "worker"])
def test_nobody_changes_what_has_happened(tower: Tower, tenant: UUID, role: str, statement: str) -> None:
    with pytest.raises(ProgrammingError, match="permission denied"), engine(tower, role).begin() as tx:
        tx.exec_driver_sql(statement)


@pytest.mark.parametrize("table", sorted(QUEUES))
def test_the_api_cannot_look_into_the_workers_queues(tower: Tower, tenant: UUID, table: str) -> None:
    for statement in (f"SELECT 1 FROM {table}", f"DELETE FROM {table}"):
        with pytest.raises(ProgrammingError, match="permission denied"), transaction(tower.api, tenant) as tx:
            tx.exec_driver_sql(statement)


@pytest.mark.parametrize("service", SERVICES)
def test_every_unique_key_begins_with_the_tenant(service: str) -> None:
    for table in tables(service).tables.values():
        if "tenant_id" in table.c and not table.info.get("queue") and table.name != "events":
            unique = [c for c in table.constraints if isinstance(c, PrimaryKeyConstraint | UniqueConstraint)]
            first = [next(iter(key.columns)).name for key in (*unique, *(i for i in table.indexes if i.unique))]
            assert set(first) == {"tenant_id"}, table.name


@pytest.mark.parametrize("service", SERVICES)
def test_every_table_with_a_tenant_has_a_policy_or_is_a_queue(servers: Servers, service: str) -> None:
    database = f"{service}_{uuid4().hex[:8]}"
    urls = create_database(servers.admin_url, database, service)
    migrate(service, urls.owner)
    worker = engine_for(urls.worker, pool_size=1)
    with worker.connect() as tx:
        rows = tx.exec_driver_sql(_TABLES).all()
    worker.dispose()
    drop_database(servers.admin_url, database)
    queues = {t.name for t in tables(service).tables.values() if t.info.get("queue")}
    unguarded = {row.name for row in rows if row.has_tenant and not (row.is_guarded and row.policies == 2)}
    assert unguarded <= queues
    assert {row.name for row in rows} - {"alembic_version"} == set(tables(service).tables)


def test_the_kernels_queues_are_declared() -> None:
    assert {t.name for t in of_tower.tables.values() if t.info.get("queue")} == QUEUES
    assert of_tower.naming_convention == NAMING
    assert any("CREATE POLICY" in statement for statement in secure("tower", by_tenant=["bells"], queues=[]))


def engine(tower: Tower, role: str) -> Engine:
    return tower.api if role == "api" else tower.worker


_TABLES = """
SELECT c.relname AS name, c.relrowsecurity AS is_guarded,
  (SELECT count(*) FROM pg_policies p WHERE p.tablename = c.relname) AS policies,
  EXISTS (SELECT 1 FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'tenant_id') AS has_tenant
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p')"""
