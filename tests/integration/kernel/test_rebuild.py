"""Read models are what the events say, and nothing else: thrown away and built again they are the same."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest

from shared import clock
from shared.clock import TEST_CLOCK, SetClock
from shared.rebuild import Comparison, ReadModel, rebuild
from tests.support.tower import store as tower_store
from tests.support.tower.bell import BELL, Crack, Ring
from tests.support.tower.house import Tower
from tests.support.tower.letters import AT

MODELS = [ReadModel(tower_store.project, ("bells",)), ReadModel(clock.project, ("test_clocks",))]


@pytest.fixture
def rung(own_tower: Tower) -> Tower:
    for tenant in (uuid4(), uuid4()):
        own_tower.do(TEST_CLOCK, tenant, tenant, SetClock(now=AT, untouched=True))
        for bell in (uuid4(), uuid4()):
            own_tower.do(BELL, tenant, bell, Ring(times=2), Ring(times=3))
            own_tower.do(BELL, tenant, bell, Ring(), Crack())
    return own_tower


def test_what_is_rebuilt_equals_what_is_live(rung: Tower) -> None:
    compared = rebuilt(rung, keep=False)
    assert {(c.table, c.live_rows, c.is_equal) for c in compared} == {("bells", 4, True), ("test_clocks", 2, True)}


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE bells SET times = times + 1 WHERE bell_id = (SELECT min(bell_id::text)::uuid FROM bells)",
        "DELETE FROM bells WHERE bell_id = (SELECT min(bell_id::text)::uuid FROM bells)",
        "INSERT INTO bells SELECT tenant_id, gen_random_uuid(), 1, 1 FROM bells LIMIT 1",
    ],
)
def test_a_table_that_says_something_else_is_found_left_alone_and_repaired(rung: Tower, damage: str) -> None:
    with rung.worker.begin() as tx:
        tx.exec_driver_sql(damage)
    damaged = content_of(rung)
    assert different(rebuilt(rung, keep=False)) == ["bells"]
    assert content_of(rung) == damaged
    assert different(rebuilt(rung, keep=True)) == ["bells"]
    assert content_of(rung) != damaged
    assert different(rebuilt(rung, keep=False)) == []


def test_events_go_on_after_a_rebuild(rung: Tower, tenant: UUID, bell: UUID) -> None:
    rebuilt(rung, keep=True)
    rung.do(BELL, tenant, bell, Ring(times=4))
    assert different(rebuilt(rung, keep=False)) == []
    assert rung.rows("SELECT times FROM bells WHERE bell_id = %(b)s", b=bell)[0].times == 4


def rebuilt(tower: Tower, *, keep: bool) -> list[Comparison]:
    return rebuild(tower.worker, tower.store, MODELS, keep=keep)


def different(compared: list[Comparison]) -> list[str]:
    return [comparison.table for comparison in compared if not comparison.is_equal]


def content_of(tower: Tower) -> list[tuple[object, ...]]:
    return [tuple(row) for row in tower.rows("SELECT * FROM bells ORDER BY bell_id")]
