"""What each aggregation makes of a period's events, by hand and in any order."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.usage.domain.aggregation import ROLLED, Aggregation, Conversion
from services.usage.domain.measure import compile_meter, measure
from services.usage.domain.meter import InvalidMeter, MeterDefinition, check
from services.usage.domain.tally import GroupTotal, PeriodTally, fold

START, END = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC)
HOURS = Conversion(unit="GB hours", divide_by=Decimal(3600))

Event = tuple[int, datetime, dict[str, object]]


def at(hours: float, value: object, key: int | None = None) -> Event:
    return (int(hours * 60) if key is None else key, START + timedelta(hours=hours), {"v": value})


def total(aggregation: Aggregation, *events: Event, conversion: Conversion | None = None) -> Decimal | None:
    [*totals] = totals_of(aggregation, *events, conversion=conversion)
    return totals[0].quantity if totals else None


def totals_of(aggregation: Aggregation, *events: Event, conversion: Conversion | None = None) -> tuple[GroupTotal, ...]:
    path = None if aggregation == "count" else "$.v"
    definition = MeterDefinition(event_type="t", aggregation=aggregation, value_path=path, conversion=conversion)
    return fold(compile_meter(definition, ()), START, END, events)


@pytest.mark.parametrize(
    ("aggregation", "expected"),
    [("count", 4), ("sum", 9), ("min", -2), ("max", 6), ("avg", "2.25"), ("latest", 5), ("unique_count", 4)],
)
def test_four_values_by_hand(aggregation: Aggregation, expected: str | int):
    events = [at(1, 6), at(2, -2), at(20, 5), at(3, 0)]
    assert total(aggregation, *events) == Decimal(expected)


def test_an_average_that_does_not_end_is_rounded_to_twelve_places():
    assert total("avg", at(1, 1), at(2, 1), at(3, 0)) == Decimal("0.666666666667")
    assert total("avg", at(1, -1), at(2, -1), at(3, 0)) == Decimal("-0.666666666667")


def test_of_one_instant_the_greater_key_has_the_last_word():
    for events in ([at(1, 10, key=1), at(1, 20, key=2)], [at(1, 20, key=2), at(1, 10, key=1)]):
        assert total("latest", *events) == 20
        assert total("weighted_sum", *events, conversion=HOURS) == 20 * 23


def test_a_value_is_weighted_by_the_time_for_which_it_holds():
    assert total("weighted_sum", at(6, 10), at(18, 4), conversion=HOURS) == 10 * 12 + 4 * 6
    assert total("weighted_sum", at(23.5, 8)) == 8 * 1800


def test_a_level_from_before_the_start_holds_also_where_nothing_happens():
    assert total("weighted_sum", at(-90, 7), at(-3, 2), conversion=HOURS) == 2 * 24
    assert total("weighted_sum", at(-3, 2), at(12, 0), conversion=HOURS) == 2 * 12
    [alone] = totals_of("weighted_sum", at(-3, 2))
    assert (alone.count, alone.digest) == (0, "0" * 32)


@given(
    st.sampled_from(get_args(Aggregation)),
    st.lists(st.tuples(st.floats(-5, 23), st.integers(-3, 3), st.sampled_from("ab")), max_size=12),
)
def test_events_put_together_count_as_each_by_itself(aggregation: Aggregation, given_: list[tuple[float, int, str]]):
    path = None if aggregation == "count" else "$.v"
    definition = MeterDefinition(event_type="t", aggregation=aggregation, value_path=path, group_by={"g": "$.g"})
    meter = compile_meter(definition, ("g",))
    events = [(key, START + timedelta(hours=hours), {"v": v, "g": g}) for key, (hours, v, g) in enumerate(given_)]
    together = PeriodTally(meter, START, END)
    seen = [(key, time, data) for key, time, data in events if together.sees(time)]
    measured = [(key, time, measure(meter, data, time)) for key, time, data in seen]
    together.put_all([(key, time, value) for key, time, value in measured if value is not None])
    assert together.totals() == fold(meter, START, END, events)


def test_what_comes_at_the_end_belongs_to_the_next_period():
    for aggregation in get_args(Aggregation):
        assert totals_of(aggregation, at(24, 1)) == ()


def test_a_conversion_divides_the_total_and_not_each_event():
    third = Conversion(unit="dozen", divide_by=Decimal(12))
    assert total("count", *(at(n, 1) for n in range(7)), conversion=third) == Decimal("0.583333333333")
    assert total("max", at(1, 30), at(2, 24), conversion=third) == Decimal("2.5")


@pytest.mark.parametrize(
    ("conversion", "field"),
    [
        (Conversion(unit="", divide_by=Decimal(1)), "/conversion/unit"),
        (Conversion(unit="h", divide_by=Decimal(0)), "/conversion/divide_by"),
        (Conversion(unit="h", divide_by=Decimal(-3)), "/conversion/divide_by"),
    ],
)
def test_a_conversion_that_makes_no_sense_is_refused(conversion: Conversion, field: str):
    with pytest.raises(InvalidMeter) as caught:
        check(MeterDefinition(event_type="t", aggregation="count", conversion=conversion))
    assert caught.value.field == field


values = st.integers(-(10**9), 10**9).map(lambda millionths: f"{Decimal(millionths).scaleb(-6):f}")
moments = st.integers(-3600 * 24 * 10**6, 3600 * 36 * 10**6).map(lambda n: timedelta(microseconds=n))
events = st.lists(
    st.tuples(st.integers(0, 9), moments, values).map(lambda e: (e[0], START + e[1], {"v": e[2]})),
    max_size=12,
    unique_by=lambda event: event[0],
)


@given(st.sampled_from(get_args(Aggregation)), events, st.randoms(use_true_random=False))
def test_the_order_of_the_events_changes_nothing(aggregation, stream, random):
    totals = totals_of(aggregation, *stream)
    assert totals_of(aggregation, *random.sample(stream, len(stream))) == totals


@given(events)
def test_a_weighted_sum_is_the_sum_over_its_microseconds(stream):
    """Level by level: what holds between one instant and the next, whatever the order of the events."""
    instants = sorted({START, END, *(time for _, time, _ in stream if START < time < END)})
    area = Decimal(0)
    for start, end in pairwise(instants):
        before = [(time, key, Decimal(data["v"])) for key, time, data in stream if time <= start]
        level = max(before)[2] if before else Decimal(0)
        area += level * Decimal(round((end - start) / timedelta(microseconds=1))) / 10**6
    assert (total("weighted_sum", *stream) or 0) == round(area, 12)


@pytest.mark.parametrize("aggregation", sorted(ROLLED))
@given(parts=st.lists(st.lists(st.tuples(st.integers(0, 23), st.integers(-3, 3)), max_size=4), max_size=5))
def test_parts_of_a_group_merge_into_the_whole(aggregation: Aggregation, parts: list[list[tuple[int, int]]]):
    path = None if aggregation == "count" else "$.v"
    meter = compile_meter(MeterDefinition(event_type="t", aggregation=aggregation, value_path=path), ())
    events = [[at(hour, value, key=7 * n + m) for m, (hour, value) in enumerate(part)] for n, part in enumerate(parts)]
    whole = PeriodTally(meter, START, END)
    for part in events:
        tally = PeriodTally(meter, START, END)
        for event in part:
            tally.add(*event)
        for group, kept in tally.groups.items():
            whole.merge(group, kept)
    assert whole.totals() == fold(meter, START, END, [event for part in events for event in part])
