"""Minutes, hours, days and months of a zone: by hand where clocks change, and without gaps everywhere."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.usage.domain.windows import EmptyRange, TooManyWindows, WindowSize, windows
from shared.errors import DomainError
from shared.periods import UnknownZone, zone

BERLIN, NEW_YORK, KOLKATA, LORD_HOWE = "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe"


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def starts(size: WindowSize, zone_name: str, first: str, end: str) -> list[str]:
    """In UTC, as "day hour:minute"."""
    cut = windows(instant(first), instant(end), size, zone_name)
    return [f"{window.starts_at:%d %H:%M}" for window in cut.since(cut.starts_at)]


def hours_of(size: WindowSize, zone_name: str, first: str, end: str) -> list[float]:
    cut = windows(instant(first), instant(end), size, zone_name)
    return [(w.ends_at - w.starts_at) / timedelta(hours=1) for w in cut.since(cut.starts_at)]


@pytest.mark.parametrize(
    ("zone_name", "first", "end", "expected"),
    [
        (BERLIN, "2026-03-27T23:00", "2026-03-30T22:00", [24, 23, 24]),
        (BERLIN, "2026-10-23T22:00", "2026-10-26T23:00", [24, 25, 24]),
        (NEW_YORK, "2026-03-07T05:00", "2026-03-10T04:00", [24, 23, 24]),
        (NEW_YORK, "2026-10-31T04:00", "2026-11-03T05:00", [24, 25, 24]),
        (KOLKATA, "2026-03-28T18:30", "2026-03-30T18:30", [24, 24]),
        (LORD_HOWE, "2026-04-03T13:00", "2026-04-05T13:30", [24, 24.5]),
    ],
)
def test_days_are_as_long_as_clocks_make_them(zone_name: str, first: str, end: str, expected: list[float]) -> None:
    assert hours_of("day", zone_name, first, end) == expected


def test_months_begin_at_local_midnight() -> None:
    assert hours_of("month", BERLIN, "2026-02-28T23:00", "2026-04-30T22:00") == [31 * 24 - 1, 30 * 24]
    assert starts("month", NEW_YORK, "2026-10-01T04:00", "2026-12-01T05:00") == ["01 04:00", "01 04:00"]
    assert starts("month", KOLKATA, "2026-01-31T18:30", "2026-03-31T18:30") == ["31 18:30", "28 18:30"]


def test_an_hour_that_clocks_show_twice_is_two_windows() -> None:
    assert starts("hour", BERLIN, "2026-10-24T23:00", "2026-10-25T03:00") == [
        "24 23:00",
        "25 00:00",
        "25 01:00",
        "25 02:00",
    ]
    cut = windows(instant("2026-10-25T00:00"), instant("2026-10-25T02:00"), "hour", BERLIN)
    shown = [window.starts_at.astimezone(zone(BERLIN)).isoformat() for window in cut.since(cut.starts_at)]
    assert shown == ["2026-10-25T02:00:00+02:00", "2026-10-25T02:00:00+01:00"]


def test_an_hour_that_clocks_skip_is_none() -> None:
    cut = windows(instant("2026-03-08T06:00"), instant("2026-03-08T08:00"), "hour", NEW_YORK)
    shown = [f"{window.starts_at.astimezone(zone(NEW_YORK)):%H:%M}" for window in cut.since(cut.starts_at)]
    assert shown == ["01:00", "03:00"]


def test_hours_are_those_of_local_clocks() -> None:
    assert starts("hour", KOLKATA, "2026-01-01T00:10", "2026-01-01T02:00") == ["01 00:10", "01 00:30", "01 01:30"]


def test_clocks_that_move_by_half_an_hour_make_a_window_of_half_an_hour() -> None:
    """At Lord Howe clocks go from 02:00 back to 01:30 in April, and from 02:00 on to 02:30 in October."""
    assert starts("hour", LORD_HOWE, "2026-04-04T14:00", "2026-04-04T16:30") == ["04 14:00", "04 15:00", "04 15:30"]
    assert starts("hour", LORD_HOWE, "2026-10-03T14:30", "2026-10-03T17:00") == [
        "03 14:30",
        "03 15:30",
        "03 16:00",
    ]


def test_clocks_that_move_within_an_hour_cut_it_short() -> None:
    """In St. John's clocks went from 00:01 back to 23:01: one minute of the new day, then what is left of the old one."""
    expected = ["29 01:30", "29 02:30", "29 02:31", "29 03:30"]
    assert starts("hour", "America/St_Johns", "2006-10-29T01:30", "2006-10-29T04:30") == expected


def test_a_day_that_begins_twice_begins_once() -> None:
    """In St. John's clocks went from 00:01 back to 23:01 of the day before."""
    assert hours_of("day", "America/St_Johns", "2006-10-28T02:30", "2006-10-30T03:30") == [24, 25]


def test_a_day_that_a_zone_skipped_is_none() -> None:
    """Samoa went from 29 to 31 December 2011."""
    assert starts("day", "Pacific/Apia", "2011-12-29T10:00", "2012-01-01T10:00") == ["29 10:00", "30 10:00", "31 10:00"]


def test_the_range_cuts_its_first_and_its_last_window() -> None:
    assert hours_of("day", BERLIN, "2026-01-01T11:00", "2026-01-02T05:00") == [12, 6]
    assert hours_of("month", "UTC", "2026-01-31T12:00", "2026-02-01T01:00") == [12, 1]


@pytest.mark.parametrize(
    ("refusal", "field", "arguments"),
    [
        (UnknownZone, "/tz", ("2026-01-01", "2026-01-02", "day", "Europe/Bonn")),
        (EmptyRange, "/to", ("2026-01-01", "2026-01-01", None, "UTC")),
        (TooManyWindows, "/window", ("2026-01-01", "2026-01-08", "minute", "UTC")),
    ],
)
def test_what_cannot_be_cut_is_refused(
    refusal: type[DomainError], field: str, arguments: tuple[str, str, WindowSize, str]
):
    first, end, size, zone_name = arguments
    with pytest.raises(refusal) as caught:
        windows(instant(first), instant(end), size, zone_name)
    assert caught.value.field == field


zones = st.sampled_from([BERLIN, NEW_YORK, KOLKATA, LORD_HOWE, "America/St_Johns", "Pacific/Apia", "Africa/Casablanca"])
moments = st.datetimes(datetime(1995, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


@given(zones, st.sampled_from(get_args(WindowSize)), moments, st.integers(1, 10**8))
def test_windows_leave_no_gap_and_every_instant_finds_its_own(zone_name, size, first, length):
    end = first + min(
        timedelta(seconds=length),
        {"minute": timedelta(hours=2), "hour": timedelta(days=3)}.get(size, timedelta(days=90)),
    )
    cut = windows(first, end, size, zone_name)
    found = list(cut.since(first))
    assert (found[0].starts_at, found[-1].ends_at) == (first, end)
    assert all(one.ends_at == next_.starts_at for one, next_ in pairwise(found))
    for window in found:
        assert cut.at(window.ends_at - timedelta(microseconds=1)) == window
        middle = window.starts_at + (window.ends_at - window.starts_at) / 2
        assert cut.at(middle) == window
