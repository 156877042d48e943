"""Which partitions stand still: one's own after a session, others' after four, and later each time that was in vain."""

from __future__ import annotations

from collections.abc import Set

import pytest

from shared.standstill import MOST_PATIENCE_SECONDS, Place, Standstill

MINE, THEIRS = ("usage", 0), ("usage", 1)


@pytest.fixture
def standstill() -> Standstill:
    return Standstill(session_seconds=3)


def look(
    standstill: Standstill, now: float, mine: int | None, theirs: int | None, *, is_idle: bool = True
) -> Set[Place]:
    """`mine` and `theirs` are where the partitions stand, None where they are at their end."""
    behind = {place: at for place, at in ((MINE, mine), (THEIRS, theirs)) if at is not None}
    return standstill.found(behind, {MINE}, is_idle, now)


def test_what_moves_or_is_at_its_end_does_not_stand_still(standstill: Standstill):
    assert [look(standstill, now, mine=now, theirs=now) for now in range(0, 100, 4)] == [set()] * 25
    assert [look(standstill, now, mine=None, theirs=None) for now in range(100, 200, 4)] == [set()] * 25


def test_ones_own_partition_is_found_after_a_session(standstill: Standstill):
    assert look(standstill, 0, mine=7, theirs=None) == set()
    assert look(standstill, 2, mine=7, theirs=None) == set()
    assert look(standstill, 3, mine=7, theirs=None) == {MINE}


def test_one_that_was_at_its_end_meanwhile_did_not_stand_still(standstill: Standstill):
    for now, mine in ((0, 7), (2, None), (4, 7)):
        assert look(standstill, now, mine=mine, theirs=None) == set()


def test_who_has_much_to_do_may_leave_one_of_its_own_for_longer(standstill: Standstill):
    look(standstill, 0, mine=7, theirs=None, is_idle=False)
    assert look(standstill, 11, mine=7, theirs=None, is_idle=False) == set()
    assert look(standstill, 12, mine=7, theirs=None, is_idle=False) == {MINE}


def test_what_belongs_to_others_is_found_after_four_sessions(standstill: Standstill):
    look(standstill, 0, mine=None, theirs=5)
    assert look(standstill, 11, mine=None, theirs=5) == set()
    assert look(standstill, 12, mine=None, theirs=5) == {THEIRS}


def test_the_patience_doubles_while_it_is_in_vain_and_begins_anew_once_all_moves(standstill: Standstill):
    now, waited = 0, []
    look(standstill, now, mine=None, theirs=5)
    for _ in range(8):
        began = now
        now = next(later for later in range(now + 1, now + 2000) if look(standstill, later, mine=None, theirs=5))
        waited.append(now - began)
        standstill.begin_anew(now)
    assert waited == [12, 24, 48, 96, 192, 384, MOST_PATIENCE_SECONDS, MOST_PATIENCE_SECONDS]
    look(standstill, now + 1, mine=None, theirs=6)
    assert look(standstill, now + 13, mine=None, theirs=6) == {THEIRS}
