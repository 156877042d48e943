"""Which partitions stand still: one's own at once, those of others after a patience that doubles while it is in vain."""

from __future__ import annotations

from collections.abc import Set

import pytest

from shared.standstill import MOST_PATIENCE_SECONDS, Place, Standstill

MINE, THEIRS = ("usage", 0), ("usage", 1)


@pytest.fixture
def standstill() -> Standstill:
    return Standstill(patience=12)


def look(
    standstill: Standstill, now: float, mine: int | None, theirs: int | None, *, is_idle: bool = True
) -> Set[Place]:
    """`mine` and `theirs` are where the partitions stand, None where they are at their end."""
    behind = {place: at for place, at in ((MINE, mine), (THEIRS, theirs)) if at is not None}
    return standstill.found(behind, {MINE}, is_idle, now)


def test_what_moves_or_is_at_its_end_does_not_stand_still(standstill: Standstill):
    assert [look(standstill, now, mine=now, theirs=now) for now in range(0, 100, 4)] == [set()] * 25
    assert [look(standstill, now, mine=None, theirs=None) for now in range(100, 200, 4)] == [set()] * 25


def test_ones_own_partition_is_found_at_the_second_look(standstill: Standstill):
    assert look(standstill, 0, mine=7, theirs=None) == set()
    assert look(standstill, 2, mine=7, theirs=None) == {MINE}


def test_one_that_was_at_its_end_meanwhile_did_not_stand_still(standstill: Standstill):
    for now, mine in ((0, 7), (2, None), (4, 7)):
        assert look(standstill, now, mine=mine, theirs=None) == set()


def test_who_has_much_to_do_may_leave_one_of_its_own_for_longer(standstill: Standstill):
    look(standstill, 0, mine=7, theirs=None, is_idle=False)
    assert look(standstill, 11, mine=7, theirs=None, is_idle=False) == set()
    assert look(standstill, 12, mine=7, theirs=None, is_idle=False) == {MINE}


def test_what_belongs_to_others_is_found_after_the_patience(standstill: Standstill):
    look(standstill, 0, mine=None, theirs=5)
    assert look(standstill, 11, mine=None, theirs=5) == set()
    assert look(standstill, 12, mine=None, theirs=5) == {THEIRS}


def test_the_patience_doubles_while_it_is_in_vain_and_begins_anew_once_all_is_read(standstill: Standstill):
    assert [found_after(standstill) for _ in range(4)] == [12, 24, 48, 96]
    for _ in range(9):
        found_after(standstill)
    assert found_after(standstill) == MOST_PATIENCE_SECONDS
    look(standstill, 0, mine=None, theirs=None)
    assert found_after(standstill) == 12


def found_after(standstill: Standstill) -> int:
    found = next(now for now in range(2000) if look(standstill, now, mine=None, theirs=5))
    standstill.begin_anew()
    return found
