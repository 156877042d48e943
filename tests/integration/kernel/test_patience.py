"""What holds a lock for long makes a request fail soon, with a word on when to come again, and nothing is left open."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

import pytest
from sqlalchemy.exc import DataError

from infra.local.tokens import DevelopmentIssuer
from shared.database import FOR_REQUESTS, FOR_WORKERS, Patience, engine_for
from shared.unit_of_work import TRANSIENT
from tests.integration.kernel.conftest import Door
from tests.support.tower.api import create_app
from tests.support.tower.house import Tower


@contextmanager
def held(tower: Tower) -> Iterator[None]:
    with tower.worker.begin() as tx:
        tx.exec_driver_sql("DELETE FROM timers")
        tx.exec_driver_sql("LOCK TABLE bells IN SHARE ROW EXCLUSIVE MODE")
        yield


@pytest.mark.parametrize("patience", [Patience(lock=0.2), Patience(statement=0.2)], ids=["lock", "statement"])
def test_a_request_that_waits_for_a_lock_is_asked_to_come_again(
    own_tower: Tower, issuer: DevelopmentIssuer, patience: Patience
) -> None:
    own_tower.api = engine_for(own_tower.urls.api, pool_size=2, patience=patience)
    door, bell = Door(create_app(own_tower, issuer.settings), issuer), uuid4()
    asked = {"Idempotency-Key": "one"}
    with held(own_tower):
        answer = door.client().post(f"/v1/bells/{bell}/ring", json={}, headers=asked)
        assert (answer.status_code, answer.json()["title"]) == (503, "database_unavailable")
        assert answer.headers["retry-after"] == "1"
    again = door.client().post(f"/v1/bells/{bell}/ring", json={}, headers=asked)
    assert (again.status_code, again.json()["times"]) == (201, 1)


def test_requests_give_up_before_workers_do(tower: Tower) -> None:
    assert (FOR_REQUESTS.statement, FOR_REQUESTS.lock) < (FOR_WORKERS.statement, FOR_WORKERS.lock)
    engine = engine_for(tower.urls.api, pool_size=1, patience=FOR_REQUESTS)
    with engine.connect() as tx:
        names = ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout")
        shown = [tx.exec_driver_sql(f"SHOW {name}").scalar_one() for name in names]
    engine.dispose()
    assert shown == ["15s", "5s", "30s"]


def test_what_is_over_a_limit_of_postgresql_is_no_fault_that_passes(tower: Tower) -> None:
    engine = engine_for(tower.urls.owner, pool_size=1)
    with engine.connect() as tx:
        tx.exec_driver_sql("CREATE TABLE named (name text PRIMARY KEY)")
        with pytest.raises(DataError) as told:
            tx.exec_driver_sql(_TOO_LONG_FOR_AN_INDEX)
    assert not isinstance(told.value, TRANSIENT)
    engine.dispose()


_TOO_LONG_FOR_AN_INDEX = """
INSERT INTO named SELECT string_agg(sha512(n::text::bytea)::text, '') FROM generate_series(1, 99) AS n"""
