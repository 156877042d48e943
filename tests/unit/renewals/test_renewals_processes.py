"""From messages and due dates to orders."""

from dataclasses import replace

import pytest

from services.renewals.domain.opportunity import OPPORTUNITY
from services.renewals.processes.clock import Due, due_instants, on_no_response, on_opening
from services.renewals.processes.quoting import on_quote_accepted, on_quote_drafted
from services.renewals.processes.tracking import on_term_known
from shared.orders import Order
from tests.unit.renewals.stories import (
    ACCEPTED,
    KNOWN,
    OPENS,
    QUOTE,
    SILENCE,
    STREAM,
    TERM,
    VALUE,
    events_of,
    open_,
    quote,
    silence,
    track,
    win,
)


def order(command) -> list[Order]:
    return [Order(OPPORTUNITY, STREAM, command)]


def test_every_term_of_a_subscription_has_an_opportunity_of_its_own():
    assert on_term_known(term=TERM, at=KNOWN) == order(track())


def test_a_draft_for_a_renewal_is_recorded():
    drafted = on_quote_drafted(purpose="renewal", opportunity_id=STREAM, quote_id=QUOTE, at=OPENS)
    assert drafted == order(quote())


def test_the_acceptance_of_a_renewal_quote_wins():
    accepted = on_quote_accepted(
        purpose="renewal", opportunity_id=STREAM, quote_id=QUOTE, value=VALUE, term_months=12, accepted_at=ACCEPTED
    )
    assert accepted == order(win())


@pytest.mark.parametrize(("purpose", "opportunity"), [("new", STREAM), ("renewal", None)])
def test_other_quotes_are_none_of_our_business(purpose, opportunity):
    assert on_quote_drafted(purpose=purpose, opportunity_id=opportunity, quote_id=QUOTE, at=OPENS) == []
    accepted = on_quote_accepted(
        purpose=purpose, opportunity_id=opportunity, quote_id=QUOTE, value=VALUE, term_months=12, accepted_at=ACCEPTED
    )
    assert accepted == []


def test_a_known_term_asks_to_be_told_of_its_opening_and_of_silence():
    (tracked,) = events_of(track())
    assert due_instants(tracked) == (Due("open", OPENS), Due("no_response", SILENCE))
    assert due_instants(events_of(track(), open_())[-1]) == ()


def test_a_due_date_opens_or_closes():
    dimensions = {"segment": "SMB"}
    opening = on_opening(opportunity_id=STREAM, fire_at=OPENS, dimensions=dimensions)
    assert opening == order(replace(open_(), dimensions=dimensions))
    assert on_no_response(opportunity_id=STREAM, fire_at=SILENCE) == order(silence())
