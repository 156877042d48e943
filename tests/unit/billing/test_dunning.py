"""The dunning ladder: given what is owed, when a day comes or money comes in, then the step."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.billing.domain.dunning import DUNNING
from services.billing.domain.dunning.commands import (
    ClimbLadder,
    HoldDebts,
    ReduceDebt,
    ReleaseDebts,
    RestoreDebt,
    TrackDebt,
)
from services.billing.domain.dunning.events import (
    Debt,
    DebtReduced,
    DebtRestored,
    DebtsReleased,
    DebtTracked,
    DunningCleared,
    DunningStepReached,
)
from services.billing.domain.dunning.state import Dunning, Restricted, UnderAnotherPlan
from shared.money import Money

SUBSCRIPTION, CUSTOMER = UUID(int=1), UUID(int=2)
JUNE = Debt(invoice_id=UUID(int=6), number="INV-6", due_on=date(2013, 6, 16), open=Money(100, "USD"))
JULY = Debt(invoice_id=UUID(int=7), number="INV-7", due_on=date(2013, 7, 16), open=Money(200, "USD"))


def track(debt: Debt) -> TrackDebt:
    return TrackDebt(subscription_id=SUBSCRIPTION, customer_id=CUSTOMER, zone="America/New_York", debt=debt)


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


@given(st.lists(st.sampled_from(COMMANDS), max_size=12))
def test_what_is_owed_beside_subscriptions_is_reminded_and_warned_of_and_nothing_more(commands: list[Any]) -> None:
    """Steps that are not on its ladder have no due dates either, and it is paid off like any other debt."""
    state = DUNNING.initial
    for command in commands:
        for event in DUNNING.decide(state, replace(command, subscription_id=None)):
            state = DUNNING.evolve(state, event)
            assert len(getattr(event, "steps_at", ())) <= 2
            assert getattr(event, "subscription_id", None) is None
    assert state.step in ("clear", "reminded", "warned")
    assert state.debts or state.step == "clear"


def test_who_is_restricted_changes_nothing_before_the_oldest_is_paid() -> None:
    after(track(JUNE), track(JULY), climb(6, 29)).refuse_changes(lambda _: True)
    late = after(track(JULY), track(JUNE), climb(6, 30))
    with pytest.raises(Restricted, match="INV-6"):
        late.refuse_changes(lambda _: True)
    late.refuse_changes(lambda _: False)  # paid, and dunning has not heard of it yet
    after(track(JUNE), climb(6, 30), pay(JUNE, 7, 1)).refuse_changes(lambda _: True)


PLAN = UUID(int=50)


def hold(month: int, day: int, *debts: Debt, lifts: bool = False, plan: UUID = PLAN) -> HoldDebts:
    return HoldDebts(
        plan_id=plan,
        invoice_ids=tuple(debt.invoice_id for debt in debts),
        on=date(2013, month, day),
        lifts=lifts,
        subscription_id=SUBSCRIPTION,
        at=datetime(2013, month, day, 16, tzinfo=UTC),
    )


def release(month: int, day: int) -> ReleaseDebts:
    at = datetime(2013, month, day, 16, tzinfo=UTC)
    return ReleaseDebts(plan_id=PLAN, on=date(2013, month, day), subscription_id=SUBSCRIPTION, at=at)


def test_the_ladder_stands_still_for_what_is_held_and_goes_on_where_it_stopped() -> None:
    held = after(track(JUNE), climb(6, 23), hold(6, 26, JUNE))  # 10 days after the due day, warned
    assert DUNNING.decide(held, climb(9, 1)) == []
    [released] = DUNNING.decide(held, release(9, 4))  # 70 days later
    assert isinstance(released, DebtsReleased) and released.days == 70
    assert [at.date() for at in released.steps_at] == [date(2013, 9, 8), date(2013, 9, 15)]
    after_it = DUNNING.evolve(held, released)
    assert DUNNING.decide(after_it, climb(9, 7)) == []
    [reached] = DUNNING.decide(after_it, climb(9, 8))
    assert isinstance(reached, DunningStepReached) and reached.step == "restricted"


def test_another_debt_of_the_subscription_climbs_meanwhile() -> None:
    held = after(track(JUNE), track(JULY), climb(6, 23), hold(6, 26, JUNE))
    assert DUNNING.decide(held, climb(7, 29)) == []  # 13 days after the due day of July
    [reached] = DUNNING.decide(held, climb(7, 30))
    assert isinstance(reached, DunningStepReached) and reached.step == "restricted"


def test_a_plan_that_restores_service_takes_the_step_back_and_a_broken_one_gives_it_back() -> None:
    suspended = after(track(JUNE), climb(7, 7))
    _, cleared = DUNNING.decide(suspended, hold(7, 8, JUNE, lifts=True))
    assert isinstance(cleared, DunningCleared)
    held = after(track(JUNE), climb(7, 7), hold(7, 8, JUNE, lifts=True))
    assert DUNNING.decide(held, climb(8, 1)) == []
    _, reached = DUNNING.decide(held, release(8, 2))
    assert isinstance(reached, DunningStepReached) and reached.step == "suspended"


def test_what_is_taken_back_under_a_plan_is_held_as_well() -> None:
    held = after(track(JUNE), hold(6, 18, JUNE), pay(JUNE, 6, 20))
    back = RestoreDebt(
        subscription_id=SUBSCRIPTION,
        customer_id=CUSTOMER,
        zone="America/New_York",
        debt=JUNE,
        at=datetime(2013, 8, 1, tzinfo=UTC),
    )
    steps = [event for event in DUNNING.decide(held, back) if isinstance(event, DunningStepReached)]
    assert [event.step for event in steps] == ["reminded"]  # of the 18th


def test_an_invoice_is_paid_by_one_plan_at_a_time() -> None:
    held = after(track(JUNE), hold(6, 18, JUNE))
    assert DUNNING.decide(held, hold(6, 19, JUNE)) == []
    with pytest.raises(UnderAnotherPlan):
        DUNNING.decide(held, hold(6, 19, JUNE, JULY, plan=UUID(int=51)))


def test_what_is_told_of_an_invoice_after_its_plan_has_the_steps_of_the_days_it_waited() -> None:
    early = after(hold(6, 1, JUNE), release(6, 11))
    [tracked] = DUNNING.decide(early, track(JUNE))
    assert isinstance(tracked, DebtTracked) and tracked.steps_at[0].date() == date(2013, 6, 27)
