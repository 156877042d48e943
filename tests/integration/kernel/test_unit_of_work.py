"""A unit of work sees its own writes, decides once, and is all or nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import pytest

from shared.event_store import StreamMoved
from shared.statements import write
from tests.support.tower.bell import BELL, Bell, BellRung, Crack, Ring, TooLoud
from tests.support.tower.house import Tower


def test_a_unit_reads_its_own_writes(tower: Tower, tenant: UUID, bell: UUID) -> None:
    with tower.unit(tenant) as unit:
        unit.execute(BELL, bell, Ring(times=3))
        assert unit.state(BELL, bell) == Bell(times=3)
        assert times_shown(unit, bell) == 3
        unit.execute(BELL, bell, Ring(times=4))
        assert (unit.version(BELL, bell), times_shown(unit, bell)) == (2, 7)


def test_doing_it_twice_is_doing_it_once(tower: Tower, tenant: UUID, bell: UUID) -> None:
    first = tower.do(BELL, tenant, bell, Ring(until=5))
    again = tower.do(BELL, tenant, bell, Ring(until=5))
    assert (first, again) == ([BellRung(times=5)], [])
    assert len(tower.rows("SELECT 1 FROM events WHERE stream_id = %(b)s", b=bell)) == 1


def test_a_refusal_leaves_nothing_behind(tower: Tower, tenant: UUID, bell: UUID) -> None:
    def ring_well_and_then_too_loud() -> None:
        with tower.unit(tenant) as unit:
            unit.execute(BELL, bell, Ring(times=1))
            assert times_shown(unit, bell) == 1
            unit.execute(BELL, bell, Ring(times=100))

    with pytest.raises(TooLoud):
        ring_well_and_then_too_loud()
    for table in ("events", "bells", "outbox"):
        assert tower.rows(f"SELECT 1 FROM {table} WHERE tenant_id = %(t)s", t=tenant) == []


def test_a_version_that_was_not_the_one_seen_is_refused(tower: Tower, tenant: UUID, bell: UUID) -> None:
    tower.do(BELL, tenant, bell, Ring())
    with tower.unit(tenant) as unit, pytest.raises(StreamMoved):
        replace(unit, if_match=0).execute(BELL, bell, Ring())
    with tower.unit(tenant) as unit:
        replace(unit, if_match=1).execute(BELL, bell, Ring())
    assert tower.state(BELL, tenant, bell) == Bell(times=2)


def test_what_is_written_while_finishing_goes_with_what_is_pending(tower: Tower, tenant: UUID) -> None:
    bell, other = uuid4(), uuid4()
    with tower.unit(tenant) as unit:
        unit.execute(BELL, bell, Crack())
        with unit.session.finishing():
            row = {"t": tenant, "b": other}
            write(unit.session.connection, "INSERT INTO bells VALUES (%(t)s, %(b)s, 1, 9)", row)
    assert tower.state(BELL, tenant, bell) == Bell(is_cracked=True)
    assert tower.rows("SELECT times FROM bells WHERE bell_id = %(b)s", b=other)[0].times == 9


def test_finishing_late_is_refused_and_writes_nothing(tower: Tower, tenant: UUID, bell: UUID) -> None:
    def be_overtaken() -> None:
        with tower.unit(tenant) as unit:
            unit.execute(BELL, bell, Ring(times=2))
            tower.do(BELL, tenant, bell, Ring(times=3))
            with unit.session.finishing():
                pass

    with pytest.raises(StreamMoved):
        be_overtaken()
    assert tower.state(BELL, tenant, bell) == Bell(times=3)


def times_shown(unit: Any, bell: UUID) -> int:
    return int(unit.tx.exec_driver_sql("SELECT times FROM bells WHERE bell_id = %(b)s", {"b": bell}).scalar_one())
