"""The dunning ladder: given what is owed, when a day comes or money comes in, then the step."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.billing.domain.dunning import DUNNING
from services.billing.domain.dunning.commands import ClimbLadder, ReduceDebt, RestoreDebt, TrackDebt
from services.billing.domain.dunning.events import (
    Debt,
    DebtReduced,
    DebtRestored,
    DunningCleared,
    DunningStepReached,
)
from services.billing.domain.dunning.state import Dunning, Restricted
from shared.money import Money

SUBSCRIPTION, CUSTOMER = UUID(int=1), UUID(int=2)
JUNE = Debt(invoice_id=UUID(int=6), number="INV-6", due_on=date(2013, 6, 16), open=Money(100, "USD"))
JULY = Debt(invoice_id=UUID(int=7), number="INV-7", due_on=date(2013, 7, 16), open=Money(200, "USD"))


def track(debt: Debt) -> TrackDebt:
    return TrackDebt(customer_id=CUSTOMER, zone="America/New_York", debt=debt)


def climb(month: int, day: int, hour: int = 4) -> ClimbLadder:
    return ClimbLadder(subscription_id=SUBSCRIPTION, at=datetime(2013, month, day, hour, tzinfo=UTC))


def pay(debt: Debt, month: int, day: int, left: int = 0) -> ReduceDebt:
    at = datetime(2013, month, day, 16, tzinfo=UTC)
    return ReduceDebt(invoice_id=debt.invoice_id, open=Money(left, "USD"), subscription_id=SUBSCRIPTION, at=at)


def after(*commands: Any) -> Dunning:
    state = DUNNING.initial
    for command in commands:
        for event in DUNNING.decide(state, command):
            state = DUNNING.evolve(state, event)
    return state


def test_each_step_comes_on_its_day_in_the_customers_zone() -> None:
    owing = after(track(JUNE))
    assert DUNNING.decide(owing, climb(6, 17, hour=3)) == []  # 23:00 of the due day in New York
    steps = [DUNNING.decide(owing, climb(*day)) for day in ((6, 17), (6, 23), (6, 30), (7, 7))]
    assert [event.step for (event,) in steps if isinstance(event, DunningStepReached)] == [
        "reminded",
        "warned",
        "restricted",
        "suspended",
    ]


def test_a_step_is_reached_once_and_names_what_is_overdue() -> None:
    (reached,) = DUNNING.decide(after(track(JUNE), track(JULY)), climb(7, 7))
    assert isinstance(reached, DunningStepReached) and [debt.number for debt in reached.debts] == ["INV-6"]
    assert DUNNING.decide(after(track(JUNE), track(JULY), climb(7, 7)), climb(7, 7)) == []


def test_paying_everything_clears_the_ladder() -> None:
    reduced, cleared = DUNNING.decide(after(track(JUNE), climb(7, 7)), pay(JUNE, 7, 25))
    assert isinstance(reduced, DebtReduced) and isinstance(cleared, DunningCleared)
    assert cleared.cleared_at == datetime(2013, 7, 25, 16, tzinfo=UTC)


def test_paying_the_oldest_goes_down_to_the_step_of_what_is_left() -> None:
    owing = after(track(JUNE), track(JULY), climb(7, 25))
    _, reached = DUNNING.decide(owing, pay(JUNE, 7, 25))
    assert isinstance(reached, DunningStepReached) and (reached.step, reached.debts) == ("warned", (JULY,))


def test_a_payment_heard_of_late_leaves_the_step_of_what_is_left() -> None:
    """July's steps came while June stood higher, and said nothing: they come again."""
    in_time = after(track(JUNE), track(JULY), climb(7, 7), pay(JUNE, 7, 20), climb(7, 23), climb(7, 30), climb(8, 6))
    silent = (climb(7, 17), climb(7, 23), climb(7, 30), climb(8, 6))
    state = after(track(JUNE), track(JULY), climb(7, 7), *silent)
    reduced, reached = DUNNING.decide(state, pay(JUNE, 7, 20))
    assert isinstance(reduced, DebtReduced) and isinstance(reached, DunningStepReached) and reached.step == "reminded"
    assert reduced.steps_at == tuple(climb(*day).at for day in ((7, 23), (7, 30), (8, 6)))
    again = (climb(7, 23), climb(7, 30), climb(8, 6))
    assert after(track(JUNE), track(JULY), climb(7, 7), *silent, pay(JUNE, 7, 20), *again) == in_time
    assert in_time.step == "suspended"


def test_paying_a_part_changes_no_step() -> None:
    assert after(track(JUNE), climb(7, 7), pay(JUNE, 7, 25, left=1)).step == "suspended"


def test_what_was_paid_before_it_was_tracked_is_not_tracked() -> None:
    settled = after(pay(JUNE, 6, 14))
    assert DUNNING.decide(settled, track(JUNE)) == []


def restore(debt: Debt, month: int, day: int) -> RestoreDebt:
    at = datetime(2013, month, day, 16, tzinfo=UTC)
    return RestoreDebt(subscription_id=SUBSCRIPTION, customer_id=CUSTOMER, zone="America/New_York", debt=debt, at=at)


def test_a_debt_that_is_owed_again_comes_to_the_step_of_its_age_at_once_and_climbs_on() -> None:
    settled = after(track(JUNE), climb(6, 17), pay(JUNE, 6, 20))
    restored, reached = DUNNING.decide(settled, restore(JUNE, 6, 25))
    assert isinstance(restored, DebtRestored) and isinstance(reached, DunningStepReached)
    assert (reached.step, reached.debts, reached.reached_at) == ("warned", (JUNE,), restore(JUNE, 6, 25).at)
    assert restored.steps_at == tuple(climb(*day).at for day in ((6, 30), (7, 7)))
    assert after(track(JUNE), pay(JUNE, 6, 20), restore(JUNE, 6, 25), climb(7, 7)).step == "suspended"


def test_a_debt_that_is_not_due_yet_is_owed_again_in_silence() -> None:
    [restored] = DUNNING.decide(after(track(JUNE), pay(JUNE, 6, 10)), restore(JUNE, 6, 12))
    assert isinstance(restored, DebtRestored) and len(restored.steps_at) == 4
    assert DUNNING.decide(after(track(JUNE), pay(JUNE, 6, 10), restore(JUNE, 6, 12)), restore(JUNE, 6, 12)) == []


def test_a_part_that_is_owed_again_is_the_same_debt() -> None:
    state = after(track(JUNE), pay(JUNE, 6, 10, left=40), restore(JUNE, 6, 12))
    assert state.debts == (JUNE,)


COMMANDS = [track(JUNE), track(JULY), pay(JUNE, 7, 20), pay(JULY, 7, 20), restore(JUNE, 7, 25), climb(7, 30)]


@given(st.lists(st.sampled_from(COMMANDS), max_size=12))
def test_nobody_who_has_paid_everything_stays_on_the_ladder(commands: list[Any]) -> None:
    state = after(*commands, pay(JUNE, 8, 1), pay(JULY, 8, 1))
    assert (state.step, state.debts) == ("clear", ())
    assert DUNNING.decide(state, climb(8, 30)) == []


def test_who_is_restricted_changes_nothing_before_the_oldest_is_paid() -> None:
    after(track(JUNE), track(JULY), climb(6, 29)).refuse_changes(lambda _: True)
    late = after(track(JULY), track(JUNE), climb(6, 30))
    with pytest.raises(Restricted, match="INV-6"):
        late.refuse_changes(lambda _: True)
    late.refuse_changes(lambda _: False)  # paid, and dunning has not heard of it yet
    after(track(JUNE), climb(6, 30), pay(JUNE, 7, 1)).refuse_changes(lambda _: True)
