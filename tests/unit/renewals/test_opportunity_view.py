"""What is shown is what the decider remembers, whatever happened."""

from typing import Any

import msgspec
from hypothesis import given

from services.renewals.domain.opportunity import OPPORTUNITY
from services.renewals.projections.opportunity_view import OpportunityView, fold
from shared.causes import Cause
from shared.event_store import Recorded, StreamKey
from tests.unit.renewals.stories import CUSTOMER, KNOWN, STREAM
from tests.unit.renewals.test_opportunity_properties import commands, run

KEY = StreamKey(CUSTOMER, OPPORTUNITY.category, STREAM)


def recorded(events: list[Any]) -> list[Recorded]:
    cause = Cause(CUSTOMER, KNOWN, KNOWN, {})
    return [Recorded(event, KEY, version, None, cause) for version, event in enumerate(events, start=1)]


@given(commands)
def test_the_view_shows_what_the_decider_remembers(story):
    history = run(story)
    view, state = fold(OpportunityView(opportunity_id=STREAM), recorded(history)), OPPORTUNITY.replay(history)
    if state is None:
        assert view.term is None
    else:
        assert (view.stage, view.term, view.quote_id) == (state.stage, state.term, state.quote_id)
        assert {contact.contact_id for contact in view.contacts} == set(state.contacts)
        assert (view.decision.reason if view.decision else None) == state.reason


@given(commands)
def test_a_view_that_was_stored_goes_on_where_it_ended_and_sees_nothing_twice(story):
    entries = recorded(run(story))
    blank, half = OpportunityView(opportunity_id=STREAM), len(entries) // 2
    stored = msgspec.to_builtins(fold(blank, entries[:half]))
    assert fold(msgspec.convert(stored, OpportunityView), entries) == fold(blank, entries)
