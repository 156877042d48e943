"""The time of day as a group: windows by the clocks of a zone, over midnight, over a weekend, and when clocks move."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.usage.domain.clock_windows import Clock, ClockWindow, InvalidClock, ready
from services.usage.domain.measure import Measured, compile_meter, measure
from services.usage.domain.meter import InvalidMeter, MeterDefinition, check
from services.usage.domain.meter_query import UnknownGroup, asked, sent, totals_by_window
from services.usage.domain.windows import Windows
from shared.errors import DomainError

BERLIN = ZoneInfo("Europe/Berlin")
NIGHT = ClockWindow(name="night", starts="22:00", ends="06:00")
WEEKEND = ClockWindow(name="weekend", starts="00:00", ends="00:00", days=("sat", "sun"))
FRIDAY_NIGHT = ClockWindow(name="friday-night", starts="22:00", ends="04:00", days=("fri",))
CLOCK = Clock(group="hours", zone="Europe/Berlin", windows=(NIGHT, WEEKEND), otherwise="day")
CALLS = MeterDefinition(
    event_type="call", aggregation="sum", value_path="$.minutes", group_by={"line": "$.line"}, clock=CLOCK
)


def berlin(day: int, hour: int, minute: int = 0, month: int = 1, fold: int = 0) -> datetime:
    return datetime(2031, month, day, hour, minute, tzinfo=BERLIN, fold=fold).astimezone(UTC)


@pytest.mark.parametrize(
    ("at", "window"),
    [
        (berlin(2, 21, 59), "day"),  # a Thursday
        (berlin(2, 22), "night"),
        (berlin(3, 5, 59), "night"),
        (berlin(3, 6), "day"),
        (berlin(4, 6), "weekend"),
        (berlin(5, 21, 59), "weekend"),
        (berlin(5, 23), "night"),
        (berlin(6, 6), "day"),
    ],
)
def test_an_event_is_in_the_first_window_that_fits_its_clock(at: datetime, window: str) -> None:
    assert ready(CLOCK).at(at) == window


@pytest.mark.parametrize(
    ("at", "window"),
    [
        (berlin(3, 23), "friday-night"),
        (berlin(4, 3, 59), "friday-night"),
        (berlin(4, 4), "other"),
        (berlin(4, 23), "other"),
    ],
)
def test_a_window_over_midnight_belongs_to_the_day_on_which_it_starts(at: datetime, window: str) -> None:
    assert ready(Clock(group="hours", zone="Europe/Berlin", windows=(FRIDAY_NIGHT,))).at(at) == window


def test_an_hour_that_clocks_show_twice_is_in_its_window_both_times() -> None:
    small = Clock(
        group="hours", zone="Europe/Berlin", windows=(ClockWindow(name="small", starts="02:00", ends="03:00"),)
    )
    twice = [berlin(26, 2, 30, month=10, fold=fold) for fold in (0, 1)]
    assert twice[1] - twice[0] == timedelta(hours=1)
    assert [ready(small).at(at) for at in twice] == ["small", "small"]


@given(st.integers(0, 2 * 365 * 24 * 60))
def test_a_window_and_the_rest_of_the_day_are_every_instant_once(minutes: int) -> None:
    moment = datetime(2030, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    rest = ClockWindow(name="rest", starts="06:00", ends="22:00")
    both = [ready(replace(CLOCK, windows=order)).at(moment) for order in ((NIGHT, rest), (rest, NIGHT))]
    assert both[0] == both[1] != "day"


def test_the_clock_is_a_group_among_the_others_in_the_order_of_the_period() -> None:
    at, data = berlin(2, 23), {"minutes": 3, "line": "a"}
    assert measure(compile_meter(CALLS, ("hours",)), data, at) == Measured("night", 3)
    assert measure(compile_meter(CALLS, ("line", "hours")), data, at) == Measured('["a","night"]', 3)
    assert measure(compile_meter(CALLS, ("line",)), data, at) == Measured("a", 3)


def test_a_question_is_grouped_and_filtered_by_the_clock() -> None:
    events = [(n, berlin(2, hour), sent("acme", {"minutes": 1, "line": "a"})) for n, hour in enumerate((1, 12, 23))]
    windows = Windows(berlin(2, 0), berlin(3, 0))

    def told(group_by: list[str], filters: dict[str, list[str]]) -> dict[str, int]:
        [page] = totals_by_window(asked(CALLS, group_by, filters), windows, windows.starts_at, events, {})
        return {total.group: int(total.quantity) for total in page.totals}

    assert told(["hours"], {}) == {"day": 1, "night": 2}
    assert told([], {"hours": ["night"]}) == {"": 2}
    assert told(["line"], {"hours": ["weekend"]}) == {}
    with pytest.raises(UnknownGroup):
        asked(CALLS, ["time"], {})


@pytest.mark.parametrize(
    ("changes", "error", "field"),
    [
        ({"zone": "Mars/Base"}, InvalidClock, "/clock/zone"),
        ({"group": "Hours"}, InvalidClock, "/clock/group"),
        ({"group": "line"}, InvalidMeter, "/clock/group"),
        ({"windows": ()}, InvalidClock, "/clock/windows"),
        ({"otherwise": ""}, InvalidClock, "/clock/otherwise"),
        ({"windows": (NIGHT, replace(NIGHT, starts="24:00"))}, InvalidClock, "/clock/windows/1/starts"),
        ({"windows": (replace(NIGHT, ends="6:00"),)}, InvalidClock, "/clock/windows/0/ends"),
    ],
)
def test_what_is_wrong_with_a_clock_is_named(changes: dict[str, Any], error: type[DomainError], field: str) -> None:
    with pytest.raises(error) as caught:
        check(replace(CALLS, clock=replace(CLOCK, **changes)))
    assert caught.value.field == field


def test_a_level_has_no_clock() -> None:
    with pytest.raises(InvalidMeter) as caught:
        check(replace(CALLS, aggregation="weighted_sum"))
    assert caught.value.field == "/clock"
