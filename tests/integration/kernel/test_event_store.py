"""Events: appended once, in order, never changed, asked as of when they took effect and when they were learned."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import create_engine
from sqlalchemy.exc import IntegrityError

from shared.event_store import EventStore, Recorded, StreamMoved
from shared.tenancy import transaction
from tests.support.tower.bell import BELL, Bell, BellCracked, BellRung, Crack, Ring
from tests.support.tower.house import Tower

COUNT_STATEMENTS = """
CREATE SEQUENCE appends;
GRANT ALL ON SEQUENCE appends TO tower_api, tower_worker;
CREATE FUNCTION count_append() RETURNS trigger LANGUAGE plpgsql AS
  $$ BEGIN PERFORM nextval('appends'); RETURN NULL; END $$;
CREATE TRIGGER count_appends AFTER INSERT ON events FOR EACH STATEMENT EXECUTE FUNCTION count_append()"""
JANUARY = datetime(2030, 1, 1, tzinfo=UTC)


def test_a_thousand_streams_are_appended_by_one_statement(own_tower: Tower, tenant: UUID) -> None:
    own_tower.as_owner(COUNT_STATEMENTS)
    bells = [uuid4() for _ in range(1000)]
    with own_tower.unit(tenant) as unit:
        unit.session.load(BELL, tenant, bells)
        for bell in bells:
            unit.execute(BELL, bell, Ring(times=2))
    assert own_tower.rows("SELECT count(*) FROM events")[0].count == 1000
    assert own_tower.rows("SELECT last_value FROM appends")[0].last_value == 1


def test_many_streams_are_loaded_together(tower: Tower, tenant: UUID) -> None:
    rung, cracked, silent = uuid4(), uuid4(), uuid4()
    tower.do(BELL, tenant, rung, Ring(times=3), Ring(times=4))
    tower.do(BELL, tenant, cracked, Crack())
    with transaction(tower.api, tenant) as tx:
        streams = tower.store.load_many(tx, BELL, tenant, [rung, cracked, silent])
    assert {id_: (s.state, s.version, s.public_sequence) for id_, s in streams.items()} == {
        rung: (Bell(times=7), 2, 2),
        cracked: (Bell(is_cracked=True), 1, 0),
        silent: (Bell(), 0, 0),
    }


def test_only_published_events_are_counted_by_the_public_sequence(tower: Tower, tenant: UUID, bell: UUID) -> None:
    tower.do(BELL, tenant, bell, Ring(), Ring(), Crack())
    rows = tower.rows("SELECT version, public_sequence FROM events WHERE stream_id = %(b)s ORDER BY version", b=bell)
    assert [tuple(row) for row in rows] == [(1, 1), (2, 2), (3, None)]


def test_of_two_who_saw_the_same_version_one_is_told_that_the_stream_moved(tower: Tower, tenant: UUID) -> None:
    for _ in range(10):
        bell, both_have_loaded = uuid4(), threading.Barrier(2)

        def ring(bell: UUID = bell, both: threading.Barrier = both_have_loaded) -> str:
            try:
                with tower.unit(tenant) as unit:
                    unit.state(BELL, bell)
                    both.wait(10)
                    unit.execute(BELL, bell, Ring())
            except StreamMoved:
                return "moved"
            return "rung"

        with ThreadPoolExecutor(2) as threads:
            answers = [future.result() for future in [threads.submit(ring) for _ in range(2)]]
        assert sorted(answers) == ["moved", "rung"]
        assert tower.state(BELL, tenant, bell) == Bell(times=1)


def test_a_subscriber_that_fails_takes_the_events_along(tower: Tower, tenant: UUID, bell: UUID) -> None:
    def violate(tx: Any, recorded: Any) -> None:
        row = {"tenant": tenant, "bell": bell}
        for _ in range(2):
            tx.exec_driver_sql("INSERT INTO bells VALUES (%(tenant)s, %(bell)s, 1, 1)", row)

    store = EventStore([BELL], subscribers=[violate])
    with pytest.raises(IntegrityError), transaction(tower.api, tenant) as tx:
        store.append_many(tx, recorded(tower, tenant, bell))
    assert tower.rows("SELECT 1 FROM events WHERE stream_id = %(b)s", b=bell) == []


def test_a_subscriber_may_ask_the_database_and_sees_what_was_written_before(tower: Tower, tenant: UUID) -> None:
    bell, seen = uuid4(), []

    def look(tx: Any, recorded: Any) -> None:
        seen.append(tx.exec_driver_sql("SELECT count(*) FROM events WHERE stream_id = %(b)s", {"b": bell}).scalar_one())

    store = EventStore([BELL], subscribers=[look])
    with transaction(tower.api, tenant) as tx:
        store.append_many(tx, recorded(tower, tenant, bell))
    assert seen == [1]


def test_an_engine_made_elsewhere_appends_as_well(tower: Tower, tenant: UUID, bell: UUID) -> None:
    plain, once = create_engine(tower.urls.worker), recorded(tower, tenant, bell)
    with plain.begin() as tx:
        tower.store.append_many(tx, once)
    with pytest.raises(StreamMoved), plain.begin() as tx:
        tower.store.append_many(tx, once)
    plain.dispose()


def test_history_is_told_as_it_was_known(tower: Tower, tenant: UUID, bell: UUID) -> None:
    learned_late = {"occurred_at": JANUARY, "recorded_at": JANUARY + timedelta(days=9)}
    tower.do(BELL, tenant, bell, Ring(), occurred_at=JANUARY, recorded_at=JANUARY)
    tower.do(BELL, tenant, bell, Crack(), **learned_late)
    with tower.unit(tenant) as unit:
        at_once = unit.history(BELL, bell, known_at=JANUARY + timedelta(days=1))
        later = unit.history(BELL, bell)
    assert [entry.event for entry in at_once] == [BellRung(times=1)]
    assert [entry.event for entry in later] == [BellRung(times=1), BellCracked()]
    assert (later[1].cause.occurred_at, later[1].cause.recorded_at) == tuple(learned_late.values())


def recorded(tower: Tower, tenant: UUID, bell: UUID) -> list[Recorded]:
    with tower.unit(tenant) as unit:
        unit.execute(BELL, bell, Ring())
        pending, unit.session.pending = unit.session.pending, []
    return pending
