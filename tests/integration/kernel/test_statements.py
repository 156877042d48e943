"""Writes that go together are one statement, and nobody can tell by what is written."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from sqlalchemy import Column, Connection, Integer, MetaData, Table, Text, insert
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError

from infra.local.postgres import libpq
from shared.database import engine_for
from shared.statements import look, run, together, write
from tests.support.tower.house import Tower

_BELL = "INSERT INTO bells (tenant_id, bell_id, version, times) VALUES (%(tenant)s, %(bell)s, 1, %(times)s)"
_LETTER = "INSERT INTO outbox (tenant_id, topic, key, message) VALUES (%(tenant)s, '100%%', %(key)s, 'ding')"

_notes = Table("notes", MetaData(), Column("id", Integer), Column("said", JSONB), Column("by", Text))


def times_of(tx: Connection, tenant: UUID) -> list[int]:
    found = run(tx, "SELECT times FROM bells WHERE tenant_id = %(tenant)s ORDER BY times", {"tenant": tenant})
    return [times for (times,) in found]


def test_inserts_into_several_tables_are_one_command(tower: Tower, tenant: UUID) -> None:
    with tower.worker.begin() as tx:
        with together(tx):
            write(tx, _BELL, {"tenant": tenant, "bell": uuid4(), "times": 1})
            write(tx, _LETTER, {"tenant": tenant, "key": "k"})
        commands = "SELECT cmin::text FROM {} WHERE tenant_id = %(tenant)s"
        bell, letter = (run(tx, commands.format(name), {"tenant": tenant}).fetchone() for name in ("bells", "outbox"))
    assert bell == letter
    assert tower.rows("SELECT topic FROM outbox WHERE tenant_id = %(t)s", t=tenant)[0].topic == "100%"


def test_a_table_that_is_written_twice_gets_both_rows(tower: Tower, tenant: UUID) -> None:
    with tower.worker.begin() as tx, together(tx):
        for times in (1, 2):
            write(tx, _BELL, {"tenant": tenant, "bell": uuid4(), "times": times})
        assert times_of(tx, tenant) == [1, 2]


def test_what_changes_a_row_comes_after_what_makes_it(tower: Tower, tenant: UUID) -> None:
    bell, change = (
        uuid4(),
        "UPDATE bells SET times = times + %(more)s WHERE tenant_id = %(tenant)s AND bell_id = %(bell)s",
    )
    with tower.worker.begin() as tx, together(tx):
        write(tx, _BELL, {"tenant": tenant, "bell": bell, "times": 1})
        for more in (2, 4):
            write(tx, change, {"tenant": tenant, "bell": bell, "more": more})
        assert times_of(tx, tenant) == [7]


def test_a_change_goes_with_what_is_written_elsewhere(tower: Tower, tenant: UUID) -> None:
    bell, change = uuid4(), "UPDATE bells SET times = 9 WHERE tenant_id = %(tenant)s AND bell_id = %(bell)s"
    with tower.worker.begin() as tx:
        write(tx, _BELL, {"tenant": tenant, "bell": bell, "times": 1})
        with together(tx):
            write(tx, change, {"tenant": tenant, "bell": bell})
            write(tx, _LETTER, {"tenant": tenant, "key": "k"})
        commands = "SELECT cmin::text FROM {} WHERE tenant_id = %(tenant)s"
        changed, letter = (
            run(tx, commands.format(name), {"tenant": tenant}).fetchone() for name in ("bells", "outbox")
        )
        assert changed == letter
        assert times_of(tx, tenant) == [9]


def test_whoever_reads_sees_what_waits(tower: Tower, tenant: UUID) -> None:
    with tower.worker.begin() as tx, together(tx):
        write(tx, _BELL, {"tenant": tenant, "bell": uuid4(), "times": 3})
        seen = tx.exec_driver_sql("SELECT times FROM bells WHERE tenant_id = %(t)s", {"t": tenant}).scalar_one()
    assert seen == 3


def test_what_waits_when_something_fails_is_not_written(tower: Tower, tenant: UUID) -> None:
    def fail(tx: Connection) -> None:
        with together(tx):
            write(tx, _BELL, {"tenant": tenant, "bell": uuid4(), "times": 3})
            raise ZeroDivisionError

    with tower.worker.begin() as tx:
        with pytest.raises(ZeroDivisionError):
            fail(tx)
        assert times_of(tx, tenant) == []


def test_an_error_names_the_table_that_it_is_about(tower: Tower, tenant: UUID) -> None:
    same = {"tenant": tenant, "bell": uuid4(), "times": 1}

    def ring_and_write(tx: Connection) -> None:
        with together(tx):
            write(tx, _LETTER, {"tenant": tenant, "key": "k"})
            write(tx, _BELL, same)

    with tower.worker.begin() as tx:
        write(tx, _BELL, same)
        with pytest.raises(IntegrityError) as caught:
            ring_and_write(tx)
    assert caught.value.orig.diag.table_name == "bells"  # type: ignore[union-attr]


@pytest.mark.parametrize("said", [{"a": [1, None]}, [], None, "text"])
def test_a_row_is_stored_as_sqlalchemy_stores_it(tower: Tower, said: object) -> None:
    engine = engine_for(tower.urls.owner, pool_size=1)
    with engine.begin() as tx:
        tx.exec_driver_sql("CREATE TEMPORARY TABLE notes (id int, said jsonb, by text DEFAULT 'nobody') ON COMMIT DROP")
        tx.execute(insert(_notes), {"id": 1, "said": said})
        write(tx, insert(_notes), {"id": 2, "said": said})
        ours, theirs = tx.exec_driver_sql("SELECT said::text, by FROM notes ORDER BY id").all()
    engine.dispose()
    assert ours == theirs


def test_a_connection_that_is_lost_meanwhile_is_told_as_that_and_nothing_else(tower: Tower, tenant: UUID) -> None:
    """Whoever may try again has to know it by the error."""

    def write_when_hung_up() -> None:
        with tower.worker.begin() as tx, together(tx):
            _hang_up(tower, run(tx, "SELECT pg_backend_pid()", {}).fetchone())
            write(tx, _BELL, {"tenant": tenant, "bell": uuid4(), "times": 1})

    with pytest.raises(OperationalError):
        write_when_hung_up()


def test_a_look_leaves_nothing_behind(tower: Tower) -> None:
    engine = engine_for(tower.urls.worker, pool_size=1)
    assert look(engine, "SELECT %(number)s + 1", {"number": 41}) == [(42,)]
    with pytest.raises(DBAPIError):
        look(engine, "SELECT 1 / 0", {})
    with engine.begin() as tx:
        now = "SELECT now()"
        assert tx.exec_driver_sql(now).scalar_one() == tx.exec_driver_sql(now).scalar_one()
    engine.dispose()


def test_a_look_whose_connection_is_lost_says_so_and_the_next_one_connects_anew(tower: Tower) -> None:
    engine = engine_for(tower.urls.worker, pool_size=1)
    _hang_up(tower, look(engine, "SELECT pg_backend_pid()", {})[0])
    with pytest.raises(OperationalError):
        look(engine, "SELECT 1", {})
    assert look(engine, "SELECT 1", {}) == [(1,)]
    engine.dispose()


def _hang_up(tower: Tower, backend: tuple[Any, ...] | None) -> None:
    with psycopg.connect(libpq(tower.servers.admin_url), autocommit=True) as admin:
        admin.execute("SELECT pg_terminate_backend(%s, 5000)", backend)
