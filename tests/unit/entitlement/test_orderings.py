"""Messages and clocks race: whatever comes first, the right ends up the same."""

from itertools import permutations

import pytest

from services.entitlement.domain.entitlement import ENTITLEMENT
from services.entitlement.domain.entitlement.events import EntitlementHoldPlaced
from services.entitlement.processes.granting import on_subscription_term_ended
from tests.unit.entitlement.stories import (
    AFTER_GRACE,
    END,
    GRACE_OVER,
    MIDTERM,
    SECOND,
    START,
    SUBSCRIPTION,
    WINDOW_OVER,
    after,
    announce,
    events_of,
    extend,
    grant,
    owe,
    pay,
    reach,
    withdraw,
)

active = (grant(), reach(START))


@pytest.mark.parametrize("late_by", [END, GRACE_OVER])
def test_a_renewal_decided_in_the_last_second_wins_however_late_it_is_heard(late_by):
    in_time = after(*active, extend(END - SECOND), reach(late_by))
    late = after(*active, reach(late_by), extend(END - SECOND))
    assert late == in_time
    assert late.status == "active"


def test_the_end_of_a_term_heard_twice_places_one_hold():
    (ended,) = on_subscription_term_ended(subscription_id=SUBSCRIPTION, ended_at=END)
    once = events_of(*active, ended.command, reach(GRACE_OVER))
    twice = events_of(*active, ended.command, reach(END), ended.command, reach(GRACE_OVER), reach(GRACE_OVER))
    assert twice == once
    assert sum(isinstance(event, EntitlementHoldPlaced) for event in once) == 1


def test_payment_while_the_hold_is_being_placed_leaves_no_hold():
    assert after(*active, owe(), pay()).holds == frozenset()
    assert after(*active, owe(), pay()).status == "active"


def test_payment_leaves_the_hold_of_an_expired_term():
    for first, second in permutations((owe(AFTER_GRACE), reach(GRACE_OVER))):
        right = after(*active, first, second, pay(AFTER_GRACE))
        assert right.holds == {"expiry"}
        assert right.status == "expired"


@pytest.mark.parametrize("late_by", [END, GRACE_OVER, WINDOW_OVER])
def test_a_successor_announced_in_the_last_second_prevents_grace_and_hold(late_by):
    in_time = events_of(*active, announce(END - SECOND), reach(late_by))
    late = events_of(*active, reach(late_by), announce(END - SECOND))
    assert ENTITLEMENT.replay(late) == ENTITLEMENT.replay(in_time)
    assert late[-1] == in_time[-1]


def test_a_successor_withdrawn_in_the_last_second_gives_grace_after_all():
    in_time = after(*active, announce(MIDTERM), withdraw(END - SECOND), reach(END))
    late = after(*active, announce(MIDTERM), reach(END), withdraw(END - SECOND))
    assert late == in_time
    assert late.status == "grace"


def test_renewal_payment_and_expiry_commute():
    story = (extend(AFTER_GRACE), pay(AFTER_GRACE), reach(GRACE_OVER))
    outcomes = {after(*active, owe(), *order) for order in permutations(story)}
    assert len(outcomes) == 1
    assert outcomes.pop().status == "active"
