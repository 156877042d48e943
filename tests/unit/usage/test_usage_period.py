"""How a period opens, advances, closes and is revised."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest

from services.usage.domain.tally import GroupTotal
from services.usage.domain.usage_period import USAGE_PERIOD
from services.usage.domain.usage_period.commands import (
    AdvancePeriod,
    ClosePeriod,
    OpenPeriod,
    RevisePeriod,
    ShortenPeriod,
)
from services.usage.domain.usage_period.decide import (
    InvalidPeriod,
    PeriodNotFound,
    PeriodNotOver,
    PeriodOpenedDifferently,
    StaleRevision,
)
from services.usage.domain.usage_period.events import (
    UsagePeriodAdvanced,
    UsagePeriodClosed,
    UsagePeriodOpened,
    UsagePeriodRevised,
    UsagePeriodShortened,
)
from services.usage.domain.usage_period.state import EventName, PeriodTerms
from shared.decider import NotAllowedNow

end = datetime(2026, 2, 1, tzinfo=UTC)
terms = PeriodTerms(
    period_id=UUID(int=3),
    subscription_id=UUID(int=1),
    customer_id=UUID(int=2),
    subjects=("acme", "sub-1"),
    charge="trips",
    meter="trips",
    meter_version=1,
    group_by=("origin",),
    starts_at=datetime(2026, 1, 1, tzinfo=UTC),
    ends_at=end,
    collect_seconds=3600,
)
one = (GroupTotal("JFK", Decimal(1), 1, "0" * 31 + "1"),)
two = (GroupTotal("JFK", Decimal(2), 2, "0" * 31 + "3"),)
three = (GroupTotal("JFK", Decimal(3), 3, "0" * 31 + "6"),)
opened = UsagePeriodOpened(terms=terms, totals=one)
closed = UsagePeriodClosed(terms=terms, totals=two, watermark={"0": 17}, learned_at=end + timedelta(hours=1))
close = ClosePeriod(totals=two, watermark={"0": 17}, learned_at=end + timedelta(hours=1))
late = RevisePeriod(before=two, after=three, cause="late_events", events=(EventName("/gates", "e3"),))
revised = UsagePeriodRevised(
    terms=terms, revision=1, before=two, after=three, cause="late_events", events=(EventName("/gates", "e3"),)
)


def given(*history):
    return lambda command: USAGE_PERIOD.decide(USAGE_PERIOD.replay(history), command)


def test_a_period_opens_with_what_was_already_there():
    assert given()(OpenPeriod(terms=terms, totals=one)) == [opened]


def test_opening_twice_changes_nothing_even_if_the_meter_was_revised_meanwhile():
    when = given(opened)
    assert when(OpenPeriod(terms=terms, totals=two)) == []
    assert when(OpenPeriod(terms=replace(terms, meter_version=2), totals=two)) == []


def test_a_period_is_not_opened_twice_with_other_terms():
    with pytest.raises(PeriodOpenedDifferently):
        given(opened)(OpenPeriod(terms=replace(terms, ends_at=end + timedelta(days=1)), totals=one))


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"subjects": ()}, "/subjects"),
        ({"starts_at": end}, "/ends_at"),
        ({"collect_seconds": -1}, "/collect_seconds"),
    ],
)
def test_a_period_that_no_event_could_be_in_is_refused(change, field):
    with pytest.raises(InvalidPeriod) as caught:
        given()(OpenPeriod(terms=replace(terms, **change), totals=()))
    assert caught.value.field == field


def test_a_period_advances_only_when_something_was_added():
    assert given(opened)(AdvancePeriod(totals=two)) == [UsagePeriodAdvanced(terms=terms, totals=two)]
    assert given(opened)(AdvancePeriod(totals=one)) == []


def test_a_period_closes_at_its_end_plus_the_time_for_collecting():
    assert given(opened)(close) == [closed]
    with pytest.raises(PeriodNotOver):
        given(opened)(replace(close, learned_at=end + timedelta(minutes=59)))


def test_a_period_without_events_closes_with_nothing():
    empty = UsagePeriodClosed(terms=terms, totals=(), watermark={}, learned_at=close.learned_at)
    when = given(UsagePeriodOpened(terms=terms, totals=()))
    assert when(ClosePeriod(totals=(), watermark={}, learned_at=close.learned_at)) == [empty]


def test_closing_or_advancing_after_the_closing_changes_nothing():
    assert given(opened, closed)(close) == []
    assert given(opened, closed)(AdvancePeriod(totals=three)) == []


def test_what_comes_late_is_a_revision():
    assert given(opened, closed)(late) == [revised]
    assert given(opened, closed, revised)(late) == []


def test_revisions_are_numbered():
    back = RevisePeriod(before=three, after=two, cause="recount")
    assert given(opened, closed, revised)(back)[0].revision == 2


def test_a_revision_of_totals_that_have_changed_since_is_refused():
    with pytest.raises(StaleRevision):
        given(opened, closed)(replace(late, before=one))


def test_an_open_period_is_revised_by_a_recount_only():
    assert given(opened)(replace(late, cause="recount", events=())) == [replace(revised, cause="recount", events=())]
    with pytest.raises(NotAllowedNow):
        given(opened)(late)


def test_a_period_that_never_opened_is_not_found():
    with pytest.raises(PeriodNotFound):
        given()(close)


shorter = replace(terms, ends_at=end - timedelta(days=10))
shortened = UsagePeriodShortened(terms=shorter, totals=one)
shorten = ShortenPeriod(ends_at=shorter.ends_at, totals=one)


def test_a_period_ends_earlier_and_never_later():
    assert given(opened)(shorten) == [shortened]
    assert given(opened, shortened)(shorten) == []
    assert given(opened)(replace(shorten, ends_at=end + timedelta(days=1))) == []
    assert given(opened)(replace(shorten, ends_at=datetime(2025, 1, 1, tzinfo=UTC)))[0].terms.ends_at == terms.starts_at


def test_what_was_told_at_the_closing_is_revised_where_it_ends_earlier_after_all():
    [first, second] = given(opened, closed)(shorten)
    assert (first, second.before, second.after, second.terms) == (shortened, two, one, shorter)
    assert USAGE_PERIOD.replay([opened, closed, first, second]).totals == one


def test_a_shortened_period_that_is_opened_again_is_the_same():
    assert given(opened, shortened)(OpenPeriod(terms=terms, totals=one)) == []
