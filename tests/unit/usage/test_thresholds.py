"""When thresholds are told: once for each direction, whatever made the quantity what it is."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given as every
from hypothesis import strategies as st

from services.usage.domain.tally import GroupTotal
from services.usage.domain.usage_period import USAGE_PERIOD
from services.usage.domain.usage_period.commands import (
    AdvancePeriod,
    CheckThresholds,
    ClosePeriod,
    OpenPeriod,
    RemeterPeriod,
    RevisePeriod,
    SetThresholds,
    ShortenPeriod,
)
from services.usage.domain.usage_period.decide import PeriodNotFound
from services.usage.domain.usage_period.events import UsagePeriodOpened, UsageThresholdCrossed, UsageThresholdsSet
from services.usage.domain.usage_period.state import Totals
from services.usage.domain.usage_period.thresholds import MOST, InvalidThresholds, Thresholds, thresholds
from tests.unit.usage.test_usage_period import close, given, terms

WATCHED = thresholds(Decimal(1000), [Decimal(120), Decimal(80), Decimal(100)])
NOTHING: Totals = ()


def totals(*quantities: int | str) -> Totals:
    return tuple(GroupTotal(f"g{n}", Decimal(each), 1, "0" * 32) for n, each in enumerate(quantities))


def crossed(percent: int, direction: str, quantity: int, of: int = 1000) -> UsageThresholdCrossed:
    return UsageThresholdCrossed(
        terms=terms, of=Decimal(of), percent=Decimal(percent), direction=direction, quantity=Decimal(quantity)
    )


opened = UsagePeriodOpened(terms=terms, totals=NOTHING, thresholds=WATCHED)
up_80 = crossed(80, "up", 800)


def test_a_threshold_is_told_when_the_sum_of_the_groups_reaches_it():
    assert given(opened)(CheckThresholds(totals=totals(500, "299.999999999999"))) == []
    assert given(opened)(CheckThresholds(totals=totals(500, 300))) == [up_80]


def test_several_that_are_reached_at_once_are_told_from_the_least_up():
    told = given(opened)(CheckThresholds(totals=totals(1200)))
    assert told == [crossed(percent, "up", 1200) for percent in (80, 100, 120)]


def test_what_was_told_is_told_again_only_after_the_contrary():
    assert given(opened, up_80)(CheckThresholds(totals=totals(900))) == []
    down = crossed(80, "down", 799)
    assert given(opened, up_80)(CheckThresholds(totals=totals(799))) == [down]
    assert given(opened, up_80, down)(CheckThresholds(totals=totals(700))) == []
    assert given(opened, up_80, down)(CheckThresholds(totals=totals(800))) == [up_80]


def test_a_running_total_is_told_without_a_look_at_thresholds():
    assert len(given(opened)(AdvancePeriod(totals=totals(2000)))) == 1


@pytest.mark.parametrize(
    "command",
    [RemeterPeriod(meter_version=2, totals=totals(800)), replace(close, totals=totals(800))],
    ids=["remetered", "closed"],
)
def test_whatever_tells_new_totals_tells_what_they_cross(command: RemeterPeriod | ClosePeriod):
    told = given(opened)(command)[1:]
    assert [(each.percent, each.direction) for each in told] == [(80, "up")]


@pytest.mark.parametrize("is_closed", [False, True])
def test_an_earlier_end_takes_back_what_only_the_days_behind_it_had_reached(is_closed: bool):
    before = [opened, up_80, *(given(opened, up_80)(replace(close, totals=totals(900))) if is_closed else [])]
    shorter = replace(terms, ends_at=terms.starts_at + timedelta(days=9))
    told = given(*before)(ShortenPeriod(ends_at=shorter.ends_at, totals=totals(799)))
    assert told[-1] == replace(crossed(80, "down", 799), terms=shorter)
    assert sum(isinstance(event, UsageThresholdCrossed) for event in told) == 1
    assert given(*before)(ShortenPeriod(ends_at=shorter.ends_at, totals=totals(900)))[-1].terms == shorter
    assert USAGE_PERIOD.replay([*before, *told]).crossed == frozenset()


def test_what_comes_late_crosses_as_well():
    closed = given(opened)(replace(close, totals=totals(700)))
    late = RevisePeriod(before=totals(700), after=totals(1000), cause="late_events")
    assert given(opened, *closed)(late)[1:] == [crossed(80, "up", 1000), crossed(100, "up", 1000)]
    assert given(opened, *closed)(CheckThresholds(totals=totals(1000))) == []


def test_a_period_opens_with_what_was_already_crossed():
    told = given()(OpenPeriod(terms=terms, totals=totals(800), thresholds=WATCHED))
    assert told == [replace(opened, totals=totals(800)), up_80]


def test_thresholds_that_are_set_tell_at_once_what_is_crossed():
    when = given(UsagePeriodOpened(terms=terms, totals=NOTHING))
    set_ = UsageThresholdsSet(thresholds=WATCHED)
    assert when(SetThresholds(thresholds=WATCHED, totals=totals(800))) == [set_, up_80]
    assert given(opened)(SetThresholds(thresholds=WATCHED, totals=NOTHING)) == []
    with pytest.raises(PeriodNotFound):
        given()(SetThresholds(thresholds=WATCHED, totals=NOTHING))


def test_a_greater_allowance_takes_back_what_was_crossed():
    greater = thresholds(Decimal(2000), WATCHED.percents)
    told = given(opened, up_80)(SetThresholds(thresholds=greater, totals=totals(800)))
    assert told == [UsageThresholdsSet(thresholds=greater), crossed(80, "down", 800, of=2000)]


def test_what_was_crossed_is_remembered_while_it_is_not_watched():
    unwatched = UsageThresholdsSet(thresholds=None)
    again = SetThresholds(thresholds=WATCHED, totals=totals(900))
    assert given(opened, up_80)(SetThresholds(thresholds=None, totals=NOTHING)) == [unwatched]
    assert given(opened, up_80, unwatched)(again) == [UsageThresholdsSet(thresholds=WATCHED)]


@pytest.mark.parametrize(
    ("of", "percents", "field"),
    [
        (0, [80], "/of"),
        (-1, [80], "/of"),
        (1, [0], "/percents"),
        (1, [80, "80.0"], "/percents"),
        (1, range(1, MOST + 2), "/percents"),
    ],
)
def test_thresholds_that_nothing_could_cross_are_refused(of, percents, field):
    with pytest.raises(InvalidThresholds) as caught:
        thresholds(Decimal(of), map(Decimal, percents))
    assert caught.value.field == field


some_totals = st.lists(st.integers(-50, 200), max_size=3).map(lambda quantities: totals(*quantities))
some_thresholds = st.none() | st.builds(
    lambda of, percents: thresholds(Decimal(of), map(Decimal, percents)),
    st.integers(1, 120),
    st.sets(st.sampled_from([25, 50, 80, 100, 120]), min_size=1),
)
steps = st.one_of(
    *(st.tuples(st.just(kind), some_totals) for kind in ("check", "advance", "recount", "revise", "close")),
    st.tuples(st.just("set"), some_totals, some_thresholds),
)


@every(some_thresholds, st.lists(steps, max_size=20))
def test_every_threshold_goes_up_and_down_in_turn_and_ends_where_the_quantity_is(first, history):
    events = given()(OpenPeriod(terms=terms, totals=NOTHING, thresholds=first))
    for kind, now, *more in history:
        events += USAGE_PERIOD.decide(period := USAGE_PERIOD.replay(events), command_of(kind, now, more, period))
    period = USAGE_PERIOD.replay(events)
    if period.status == "open":
        events += USAGE_PERIOD.decide(period, CheckThresholds(totals=period.totals))
    told: dict[Decimal, list[str]] = {}
    for event in events:
        if isinstance(event, UsageThresholdCrossed):
            told.setdefault(event.percent, []).append(event.direction)
    assert all(
        directions == ["up", "down"] * (len(directions) // 2) + ["up"] * (len(directions) % 2)
        for directions in told.values()
    )
    now_up = {percent for percent, directions in told.items() if directions[-1] == "up"}
    quantity = sum(total.quantity for total in period.totals)
    for percent in period.thresholds.percents if period.thresholds else ():
        assert (percent in now_up) == (quantity >= period.thresholds.of * percent / 100)


def command_of(kind, now, more, period):
    match kind:
        case "check" | "advance" if period.status == "open":
            return AdvancePeriod(totals=now) if kind == "advance" else CheckThresholds(totals=now)
        case "close" if period.status == "open":
            return replace(close, totals=now)
        case "recount" | "revise":
            return RevisePeriod(before=period.totals, after=now, cause="recount")
        case "set":
            # Of a closed period what was told last; of an open one what is counted.
            return SetThresholds(thresholds=more[0], totals=now if period.status == "open" else period.totals)
        case _:
            return CheckThresholds(totals=period.totals)


def test_thresholds_are_kept_in_ascending_order():
    assert Thresholds(of=Decimal(1000), percents=(Decimal(80), Decimal(100), Decimal(120))) == WATCHED
