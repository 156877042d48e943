"""No order of commands corrupts an opportunity or repeats an effect."""

import json
from uuid import UUID

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from services.renewals.domain.opportunity import OPPORTUNITY
from services.renewals.domain.opportunity.events import RenewalOpportunityOpened, RenewalWon
from services.renewals.domain.policy import POLICY, PublishPolicy
from services.renewals.domain.reasons import REASONS
from shared.errors import DomainError
from tests.unit.renewals.stories import (
    ACCEPTED,
    END,
    KNOWN,
    OPENS,
    QUOTE,
    SILENCE,
    SUCCESSOR,
    TERMS,
    contact,
    lose,
    open_,
    quote,
    silence,
    track,
    win,
)

instants = st.sampled_from([KNOWN, OPENS, ACCEPTED, END, SILENCE])
quotes = st.sampled_from([QUOTE, UUID(int=33)])
command = st.one_of(
    st.just(track()),
    st.builds(open_, instants),
    st.builds(open_, instants, st.just("ann")),
    st.builds(contact, instants, st.uuids()),
    st.builds(quote, quotes),
    st.builds(win, instants, quotes),
    st.builds(lose, st.sampled_from([*REASONS, "nonsense"]), successor=st.sampled_from([None, SUCCESSOR]), at=instants),
    st.builds(silence, instants),
)
commands = st.lists(command, max_size=10)


def decide(opportunity, order):
    try:
        return OPPORTUNITY.decide(opportunity, order)
    except DomainError:
        return None


def run(story):
    history = []
    for order in story:
        history += decide(OPPORTUNITY.replay(history), order) or []
    return history


@given(commands)
@settings(max_examples=300)
def test_no_order_of_commands_corrupts_an_opportunity(story):
    history = run([track(), *story])
    opportunity = OPPORTUNITY.replay(history)
    assert sum(isinstance(event, RenewalOpportunityOpened) for event in history) <= 1
    assert sum(isinstance(event, RenewalWon) for event in history) <= 1
    assert (opportunity.stage in ("lost", "superseded")) == (opportunity.reason is not None)


@given(commands, command)
@settings(max_examples=300)
def test_twice_is_once(story, order):
    history = run([track(), *story])
    first = decide(OPPORTUNITY.replay(history), order)
    assert decide(OPPORTUNITY.replay(history + (first or [])), order) == (None if first is None else [])


@given(commands)
def test_every_event_survives_storage(story):
    policies = POLICY.decide(None, PublishPolicy(code="standard", terms=TERMS, at=KNOWN))
    for event in [*run([track(), *story]), *policies]:
        stored = json.loads(json.dumps(msgspec.to_builtins(event)))
        assert msgspec.convert(stored, type(event)) == event
