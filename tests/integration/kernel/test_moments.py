"""What had taken effect by then, and what was known by then; the rows of today are there again afterwards."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import pytest
from sqlalchemy import select

from shared.moments import FutureInstant, Moment, PlayedBack
from shared.unit_of_work import UnitOfWork
from tests.support.tower.bell import BELL, NoSuchBell, Ring
from tests.support.tower.house import Tower
from tests.support.tower.store import bells, project

THEN = PlayedBack(BELL, project, bells.c.bell_id)


def day(number: int) -> datetime:
    return datetime(2031, 1, number, tzinfo=UTC)


@pytest.fixture
def rung(tower: Tower, tenant: UUID, bell: UUID) -> UUID:
    """Once on the fourth, twice on the second, of which we heard on the sixth, and four times on the eighth."""
    for times, occurred, recorded in ((1, 4, 4), (2, 2, 6), (4, 8, 8)):
        tower.do(BELL, tenant, bell, Ring(times=times), occurred_at=day(occurred), recorded_at=day(recorded))
    return bell


def times_at(unit: UnitOfWork, bell: UUID, moment: Moment) -> int | None:
    with THEN.at(unit, bell, moment):
        times: int | None = unit.tx.execute(select(bells.c.times).where(bells.c.bell_id == bell)).scalar()
        return times


@pytest.mark.parametrize(
    ("as_of", "known_at", "times"),
    [
        (None, None, 7),
        (1, None, None),
        (2, None, 2),
        (3, None, 2),
        (4, None, 3),
        (None, 3, None),
        (None, 4, 1),
        (None, 5, 1),
        (None, 6, 3),
        (3, 5, None),
        (3, 6, 2),
        (4, 5, 1),
        (8, 7, 3),
        (8, 8, 7),
    ],
)
def test_each_of_the_two_clocks_hides_what_came_later(
    tower: Tower, tenant: UUID, rung: UUID, as_of: int | None, known_at: int | None, times: int | None
) -> None:
    moment = Moment(*(None if number is None else day(number) for number in (as_of, known_at)))
    with tower.unit(tenant, occurred_at=day(9)) as unit:
        assert times_at(unit, rung, moment) == times
        assert times_at(unit, rung, Moment()) == 7


def test_a_refusal_within_leaves_the_rows_of_today(tower: Tower, tenant: UUID, rung: UUID) -> None:
    def refuse(unit: UnitOfWork) -> None:
        with THEN.at(unit, rung, Moment(known_at=day(1))):
            raise NoSuchBell("not yet")

    with tower.unit(tenant, occurred_at=day(9)) as unit:
        with pytest.raises(NoSuchBell):
            refuse(unit)
        assert times_at(unit, rung, Moment()) == 7


def test_nobody_knows_what_will_be(tower: Tower, tenant: UUID, rung: UUID) -> None:
    with tower.unit(tenant, occurred_at=day(5)) as unit, pytest.raises(FutureInstant, match="as_of must not be after"):
        times_at(unit, rung, Moment(as_of=day(6)))
