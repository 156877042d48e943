"""From a draft to the customer's decision: every row of the table of a quote."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from services.billing.domain.plan_validation import LimitExceeded
from services.billing.domain.pricing.limits import NegativeNumber, NotPositive
from services.billing.domain.pricing.validation import PercentTooHigh
from services.billing.domain.quote import events
from services.billing.domain.quote.drafting import deal_of
from services.billing.domain.quote.lines import AnnualValues
from services.billing.domain.quote.state import (
    ApproverIsRequester,
    NothingQuoted,
    OneTermRenewed,
    QuoteChanged,
    QuoteNoLongerValid,
    QuoteNotFound,
    QuoteStale,
    QuoteTooLarge,
    TooManyLines,
    ValidityOver,
)
from shared.decider import NotAllowedNow
from shared.money import Money
from tests.unit.billing.offers import (
    NOW,
    OPPORTUNITY_ID,
    SUBSCRIPTION_ID,
    UNTIL,
    accept,
    after,
    approve,
    decline,
    draft,
    expire,
    given,
    line,
    out,
    outdate,
    refuse,
    revise,
    send,
    submit,
    withdraw,
)

DEAL = deal_of(draft())
YEAR = AnnualValues(prior=Money(0, "USD"), list_amount=Money(1_800_000, "USD"), booked=Money(1_800_000, "USD"))
generous = (draft(line("20")), submit())
second = timedelta(seconds=1)
renewal = draft(
    purpose="renewal",
    subscription_id=SUBSCRIPTION_ID,
    opportunity_id=OPPORTUNITY_ID,
    prior_annual=Money(1_700_000, "USD"),
)


def test_a_quote_is_drafted_as_version_one():
    assert given()(draft()) == [events.QuoteDrafted(deal=DEAL, version=1, lines=(line(),), valid_until=None)]


def test_the_same_draft_again_changes_nothing_and_another_one_is_refused():
    assert given(draft())(draft()) == []
    assert given(*out, accept())(draft()) == []
    with pytest.raises(NotAllowedNow):
        given(draft())(draft(requested_by="somebody else"))


def test_nothing_can_be_asked_of_a_quote_that_is_not_there():
    with pytest.raises(QuoteNotFound):
        given()(submit())


def test_a_quote_offers_something_but_not_everything():
    with pytest.raises(NothingQuoted):
        given()(replace(draft(), lines=()))
    with pytest.raises(TooManyLines):
        given()(draft(*[line()] * 101))
    with pytest.raises(QuoteTooLarge):
        given()(draft(line(quantity=10**9)))


@pytest.mark.parametrize(
    ("wrong", "refusal", "field"),
    [
        (line(quantity=0), NotPositive, "/lines/1/quantity"),
        (line("-1"), NegativeNumber, "/lines/1/discount_percent"),
        (line("100.01"), PercentTooHigh, "/lines/1/discount_percent"),
        (line(term_months=121), LimitExceeded, "/lines/1/term_months"),
    ],
)
def test_a_refused_line_is_named(wrong, refusal, field):
    with pytest.raises(refusal) as refused:
        given()(draft(line(), wrong))
    assert refused.value.field == field


def test_a_revision_is_a_new_version_and_the_same_content_is_none():
    assert given(draft())(revise(line("3"), by="rolf")) == [
        events.QuoteRevised(version=2, lines=(line("3"),), valid_until=None, by="rolf")
    ]
    assert given(draft())(revise(line())) == []


@pytest.mark.parametrize("history", [(draft(),), generous, (draft(), submit()), out])
def test_a_revision_takes_the_quote_back_to_draft_from_wherever_it_was(history):
    revised = after(*history, revise(line("1")))
    assert (revised.status, revised.version, revised.lines) == ("draft", 2, (line("1"),))


@pytest.mark.parametrize("discount", ["0", "5"])
def test_within_the_limit_a_quote_is_approved_on_submission(discount):
    assert given(draft(line(discount)))(submit()) == [events.QuoteApproved(version=1, by="rita", automatic=True)]


@pytest.mark.parametrize(
    ("discount", "level"),
    [("5.01", "manager"), ("15", "manager"), ("15.01", "director"), ("25", "director"), ("25.01", "executive")],
)
def test_beyond_the_limit_the_discount_says_who_has_to_agree(discount, level):
    [asked] = given(draft(line(), line(discount)))(submit())
    assert (asked.level, asked.discount_percent, asked.beyond, asked.by) == (
        level,
        Decimal(discount),
        ("discount_percent",),
        "rita",
    )


def test_a_pending_quote_is_approved_or_refused_by_somebody_else():
    assert given(*generous)(approve()) == [events.QuoteApproved(version=1, by="dora", automatic=False)]
    assert given(*generous)(refuse()) == [events.QuoteRefused(version=1, by="dora", reason="too cheap")]
    assert after(*generous, approve()).status == "approved"
    assert after(*generous, refuse()).status == "draft"


@pytest.mark.parametrize("decision", [approve, refuse])
def test_nobody_decides_on_a_quote_that_they_drafted_revised_or_submitted(decision):
    history = (draft(requested_by="rita"), revise(line("20"), by="rolf"), submit("sara"))
    for author in ("rita", "rolf", "sara"):
        with pytest.raises(ApproverIsRequester):
            given(*history)(decision(author))
    assert given(*history)(decision("dora"))


@pytest.mark.parametrize("history", [(draft(),), generous])
def test_what_is_not_approved_is_not_sent(history):
    with pytest.raises(NotAllowedNow):
        given(*history)(send())


def test_an_approved_quote_is_sent_with_what_it_comes_to():
    assert given(draft(), submit())(send()) == [events.QuoteSent(deal=DEAL, version=1, valid_until=UNTIL, annual=YEAR)]


def test_a_quote_is_valid_until_somewhere_in_the_future():
    for past in (NOW, NOW - second):
        with pytest.raises(ValidityOver) as refused:
            given(draft(), submit())(send(past))
        assert refused.value.field == "/valid_until"


def test_without_a_word_a_quote_is_valid_for_thirty_local_days_after_the_day_it_was_sent():
    assert given(draft(), submit())(send(None))[0].valid_until == datetime(2013, 1, 3, 5, tzinfo=UTC)
    assert given(draft(valid_until=UNTIL), submit())(send(None))[0].valid_until == UNTIL


def test_a_quote_may_be_sent_once_more_but_not_for_longer():
    assert given(*out)(send()) == []
    assert given(*out)(send(None)) == []
    with pytest.raises(NotAllowedNow):
        given(*out)(send(UNTIL + second))
    with pytest.raises(ValidityOver):
        given(*out)(send(None, at=UNTIL))


def test_the_customer_accepts_on_their_local_day():
    late_evening = datetime(2012, 12, 4, 4, 30, tzinfo=UTC)
    assert given(*out)(accept(at=late_evening)) == [
        events.QuoteAccepted(
            deal=DEAL,
            version=1,
            name="Ann Buyer",
            purchase_order="PO-7",
            accepted_at=late_evening,
            accepted_on=date(2012, 12, 3),
            term_months=12,
            annual=YEAR,
        )
    ]


def test_a_renewal_says_what_it_was_worth_before():
    accepted = given(replace(renewal, lines=(line("10", 2),)), submit(), approve(), send())(accept())[0]
    assert accepted.annual == AnnualValues(
        prior=Money(1_700_000, "USD"), list_amount=Money(3_600_000, "USD"), booked=Money(3_240_000, "USD")
    )
    assert accepted.annual.discount == Money(360_000, "USD")


def test_nobody_accepts_twice():
    with pytest.raises(NotAllowedNow):
        given(*out, accept())(accept())


def test_nothing_is_accepted_when_it_is_no_longer_valid():
    assert given(*out)(accept(at=UNTIL - second))
    for history in (out, (*out, expire())):
        with pytest.raises(QuoteNoLongerValid):
            given(*history)(accept(at=UNTIL))
    with pytest.raises(QuoteNoLongerValid):
        given(*out, expire())(accept(at=UNTIL - second))


def test_only_the_current_version_is_accepted():
    changed = (*out, revise(line("1")))
    for history in (changed, (*changed, submit(), send())):
        with pytest.raises(QuoteChanged):
            given(*history)(accept(version=1))
    assert given(*changed, submit(), send())(accept(version=2))


@pytest.mark.parametrize("history", [(draft(),), generous, (draft(), submit()), out])
def test_a_change_underneath_takes_any_open_quote_back(history):
    assert given(*history)(outdate()) == [events.QuoteOutdated(version=1, reason="the subscription was amended")]
    stale = (*history, outdate())
    assert after(*stale).status == "draft"
    assert given(*stale)(outdate()) == []
    for command in (submit(), accept()):
        with pytest.raises(QuoteStale):
            given(*stale)(command)
    assert given(*stale, revise(line()))(submit())


def test_only_what_was_sent_is_declined():
    assert given(*out)(decline()) == [events.QuoteDeclined(deal=DEAL, version=1, reason="budget")]
    assert given(*out, decline())(decline()) == []
    with pytest.raises(NotAllowedNow):
        given(draft())(decline())


def test_an_offer_ends_by_itself_when_its_time_has_come_and_not_before():
    assert given(*out)(expire()) == [events.QuoteExpired(deal=DEAL, version=1)]
    assert given(*out)(expire(UNTIL - second)) == []


@pytest.mark.parametrize("history", [(draft(),), generous, (draft(), submit()), (*out, outdate())])
def test_a_timer_for_an_offer_that_is_not_out_changes_nothing(history):
    assert given(*history)(expire()) == []


@pytest.mark.parametrize("history", [(draft(),), generous, (draft(), submit()), out])
def test_any_open_quote_can_be_withdrawn(history):
    assert given(*history)(withdraw()) == [events.QuoteWithdrawn(deal=DEAL, version=1, reason="a mistake")]


@pytest.mark.parametrize("end", [decline(), withdraw(), expire()])
def test_what_has_ended_without_a_yes_may_be_withdrawn_expire_and_go_stale_without_effect(end):
    for command in (withdraw(), expire(), outdate()):
        assert given(*out, end)(command) == []


@pytest.mark.parametrize("end", [accept(), decline(), withdraw(), expire()])
def test_an_end_is_an_end(end):
    for command in (revise(line("1")), submit(), approve(), refuse(), send()):
        with pytest.raises(NotAllowedNow):
            given(*out, end)(command)


def test_what_was_accepted_is_neither_withdrawn_nor_declined_and_its_timer_changes_nothing():
    for command in (withdraw(), decline()):
        with pytest.raises(NotAllowedNow):
            given(*out, accept())(command)
    assert given(*out, accept())(expire()) == []


def test_a_renewal_keeps_its_one_line_and_its_first_day():
    assert given(renewal)(revise(line("2")))
    with pytest.raises(OneTermRenewed):
        given(renewal)(revise(line(), line()))
    with pytest.raises(OneTermRenewed) as refused:
        given(renewal)(revise(line(starts_on=date(2013, 2, 1))))
    assert refused.value.field == "/lines/0/starts_on"
