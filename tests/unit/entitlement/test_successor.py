"""A right that goes on elsewhere: announced before or after its end, or withdrawn."""

from services.entitlement.domain.entitlement.events import (
    EntitlementHoldRemoved,
    EntitlementSuccessorAnnounced,
    EntitlementSuccessorWithdrawn,
    EntitlementTerminated,
)
from services.entitlement.domain.entitlement.holds import HoldCause
from tests.unit.entitlement.stories import (
    AFTER_GRACE,
    END,
    GRACE_OVER,
    IN_GRACE,
    MIDTERM,
    START,
    SUCCESSOR,
    after,
    announce,
    extend,
    given,
    grant,
    reach,
    withdraw,
)


def test_with_a_successor_the_end_is_final_without_grace_or_hold():
    when = given(grant(), reach(START), announce(MIDTERM))
    terminated = EntitlementTerminated(reason="migrated", successor_id=SUCCESSOR, at=END)
    assert when(reach(END)) == [terminated]
    assert after(grant(), announce(MIDTERM), reach(END)).holds == frozenset()


def test_announcing_a_successor_changes_nothing_before_the_end():
    assert given(grant(), reach(START))(announce(MIDTERM)) == [
        EntitlementSuccessorAnnounced(successor_id=SUCCESSOR, at=MIDTERM)
    ]
    assert after(grant(), reach(START), announce(MIDTERM)).status == "active"


def test_announcing_the_same_successor_twice_changes_nothing():
    assert given(grant(), announce(MIDTERM))(announce(MIDTERM)) == []
    assert given(grant(), announce(MIDTERM), reach(END))(announce(MIDTERM)) == []


def test_a_successor_announced_in_grace_ends_the_right_at_once():
    assert given(grant(), reach(END))(announce(IN_GRACE))[-1] == EntitlementTerminated(
        reason="migrated", successor_id=SUCCESSOR, at=IN_GRACE
    )


def test_a_successor_announced_after_expiry_removes_hold_expiry():
    moved = HoldCause(what="migrated", at=AFTER_GRACE)
    assert given(grant(), reach(GRACE_OVER))(announce(AFTER_GRACE)) == [
        EntitlementSuccessorAnnounced(successor_id=SUCCESSOR, at=AFTER_GRACE),
        EntitlementHoldRemoved(kind="expiry", cause=moved, at=AFTER_GRACE),
        EntitlementTerminated(reason="migrated", successor_id=SUCCESSOR, at=AFTER_GRACE),
    ]


def test_a_withdrawn_successor_leaves_the_right_as_it_was():
    when = given(grant(), reach(START), announce(MIDTERM))
    assert when(withdraw(MIDTERM)) == [EntitlementSuccessorWithdrawn(at=MIDTERM)]
    assert after(grant(), announce(MIDTERM), withdraw(MIDTERM)) == after(grant())
    assert given(grant(), reach(START))(withdraw(MIDTERM)) == []


def test_renewal_overrules_an_announced_successor():
    assert after(grant(), announce(MIDTERM), extend(MIDTERM), reach(END)).status == "active"
