"""No order of commands corrupts a right, repeats an effect or mixes its two regions."""

import json
from functools import reduce

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from services.entitlement.domain.entitlement import ENTITLEMENT
from services.entitlement.domain.entitlement.commands import PlaceHold, RemoveHold
from services.entitlement.domain.entitlement.events import EntitlementReinstated, EntitlementSuspended
from services.entitlement.domain.entitlement.holds import HoldCause
from services.entitlement.domain.entitlement.state import Entitlement
from shared.errors import DomainError
from tests.unit.entitlement.stories import (
    AFTER_GRACE,
    BEFORE,
    END,
    GRACE_OVER,
    IN_GRACE,
    MIDTERM,
    SECOND_TERM,
    START,
    WINDOW_OVER,
    announce,
    cancel,
    extend,
    grant,
    owe,
    pay,
    reach,
    term,
    withdraw,
)

instants = st.sampled_from([BEFORE, START, MIDTERM, END, IN_GRACE, GRACE_OVER, AFTER_GRACE, WINDOW_OVER])
terms = st.sampled_from([SECOND_TERM, term(3, "2015-01-01", "2016-01-01"), term(2, "2014-01-01", "2014-06-01")])
causes = st.builds(HoldCause, what=st.just("review"), at=instants)
kinds = st.sampled_from(["fraud", "manual", "compliance", "channel"])
dunning = st.one_of(st.builds(owe, instants), st.builds(pay, instants))
others = st.one_of(st.builds(PlaceHold, kind=kinds, cause=causes), st.builds(RemoveHold, kind=kinds, cause=causes))
holding = st.one_of(dunning, others)
moving = st.one_of(
    st.builds(reach, instants),
    st.builds(extend, instants, terms),
    st.builds(announce, instants),
    st.builds(withdraw, instants),
    st.builds(cancel, instants),
    st.builds(grant, instants),
)
commands = st.lists(st.one_of(moving, holding), max_size=12)


def obey(entitlement: Entitlement, command) -> Entitlement:
    try:
        return reduce(ENTITLEMENT.evolve, ENTITLEMENT.decide(entitlement, command), entitlement)
    except DomainError:
        return entitlement


def run(story) -> Entitlement:
    return reduce(obey, story, ENTITLEMENT.initial)


@given(commands)
@settings(max_examples=300)
def test_no_order_of_commands_corrupts_a_right(story):
    entitlement = run(story)
    if entitlement.right is not None:
        assert ("expiry" in entitlement.holds) <= (entitlement.right.phase in ("expired", "terminated"))
        assert (entitlement.right.phase == "terminated") == (entitlement.right.ending is not None)
        assert (entitlement.right.phase == "expired") <= ("expiry" in entitlement.holds)


@given(commands, st.one_of(moving, holding))
@settings(max_examples=300)
def test_twice_is_once(story, command):
    once = obey(run(story), command)
    try:
        assert ENTITLEMENT.decide(once, command) == []
    except DomainError:
        assert once == run(story)


@given(commands)
@settings(max_examples=300)
def test_holds_never_move_the_window_nor_the_window_other_holds(story):
    holds = [command for command in story if isinstance(command, PlaceHold | RemoveHold)]
    moves = [command for command in story if command not in holds]
    assert run([grant(), *story]).right == run([grant(), *moves]).right
    assert run([grant(), *story]).holds - {"expiry"} == run([grant(), *holds]).holds


@given(commands)
@settings(max_examples=200)
def test_suspended_and_reinstated_tell_what_is_shown(story):
    entitlement = ENTITLEMENT.initial
    for command in story:
        after = obey(entitlement, command)
        told = [] if after == entitlement else ENTITLEMENT.decide(entitlement, command)
        suspended = any(isinstance(event, EntitlementSuspended) for event in told)
        reinstated = any(isinstance(event, EntitlementReinstated) for event in told)
        assert suspended == (after.status == "suspended" != entitlement.status)
        assert not reinstated or after.status in ("active", "grace")
        entitlement = after


@given(commands)
def test_every_event_survives_storage(story):
    entitlement = ENTITLEMENT.initial
    for command in story:
        try:
            events = ENTITLEMENT.decide(entitlement, command)
        except DomainError:
            continue
        for event in events:
            stored = json.loads(json.dumps(msgspec.to_builtins(event)))
            assert msgspec.convert(stored, type(event)) == event
            assert type(event) in ENTITLEMENT.event_types.values()
        entitlement = reduce(ENTITLEMENT.evolve, events, entitlement)
