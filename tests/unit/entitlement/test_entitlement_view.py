"""What is shown is what the decider remembers, whatever happened."""

from datetime import datetime
from typing import Any

import msgspec
from hypothesis import given, settings

from services.entitlement.domain.entitlement import ENTITLEMENT, entitlement_id
from services.entitlement.projections.entitlement_view import EntitlementView, fold
from shared.causes import Cause
from shared.errors import DomainError
from shared.event_store import Recorded, StreamKey
from tests.unit.entitlement.stories import BEFORE, CUSTOMER, SUBSCRIPTION
from tests.unit.entitlement.test_entitlement_properties import commands

KEY = StreamKey(CUSTOMER, ENTITLEMENT.category, entitlement_id(SUBSCRIPTION))


def recorded(events: list[Any], at: datetime = BEFORE) -> list[Recorded]:
    cause = Cause(CUSTOMER, at, at, {})
    return [Recorded(event, KEY, version, None, cause) for version, event in enumerate(events, start=1)]


def history_of(story: list[Any]) -> list[Any]:
    history: list[Any] = []
    for command in story:
        try:
            history += ENTITLEMENT.decide(ENTITLEMENT.replay(history), command)
        except DomainError:
            continue
    return history


@settings(max_examples=300)
@given(commands)
def test_the_view_shows_what_the_decider_remembers(story):
    history = history_of(story)
    view, state = fold(EntitlementView(entitlement_id=KEY.stream_id), recorded(history)), ENTITLEMENT.replay(history)
    assert (view.status, {hold.kind for hold in view.holds}) == (state.status, set(state.holds))
    if state.right is not None:
        assert view.granted is not None
        assert view.granted.window == state.right.window
        assert (view.phase, view.ending) == (state.right.phase, state.right.ending)


@given(commands)
def test_a_view_that_was_stored_goes_on_where_it_ended_and_sees_nothing_twice(story):
    entries = recorded(history_of(story))
    blank, half = EntitlementView(entitlement_id=KEY.stream_id), len(entries) // 2
    stored = msgspec.to_builtins(fold(blank, entries[:half]))
    assert fold(msgspec.convert(stored, EntitlementView), entries) == fold(blank, entries)
