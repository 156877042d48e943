"""Periods never drift, never overlap, and begin at instants that exist."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import islice, pairwise
from zoneinfo import available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.periods import (
    Days,
    Every,
    UnknownZone,
    boundary,
    calendar_anchor,
    containing,
    local_day,
    periods,
    plus_months,
    start_of_day,
    zone,
)

RHYTHMS: list[Every] = ["day", "week", "month", "quarter", "half_year", "year"]
days = st.dates(date(1990, 1, 1), date(2060, 12, 31))
zones = st.sampled_from(sorted(available_timezones() - {"localtime", "Factory"}))
rhythms = st.sampled_from(RHYTHMS)


def test_month_ends_are_counted_from_the_anchor() -> None:
    starts = [period.start for period in islice(periods(date(2027, 1, 31), "month"), 4)]
    assert starts == [date(2027, 1, 31), date(2027, 2, 28), date(2027, 3, 31), date(2027, 4, 30)]


def test_a_leap_day_comes_back_every_fourth_year() -> None:
    starts = [boundary(date(2024, 2, 29), "year", n) for n in (1, 2, 3, 4)]
    assert starts == [date(2025, 2, 28), date(2026, 2, 28), date(2027, 2, 28), date(2028, 2, 29)]


@given(days, st.integers(-600, 600))
def test_months_are_added_at_once_and_not_one_by_one(anchor: date, months: int) -> None:
    later = plus_months(anchor, months)
    assert (later.year * 12 + later.month) - (anchor.year * 12 + anchor.month) == months
    assert later.day == anchor.day or (later + timedelta(days=1)).day == 1


@given(days, rhythms)
def test_periods_follow_each_other_without_gap_or_overlap(anchor: date, every: Every) -> None:
    for one, next_one in pairwise(islice(periods(anchor, every), 40)):
        assert one.end == next_one.start
        assert len(one) > 0


@given(days, rhythms, days)
def test_the_period_that_contains_a_day_is_one_of_those_counted_from_the_anchor(
    anchor: date, every: Every, day: date
) -> None:
    found = containing(anchor, every, day)
    assert day in found
    if day >= anchor:
        assert found == next(period for period in periods(anchor, every) if day in period)


@given(days, rhythms)
def test_a_calendar_period_holds_its_day_and_begins_where_calendars_begin(day: date, every: Every) -> None:
    anchor = calendar_anchor(day, every)
    assert day in Days(anchor, boundary(anchor, every, 1))
    assert every in ("day", "week") or anchor.day == 1
    assert every != "week" or anchor.weekday() == 0


@pytest.mark.parametrize(
    ("zone_name", "day", "starts_at"),
    [
        ("America/New_York", date(2024, 3, 11), datetime(2024, 3, 11, 4, tzinfo=UTC)),
        ("America/Sao_Paulo", date(2018, 11, 4), datetime(2018, 11, 4, 3, tzinfo=UTC)),  # midnight is skipped
        ("America/Toronto", date(1919, 3, 31), datetime(1919, 3, 31, 4, 30, tzinfo=UTC)),  # 23:30 becomes 00:30
        ("America/St_Johns", date(2010, 11, 7), datetime(2010, 11, 7, 2, 30, tzinfo=UTC)),  # midnight comes twice
        ("Pacific/Apia", date(2011, 12, 29), datetime(2011, 12, 29, 10, tzinfo=UTC)),
        ("Pacific/Apia", date(2011, 12, 30), datetime(2011, 12, 30, 10, tzinfo=UTC)),  # a day that was skipped
        ("Pacific/Apia", date(2011, 12, 31), datetime(2011, 12, 30, 10, tzinfo=UTC)),
    ],
)
def test_a_day_begins_at_its_first_instant(zone_name: str, day: date, starts_at: datetime) -> None:
    assert start_of_day(day, zone_name) == starts_at


@given(days, zones)
def test_no_day_begins_before_the_day_before_it(day: date, zone_name: str) -> None:
    assert start_of_day(day, zone_name) <= start_of_day(day + timedelta(days=1), zone_name)


@given(days, zones)
def test_just_before_a_day_begins_it_is_an_earlier_day(day: date, zone_name: str) -> None:
    starts_at = start_of_day(day, zone_name)
    assert local_day(starts_at, zone_name) >= day > local_day(starts_at - timedelta(seconds=1), zone_name)


@pytest.mark.parametrize("name", ["Mars/Olympus", "", "../etc/passwd", "/etc/passwd", "Europe/\0", "Europe"])
def test_what_is_no_zone_is_refused(name: str) -> None:
    with pytest.raises(UnknownZone):
        zone(name)
