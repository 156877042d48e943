"""From a known term to an open opportunity that somebody works on."""

from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID

import pytest

from services.renewals.domain.opportunity.commands import AmendTerm, ExtendTerm
from services.renewals.domain.opportunity.events import (
    RenewalBaseAdjusted,
    RenewalContacted,
    RenewalOpportunityOpened,
    RenewalQuotePrepared,
    RenewalQuoteStale,
    TermTracked,
)
from services.renewals.domain.opportunity.state import OpportunityNotFound
from services.renewals.domain.opportunity.term import opens_at, unanswered_at
from shared.decider import NotAllowedNow
from shared.money import Money
from tests.unit.renewals.stories import (
    ACCEPTED,
    KNOWN,
    OPENS,
    QUOTE,
    SILENCE,
    TERM,
    after,
    cancelled,
    contact,
    given,
    local,
    lose,
    migrate,
    open_,
    quote,
    silence,
    track,
    win,
)

opened = (track(), open_())
second = timedelta(seconds=1)
dearer = replace(TERM, base=Money(2_000_000, "USD"))
other_quote = UUID(int=33)


def test_a_known_term_tells_when_to_call_and_when_silence_is_an_answer():
    assert given()(track()) == [TermTracked(term=TERM, opens_at=OPENS, unanswered_at=SILENCE, at=KNOWN)]


def test_knowing_a_term_twice_changes_nothing():
    assert given(track())(track()) == []


def test_the_base_may_change_until_the_opening_and_not_after():
    assert given(track())(track(dearer))[0].term == dearer
    assert given(track(), track(dearer))(open_())[0].term.base == dearer.base
    assert given(*opened)(track(dearer)) == []


def test_the_clock_opens_on_the_day():
    assert given(track())(open_()) == [
        RenewalOpportunityOpened(term=TERM, due_on=date(2013, 12, 31), by=None, at=OPENS)
    ]


def test_a_stale_timer_opens_nothing():
    later = replace(TERM, ends_on=date(2014, 2, 1))
    assert given(track())(open_(OPENS - second)) == []
    assert given(track(), track(later))(open_(OPENS)) == []


def test_a_person_may_open_earlier():
    assert given(track())(open_(KNOWN, by="ann"))[0].by == "ann"


@pytest.mark.parametrize("history", [opened, (*opened, win()), (*opened, lose()), (*opened, migrate())])
def test_an_opportunity_opens_once(history):
    assert given(*history)(open_()) == []


@pytest.mark.parametrize("decision", [win(), lose(), migrate()])
def test_nobody_opens_what_is_decided(decision):
    with pytest.raises(NotAllowedNow):
        given(*opened, decision)(open_(by="ann"))


def test_a_contact_counts_the_days_to_the_due_day_in_the_customers_zone():
    late_evening = local("2013-12-10", hour=23)
    assert given(*opened)(contact(late_evening)) == [
        RenewalContacted(contact_id=UUID(int=5), channel="call", days_in_advance=21, by="ann", at=late_evening)
    ]
    assert given(*opened)(contact(local("2014-01-03")))[0].days_in_advance == -3


def test_the_same_contact_is_logged_once():
    assert given(*opened, contact())(contact()) == []
    assert given(*opened, contact(), win())(contact()) == []
    assert len(given(*opened, contact())(contact(contact_id=UUID(int=6)))) == 1


def test_the_draft_of_billing_is_the_renewal_quote():
    assert given(*opened)(quote()) == [RenewalQuotePrepared(quote_id=QUOTE, at=OPENS)]
    assert given(*opened, quote())(quote()) == []
    assert len(given(*opened, quote())(quote(other_quote))) == 1


@pytest.mark.parametrize("decision", [win(), lose(), migrate(), silence()])
def test_a_draft_that_comes_after_the_decision_changes_nothing(decision):
    assert given(*opened, decision)(quote()) == []


@pytest.mark.parametrize("command", [open_(), contact(), quote(), win(), lose(), silence()])
def test_a_term_nobody_told_us_of_is_not_found(command):
    with pytest.raises(OpportunityNotFound):
        given()(command)


def test_nobody_is_contacted_about_what_is_not_open():
    for history in ((track(),), (*opened, win())):
        with pytest.raises(NotAllowedNow):
            given(*history)(contact())


@pytest.mark.parametrize("before", [(track(),), opened, (*opened, silence())])
def test_a_cancellation_loses_it_for_its_reason_also_where_silence_was_a_loss_already(before):
    *_, lost = given(*before)(cancelled())
    assert (lost.reason, lost.by, lost.at, lost.note) == ("budget_lost", "billing", ACCEPTED, "budget_lost")
    assert given(*before, cancelled())(cancelled()) == []
    assert given(*before, cancelled())(silence()) == []


def test_a_cancellation_in_other_words_is_one_in_the_term_and_changes_no_decision():
    [lost] = given(*opened)(cancelled("moved to the moon"))
    assert (lost.reason, lost.note) == ("cancelled_in_term", "moved to the moon")
    for decided in (win(), lose(), migrate()):
        assert given(*opened, decided)(cancelled()) == []


def test_an_amendment_moves_the_base_and_makes_the_quote_stale():
    amend = AmendTerm(term=dearer, at=ACCEPTED)
    assert [type(event) for event in given(track())(amend)] == [TermTracked]
    adjusted = RenewalBaseAdjusted(before=TERM.base, base=dearer.base, at=ACCEPTED)
    assert given(*opened)(amend) == [adjusted]
    assert given(*opened, quote())(amend) == [adjusted, RenewalQuoteStale(quote_id=QUOTE, at=ACCEPTED)]
    assert given(*opened, quote(), amend)(amend) == []
    assert given(*opened, quote(), win())(amend) == []
    assert after(*opened, quote(), amend).term.base == dearer.base
    assert given(*opened, silence())(amend) == [adjusted], "our clock was faster than the news of the amendment"
    assert given(*opened, lose())(amend) == []


def test_what_is_won_before_our_clock_was_there_was_opened_on_its_day():
    before = local("2013-01-05")
    assert [event.at for event in given(track())(win())] == [OPENS, ACCEPTED]
    assert [event.at for event in given(track())(win(at=before))] == [before, before]
    assert [event.at for event in given(track())(cancelled())] == [OPENS, ACCEPTED]
    assert [event.at for event in given(track())(cancelled(at=before))] == [before]


def test_a_term_that_ends_later_moves_the_days_of_its_renewal():
    later = replace(TERM, ends_on=date(2014, 1, 31))
    extend = ExtendTerm(term=later, at=ACCEPTED)
    [tracked] = given(track())(extend)
    assert (tracked.term, tracked.opens_at) == (later, local("2013-11-02"))
    [postponed] = given(*opened)(extend)
    assert (postponed.due_on, postponed.unanswered_at) == (date(2014, 1, 30), local("2015-02-14"))
    assert given(*opened, extend)(extend) == given(*opened, win())(extend) == []
    assert given(*opened, extend)(silence()) == []  # the old instant has become stale
    stale = given(*opened, quote())(extend)[1]
    assert stale == RenewalQuoteStale(quote_id=QUOTE, at=ACCEPTED)
    [won] = given(*opened, extend)(win(at=local("2014-01-30")))
    assert (won.on_time, won.due_on) == (True, date(2014, 1, 30))
    assert given(*opened, silence())(extend) == [postponed], "our clock was faster than the news of the pause"
    assert (after(*opened, silence(), extend).stage, given(*opened, lose())(extend)) == ("open", [])


def test_days_of_another_zone_move_the_instant_of_silence():
    abroad = AmendTerm(term=replace(TERM, zone="Asia/Tokyo"), at=ACCEPTED)
    [tracked] = given(track())(abroad)
    assert (tracked.term.zone, tracked.opens_at) == ("Asia/Tokyo", opens_at(abroad.term))
    [postponed] = given(*opened)(abroad)
    assert (postponed.ends_on, postponed.unanswered_at) == (TERM.ends_on, unanswered_at(abroad.term))
    assert after(*opened, abroad).term == abroad.term
    assert given(*opened, abroad)(abroad) == []
