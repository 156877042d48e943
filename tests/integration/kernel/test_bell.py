"""Who waits for a bell wakes when it is rung, and lives through the loss of its connection."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from infra.local.postgres import libpq
from shared.bell import Bell, ring
from shared.database import engine_for
from tests.support.tower.house import Tower
from tests.support.waiting import eventually

FOR_EVER = 60.0


@pytest.fixture
def bell(tower: Tower) -> Iterator[Bell]:
    engine = engine_for(tower.urls.worker, pool_size=1)
    bell = Bell(engine, "door")
    yield bell
    bell.close()
    engine.dispose()


def test_it_wakes_who_waits(tower: Tower, bell: Bell) -> None:
    bell.wait(0.01)  # it listens from now on
    began = time.monotonic()
    with ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(bell.wait, FOR_EVER)
        _ring(tower, "door")
        waiting.result()
    assert time.monotonic() - began < FOR_EVER


def test_what_was_rung_before_the_wait_is_heard_and_another_bell_is_not(tower: Tower, bell: Bell) -> None:
    bell.wait(0.01)
    _ring(tower, "window")
    _ring(tower, "door")
    began = time.monotonic()
    bell.wait(FOR_EVER)
    assert time.monotonic() - began < FOR_EVER


def test_a_lost_connection_is_told_and_made_anew(tower: Tower, bell: Bell) -> None:
    bell.wait(0.01)
    with psycopg.connect(libpq(tower.servers.admin_url), autocommit=True) as admin:
        admin.execute("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE query = 'LISTEN door'")
    with pytest.raises(psycopg.OperationalError):
        bell.wait(FOR_EVER)
    eventually(lambda: bell.wait(0.01) is None)


def test_its_connection_listens_for_nobody_else_afterwards(bell: Bell) -> None:
    bell.wait(0.01)
    bell.close()
    with bell.engine.connect() as tx:
        assert tx.exec_driver_sql("SELECT count(*) FROM pg_listening_channels()").scalar_one() == 0


def _ring(tower: Tower, channel: str) -> None:
    with tower.api.begin() as tx:
        ring(tx, channel)
