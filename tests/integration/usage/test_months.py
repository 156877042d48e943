"""Events are kept by month of arrival: months are made in time, once, by nobody's rights but the owner's."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier
from uuid import UUID, uuid4

import pytest
from prometheus_client import REGISTRY
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError, ProgrammingError

from infra.local.databases import Urls, create_database, drop_database
from services.usage.messaging.months_ahead import MonthsAhead
from services.usage.metering.months import MonthGone, Months, make_month, missing_months, month_of
from shared.database import engine_for
from shared.tenancy import transaction
from tests.integration.usage.meter_room import START, Room, trip
from tests.support.house import Service

MAY_2031 = datetime(2031, 5, 1, tzinfo=UTC)


@pytest.fixture
def worker(urls: Urls) -> Iterator[Engine]:
    engine = engine_for(urls.worker, pool_size=3)
    yield engine
    engine.dispose()


def partitions(tx: Connection) -> dict[str, tuple[str, str]]:
    rows = tx.exec_driver_sql("SELECT name, starts_at::text, ends_at::text FROM usage_event_partitions ORDER BY name")
    return {row.name.removeprefix("usage_events_"): (row.starts_at[:10], row.ends_at[:10]) for row in rows}


def put(tx: Connection, received_at: datetime, tenant_id: UUID | None = None) -> None:
    values = {"tenant": tenant_id or uuid4(), "batch": uuid4(), "at": received_at}
    tx.exec_driver_sql(
        "INSERT INTO usage_events SELECT %(tenant)s, 1, '/s', 'i', 't', 'acme', %(at)s, '{}', %(batch)s, %(at)s", values
    )


def test_each_month_of_arrival_has_a_place_of_its_own_and_what_is_far_off_has_one_too(worker):
    months = Months()
    instants = [
        datetime(1, 1, 1, tzinfo=UTC),
        MAY_2031 + timedelta(days=30),
        MAY_2031 + timedelta(days=31),
        datetime(9999, 12, 31, tzinfo=UTC),
    ]
    months.make(worker, instants)
    with worker.begin() as tx:
        for instant in instants:
            put(tx, instant)
        there = partitions(tx)
        assert {name: there[name] for name in ("before", "2031_05", "2031_06", "after")} == {
            "before": ("-infinity", "2000-01-01"),
            "2031_05": ("2031-05-01", "2031-06-01"),
            "2031_06": ("2031-06-01", "2031-07-01"),
            "after": ("2100-01-01", "infinity"),
        }


def test_two_workers_make_the_same_month_at_once_and_it_is_there_once(worker):
    start = Barrier(2)

    def make() -> bool:
        with worker.begin() as tx:
            tx.exec_driver_sql("SELECT 1")
            start.wait(10)
            return make_month(tx, MAY_2031)

    with ThreadPoolExecutor(2) as pool:
        made = [each.result() for each in [pool.submit(make), pool.submit(make)]]
    assert sorted(made) == [False, True]
    with worker.begin() as tx:
        put(tx, MAY_2031)


def test_a_month_is_made_while_others_are_written_and_read(worker):
    with worker.begin() as tx:
        make_month(tx, MAY_2031)
    with worker.begin() as writing:
        put(writing, MAY_2031)
        assert writing.exec_driver_sql("SELECT count(*) FROM usage_events").scalar_one() == 1
        with worker.begin() as tx:
            tx.exec_driver_sql("SET LOCAL lock_timeout = '2s'")
            assert make_month(tx, MAY_2031 + timedelta(days=31))


def test_a_month_that_went_since_it_was_seen_is_made_again_with_the_next_try(urls, worker):
    months, owner = Months(), engine_for(urls.owner, pool_size=1)
    with months.there(worker, [MAY_2031]), worker.begin() as tx:
        put(tx, MAY_2031)
    with owner.begin() as tx:
        tx.exec_driver_sql("DROP TABLE partitions.usage_events_2031_05")
    owner.dispose()
    with pytest.raises(MonthGone), months.there(worker, [MAY_2031]), worker.begin() as tx:
        put(tx, MAY_2031)
    with months.there(worker, [MAY_2031]), worker.begin() as tx:
        put(tx, MAY_2031)


@pytest.mark.parametrize("statement", ["SELECT * FROM {}", "INSERT INTO {} DEFAULT VALUES", "DROP TABLE {}"])
def test_nobody_but_the_owner_enters_a_partition(urls, worker, statement):
    with worker.begin() as tx:
        make_month(tx, MAY_2031)
    for url in (urls.api, urls.worker):
        engine = engine_for(url, pool_size=1)
        for name in ("2031_05", "before", "after"):
            with pytest.raises(ProgrammingError, match="permission denied"), engine.begin() as tx:
                tx.exec_driver_sql(statement.format(f"partitions.usage_events_{name}"))
        engine.dispose()


def test_tenants_are_kept_apart_in_every_month(urls, worker):
    mine, other = uuid4(), uuid4()
    Months().make(worker, [MAY_2031])
    with worker.begin() as tx:
        for at in (MAY_2031, datetime(1999, 1, 1, tzinfo=UTC)):
            put(tx, at, mine)
            put(tx, at, other)
    api = engine_for(urls.api, pool_size=1)
    with transaction(api, mine) as tx:
        assert tx.exec_driver_sql("SELECT tenant_id FROM usage_events").scalars().all() == [mine, mine]
    api.dispose()


@pytest.mark.parametrize("argument", ["NULL", "'infinity'"])
def test_what_is_no_instant_is_no_month(worker, argument):
    with pytest.raises(DBAPIError, match="a month is that of an instant"), worker.begin() as tx:
        tx.exec_driver_sql(f"SELECT make_usage_event_month({argument})")


def test_only_a_worker_may_have_months_made(urls, worker):
    api = engine_for(urls.api, pool_size=1)
    with pytest.raises(ProgrammingError, match="permission denied"), api.begin() as tx:
        make_month(tx, MAY_2031)
    api.dispose()


def test_this_month_and_the_next_are_made_ahead_and_it_is_seen_if_they_are_not(urls, worker):
    now = datetime(2031, 12, 31, 23, 59, tzinfo=UTC)
    with worker.begin() as tx:
        assert missing_months(tx, now) == [datetime(2031, 12, 1, tzinfo=UTC), datetime(2032, 1, 1, tzinfo=UTC)]
    owner = engine_for(urls.owner, pool_size=1)
    with owner.begin() as tx:
        tx.exec_driver_sql("REVOKE EXECUTE ON FUNCTION make_usage_event_month FROM usage_worker")
    with pytest.raises(ProgrammingError, match="permission denied"):
        MonthsAhead(worker, lambda: now).step()
    assert REGISTRY.get_sample_value("quittance_event_months_missing", {"service": "usage"}) == 2
    with owner.begin() as tx:
        tx.exec_driver_sql("GRANT EXECUTE ON FUNCTION make_usage_event_month TO usage_worker")
    owner.dispose()
    MonthsAhead(worker, lambda: now).step()
    assert REGISTRY.get_sample_value("quittance_event_months_missing", {"service": "usage"}) == 0
    with worker.begin() as tx:
        assert missing_months(tx, now) == []


def test_events_of_a_test_clock_go_to_the_month_that_it_shows(usage: Service, tenant: str) -> None:
    room = Room(usage, tenant)
    room.opened("miles")
    room.metered(trip("1", miles=4))
    assert room.quantities("miles") == {"": "4"}
    with usage.background.relay.engine.begin() as tx:
        assert f"{month_of(START - timedelta(days=30)):%Y_%m}" in partitions(tx)


def test_a_filled_table_becomes_the_first_partition_and_new_months_get_their_own(servers):
    name = f"usage_{uuid4().hex[:8]}"
    urls = create_database(servers.admin_url, name, "usage")
    alembic(urls, "0006")
    owner, mine, ahead = engine_for(urls.owner, pool_size=1), uuid4(), MAY_2031 + timedelta(days=10)
    with owner.begin() as tx:
        for at in (datetime(2013, 1, 1, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC), ahead):
            put(tx, at, uuid4())
        put(tx, ahead, mine)
    alembic(urls, "head")
    worker = engine_for(urls.worker, pool_size=1)
    with worker.begin() as tx:
        bounds = {"before": ("-infinity", "2031-08-01"), "after": ("2100-01-01", "infinity")}
        assert partitions(tx) == bounds
        assert tx.exec_driver_sql("SELECT count(*) FROM usage_events").scalar_one() == 4
        assert not make_month(tx, MAY_2031)
        assert make_month(tx, datetime(2031, 8, 1, tzinfo=UTC))
        put(tx, datetime(2031, 8, 31, tzinfo=UTC))
        with pytest.raises(ProgrammingError, match="permission denied"), tx.begin_nested():
            tx.exec_driver_sql("SELECT 1 FROM partitions.usage_events_before")
    api = engine_for(urls.api, pool_size=1)
    with transaction(api, mine) as tx:
        assert tx.exec_driver_sql("SELECT received_at FROM usage_events").scalars().all() == [ahead]
    for engine in (owner, worker, api):
        engine.dispose()
    drop_database(servers.admin_url, name)


def alembic(urls: Urls, revision: str) -> None:
    command = [sys.executable, "-m", "alembic", "-c", "services/usage/migrations/alembic.ini", "upgrade", revision]
    subprocess.run(command, check=True, env={**os.environ, "DATABASE_URL": urls.owner}, capture_output=True)
