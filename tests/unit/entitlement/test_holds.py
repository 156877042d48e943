"""The set of holds: it lies across the window and moves by itself."""

import pytest

from services.entitlement.domain.entitlement.commands import PlaceHold, RemoveHold
from services.entitlement.domain.entitlement.events import (
    EntitlementActivated,
    EntitlementHoldPlaced,
    EntitlementHoldRemoved,
    EntitlementReinstated,
    EntitlementSuspended,
)
from services.entitlement.domain.entitlement.holds import HoldCause
from services.entitlement.domain.entitlement.state import EntitlementNotFound
from tests.unit.entitlement.stories import (
    AFTER_GRACE,
    BEFORE,
    END,
    GRACE_OVER,
    IN_GRACE,
    MIDTERM,
    START,
    WINDOW_OVER,
    after,
    announce,
    cancel,
    events_of,
    extend,
    given,
    grant,
    owe,
    paid,
    pay,
    reach,
    unpaid,
)

fraud_found, fraud_settled = HoldCause(what="report", at=MIDTERM), HoldCause(what="review", at=MIDTERM)
active = (grant(), reach(START))


def test_the_first_hold_suspends():
    assert given(*active)(owe()) == [
        EntitlementHoldPlaced(kind="dunning", cause=unpaid(), at=MIDTERM),
        EntitlementSuspended(at=MIDTERM),
    ]


def test_a_second_hold_is_added_to_the_first():
    when = given(*active, owe())
    assert when(PlaceHold(kind="fraud", cause=fraud_found)) == [
        EntitlementHoldPlaced(kind="fraud", cause=fraud_found, at=MIDTERM)
    ]


def test_the_last_hold_removed_reinstates():
    assert given(*active, owe())(pay()) == [
        EntitlementHoldRemoved(kind="dunning", cause=paid(), at=MIDTERM),
        EntitlementReinstated(at=MIDTERM),
    ]


def test_one_of_two_holds_removed_leaves_it_suspended():
    when = given(*active, owe(), PlaceHold(kind="fraud", cause=fraud_found))
    assert when(pay()) == [EntitlementHoldRemoved(kind="dunning", cause=paid(), at=MIDTERM)]


def test_placing_or_removing_twice_changes_nothing():
    assert given(*active, owe())(owe()) == []
    assert given(*active, owe(), pay())(pay()) == []
    assert given(*active)(pay()) == []


def test_a_hold_suspends_in_grace_and_its_removal_gives_grace_back():
    assert after(*active, reach(END), owe(IN_GRACE)).status == "suspended"
    assert after(*active, reach(END), owe(IN_GRACE), pay(IN_GRACE)).status == "grace"


def test_time_goes_on_while_suspended():
    suspended = (*active, owe())
    assert after(*suspended, reach(END)).right.phase == "grace"
    assert after(*suspended, reach(END)).status == "suspended"
    assert after(*suspended, reach(END), pay(IN_GRACE)).status == "grace"
    assert after(*suspended, reach(GRACE_OVER)).status == "expired"


def test_a_hold_before_the_start_suspends_with_the_start():
    assert given(grant())(owe(BEFORE)) == [EntitlementHoldPlaced(kind="dunning", cause=unpaid(BEFORE), at=BEFORE)]
    assert given(grant(), owe(BEFORE))(reach(START)) == [
        EntitlementActivated(at=START),
        EntitlementSuspended(at=START),
    ]


def test_debt_may_overtake_the_grant():
    assert after(owe(BEFORE), grant(), reach(START)) == after(grant(), owe(BEFORE), reach(START))
    assert after(owe(BEFORE), pay(BEFORE), grant()) == after(grant())


def test_other_holds_need_a_right():
    with pytest.raises(EntitlementNotFound):
        given()(PlaceHold(kind="manual", cause=fraud_found))


@pytest.mark.parametrize(
    "history",
    [
        (grant(),),
        active,
        (*active, reach(END)),
        (*active, reach(GRACE_OVER)),
        (*active, reach(WINDOW_OVER)),
        (*active, cancel(MIDTERM)),
        (*active, announce(MIDTERM), reach(END)),
    ],
)
def test_every_hold_command_is_legal_in_every_state_of_the_window(history):
    before = after(*history)
    held = after(*history, PlaceHold(kind="fraud", cause=fraud_found))
    freed = after(*history, PlaceHold(kind="fraud", cause=fraud_found), RemoveHold(kind="fraud", cause=fraud_settled))
    assert held.right == before.right
    assert held.holds == before.holds | {"fraud"}
    assert freed == before


def test_payment_alone_does_not_reopen_what_has_expired():
    when = given(*active, owe(), reach(GRACE_OVER))
    assert when(pay(AFTER_GRACE)) == [EntitlementHoldRemoved(kind="dunning", cause=paid(AFTER_GRACE), at=AFTER_GRACE)]


def test_renewal_alone_does_not_reopen_what_is_not_paid():
    renewed = events_of(*active, owe(), reach(GRACE_OVER), extend(AFTER_GRACE))
    assert not any(isinstance(event, EntitlementReinstated) for event in renewed)
    assert after(*active, owe(), reach(GRACE_OVER), extend(AFTER_GRACE)).status == "suspended"
    assert after(*active, owe(), reach(GRACE_OVER), extend(AFTER_GRACE), pay(AFTER_GRACE)).status == "active"
