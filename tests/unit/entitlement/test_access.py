"""The access check: allowed or not, why, until when, and the chain of facts behind a no."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.entitlement.domain.access import (
    Account,
    Answer,
    EntitlementSnapshot,
    StandingHold,
    TooManyFeatures,
    check,
)
from services.entitlement.domain.entitlement.holds import HoldCause
from tests.unit.entitlement.stories import (
    AFTER_GRACE,
    BEFORE,
    END,
    GRACE_OVER,
    IN_GRACE,
    INVOICE,
    MIDTERM,
    SECOND,
    START,
    SUCCESSOR,
    WINDOW_OVER,
    midnight,
    unpaid,
)

right = EntitlementSnapshot(
    entitlement_id=UUID(int=10),
    features={"gates": None, "lounges": 3},
    term_number=1,
    starts_at=START,
    ends_at=END,
    grace_until=GRACE_OVER,
)
owing = StandingHold(kind="dunning", cause=unpaid())
expired = StandingHold(kind="expiry", cause=HoldCause(what="term_end", at=GRACE_OVER))
catalogue = {"gates", "lounges", "runways"}


def ask(*rights: EntitlementSnapshot, at, feature: str = "gates", known: bool = True) -> Answer:
    account = Account(known=known, position=77, entitlements=rights)
    (answer,) = check(account, [feature], known_features=catalogue, at=at)
    return answer


def test_an_open_window_without_holds_allows():
    answer = ask(right, at=MIDTERM)
    assert (answer.allowed, answer.reason, answer.conclusive) == (True, "allowed", True)
    assert (answer.until, answer.grace_until) == (END, None)
    assert (answer.as_of, answer.position, answer.entitlement_id) == (MIDTERM, 77, right.entitlement_id)
    assert answer.because == answer.explain == ()


def test_the_limit_is_that_of_the_feature():
    assert ask(right, at=MIDTERM, feature="lounges").limit == 3
    assert ask(right, at=MIDTERM, feature="gates").limit is None


def test_in_grace_the_answer_says_so_and_until_when():
    answer = ask(right, at=IN_GRACE)
    assert (answer.allowed, answer.reason) == (True, "allowed_in_grace")
    assert answer.until == answer.grace_until == GRACE_OVER


@pytest.mark.parametrize(
    ("at", "reason"),
    [
        (START - SECOND, "not_started"),
        (START, "allowed"),
        (END - SECOND, "allowed"),
        (END, "allowed_in_grace"),
        (GRACE_OVER - SECOND, "allowed_in_grace"),
        (GRACE_OVER, "expired"),
        (WINDOW_OVER, "expired"),
    ],
)
def test_the_instants_decide_whether_or_not_a_timer_has_fired(at, reason):
    assert ask(right, at=at).reason == reason


def test_without_grace_the_end_is_the_end():
    assert ask(replace(right, grace_until=END), at=END).reason == "expired"


def test_an_account_that_is_not_known_yet_may_ask_again():
    answer = ask(at=MIDTERM, known=False, feature="nonsense")
    assert (answer.allowed, answer.reason, answer.conclusive) == (False, "unknown_account", False)


def test_a_feature_nobody_sells_is_unknown():
    assert ask(right, at=MIDTERM, feature="nonsense").reason == "unknown_feature"


def test_a_feature_not_bought_is_not_entitled():
    answer = ask(right, at=MIDTERM, feature="runways")
    assert (answer.reason, answer.entitlement_id) == ("no_entitlement", None)
    assert ask(at=MIDTERM).reason == "no_entitlement"


def test_debt_denies_and_names_the_invoice():
    answer = ask(replace(right, holds=(owing,)), at=MIDTERM)
    assert (answer.allowed, answer.reason, answer.until) == (False, "hold:dunning", None)
    invoice, step, hold = answer.because
    assert (invoice.what, invoice.name, invoice.id) == ("invoice", INVOICE.number, INVOICE.invoice_id)
    assert (invoice.due_on, invoice.open) == (INVOICE.due_on, INVOICE.open)
    assert (step.what, step.name, step.id, step.at) == ("dunning_step", "suspended", unpaid().message_id, MIDTERM)
    assert (hold.what, hold.name, hold.at) == ("hold", "dunning", MIDTERM)


def test_a_hold_denies_in_grace_as_well():
    assert ask(replace(right, holds=(owing,)), at=IN_GRACE).reason == "hold:dunning"


def test_expiry_is_the_reason_before_its_own_hold():
    answer = ask(replace(right, holds=(expired, owing)), at=AFTER_GRACE)
    assert answer.reason == "expired"
    assert [failure.reason for failure in answer.explain] == ["expired", "hold:dunning", "hold:expiry"]
    assert [link.what for link in answer.because] == ["term_end", "grace_end"]
    assert [link.what for link in answer.explain[-1].because] == ["grace_end", "hold"]


def test_a_successor_takes_over_at_the_end_and_is_named():
    moved = replace(right, successor_id=SUCCESSOR)
    assert ask(moved, at=END - SECOND).allowed
    answer = ask(moved, at=END)
    assert (answer.allowed, answer.reason, answer.successor_id) == (False, "migrated", SUCCESSOR)
    assert (answer.because[-1].what, answer.because[-1].id) == ("successor", SUCCESSOR)


def test_a_cancelled_right_has_expired_with_its_termination():
    cancelled = replace(right, terminated_at=MIDTERM, successor_id=SUCCESSOR)
    for at in (MIDTERM, END, AFTER_GRACE):
        answer = ask(cancelled, at=at)
        assert (answer.reason, [link.what for link in answer.because]) == ("expired", ["termination"])


def test_one_right_that_allows_is_enough():
    other = replace(right, entitlement_id=UUID(int=11), holds=(owing,))
    answer = ask(other, right, at=MIDTERM)
    assert (answer.allowed, answer.entitlement_id) == (True, right.entitlement_id)
    assert [failure.entitlement_id for failure in answer.explain] == [other.entitlement_id]


def test_of_rights_that_deny_the_closest_one_gives_the_reason():
    future = replace(right, entitlement_id=UUID(int=12), starts_at=midnight("2013-10-01"))
    held = replace(right, entitlement_id=UUID(int=11), holds=(owing,))
    assert ask(future, held, at=MIDTERM).reason == "hold:dunning"
    assert [failure.reason for failure in ask(future, held, at=MIDTERM).explain] == ["not_started", "hold:dunning"]


def test_of_rights_that_allow_the_most_generous_speaks():
    larger = replace(right, entitlement_id=UUID(int=11), features={"lounges": 5})
    unlimited = replace(right, entitlement_id=UUID(int=12), features={"lounges": None})
    assert ask(right, larger, at=MIDTERM, feature="lounges").limit == 5
    assert ask(right, unlimited, larger, at=MIDTERM, feature="lounges").limit is None


def test_features_are_answered_in_the_order_asked():
    account = Account(known=True, position=0, entitlements=(right,))
    answers = check(account, ["runways", "gates"], known_features=catalogue, at=BEFORE)
    assert [(each.feature, each.reason) for each in answers] == [
        ("runways", "no_entitlement"),
        ("gates", "not_started"),
    ]


def test_nobody_asks_for_more_than_a_hundred_features_at_once():
    account = Account(known=True, position=0)
    assert len(check(account, ["gates"] * 100, known_features=catalogue, at=BEFORE)) == 100
    with pytest.raises(TooManyFeatures):
        check(account, ["gates"] * 101, known_features=catalogue, at=BEFORE)


snapshots = st.builds(
    replace,
    st.just(right),
    holds=st.lists(st.sampled_from([owing, expired]), max_size=2, unique=True).map(tuple),
    successor_id=st.sampled_from([None, SUCCESSOR]),
    terminated_at=st.sampled_from([None, MIDTERM, END]),
    grace_until=st.sampled_from([END, GRACE_OVER]),
)


@given(st.lists(snapshots, max_size=3), st.integers(-30, 800))
def test_allowed_means_that_one_right_fails_no_test(rights, day):
    at = START + timedelta(days=day)
    answer = ask(*rights, at=at)
    assert answer.allowed == answer.reason.startswith("allowed")
    assert answer.allowed == (answer.until is not None)
    assert answer.allowed or answer.explain or answer.reason == "no_entitlement"
    assert answer.until is None or at < answer.until
