"""Databases and roles on a real server."""

import threading

import psycopg
import pytest

from infra.local.databases import create_database, drop_database
from infra.local.postgres import libpq
from tests.support.servers import Servers


def test_the_owner_makes_tables_and_the_running_roles_may_only_enter(servers: Servers) -> None:
    urls = create_database(servers.admin_url, "roles_test", "rolestest")
    with psycopg.connect(libpq(urls.owner)) as owner:
        owner.execute("create table kept (number int)")
    for url in (urls.api, urls.worker):
        with psycopg.connect(libpq(url)) as running, pytest.raises(psycopg.errors.InsufficientPrivilege):
            running.execute("select * from kept")
    with psycopg.connect(libpq(urls.api)) as api, pytest.raises(psycopg.errors.InsufficientPrivilege):
        api.execute("create table mine (number int)")
    drop_database(servers.admin_url, "roles_test")


def test_creating_a_database_twice_changes_nothing(servers: Servers) -> None:
    first = create_database(servers.admin_url, "twice_test", "rolestest")
    with psycopg.connect(libpq(first.owner)) as owner:
        owner.execute("create table kept (number int)")
    assert create_database(servers.admin_url, "twice_test", "rolestest") == first
    with psycopg.connect(libpq(first.owner)) as owner:
        assert owner.execute("select count(*) from kept").fetchone() == (0,)
    drop_database(servers.admin_url, "twice_test")


def test_databases_of_a_service_can_be_created_at_the_same_time(servers: Servers) -> None:
    names = [f"parallel_{number}" for number in range(4)]
    threads = [
        threading.Thread(target=create_database, args=(servers.admin_url, name, "paralleltest")) for name in names
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with psycopg.connect(libpq(servers.admin_url), autocommit=True) as server:
        found = server.execute("select count(*) from pg_database where datname = any(%s)", [names]).fetchone()
    assert found == (4,)
    for name in names:
        drop_database(servers.admin_url, name)


def test_one_service_cannot_enter_the_database_of_another(servers: Servers) -> None:
    create_database(servers.admin_url, "mine_test", "minetest")
    foreign = create_database(servers.admin_url, "foreign_test", "foreigntest")
    with pytest.raises(psycopg.OperationalError, match="permission denied"):
        psycopg.connect(libpq(foreign.api).replace("/foreign_test", "/mine_test"))
    drop_database(servers.admin_url, "mine_test")
    drop_database(servers.admin_url, "foreign_test")
