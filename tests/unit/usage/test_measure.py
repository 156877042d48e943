"""What one event adds to one meter."""

import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.usage.domain.filters import Filter
from services.usage.domain.json_path import compile_path, read
from services.usage.domain.measure import Measured, UnknownGroup, compile_meter, measure
from services.usage.domain.meter import MeterDefinition
from services.usage.domain.tally import fold
from services.usage.domain.values import EXACT, decode_exactly, quantity_of, text_of

NOON = datetime(2031, 1, 1, 12, tzinfo=UTC)


def sum_of(path, **more):
    return MeterDefinition(event_type="t", aggregation="sum", value_path=path, **more)


def measured(definition, data, *group_by):
    return measure(compile_meter(definition, group_by), decode_exactly(data.encode()), NOON)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("$.a.b", 1),
        ('$["a"].b', 1),
        ("$.list[1].x", 2),
        ("$['odd key.[0]']", 3),
        ("$.list[9].x", None),
        ("$.a[0]", None),
        ("$.list.x", None),
        ("$.nothing.at.all", None),
        ("$.null", None),
    ],
)
def test_a_path_leads_to_a_value_or_to_nothing(path, value):
    data = {"a": {"b": 1}, "list": [0, {"x": 2}], "odd key.[0]": 3, "null": None}
    assert read(data, compile_path(path, field="/path")) == value


@pytest.mark.parametrize(
    ("literal", "quantity"),
    [
        ("3", "3"),
        ("0.1", "0.1"),
        ('"0.1"', "0.1"),
        ("-12.500", "-12.500"),
        ("1e2", "100"),
        ("999999999999999.999999999999", "999999999999999.999999999999"),
        ("0.1234567890123", None),
        ("1000000000000000", None),
        ("1e300", None),
        ("1e-99999999999999999999", None),
        ('"1e2"', None),
        ('"٣"', None),
        ('" 1"', None),
        ("true", None),
        ("null", None),
        ("[1]", None),
    ],
)
def test_quantities_are_exact_or_none(literal, quantity):
    assert quantity_of(decode_exactly(literal.encode())) == (None if quantity is None else Decimal(quantity))


@pytest.mark.parametrize(
    ("literal", "text"),
    [
        ('"JFK"', "JFK"),
        ("1.0", "1"),
        ("1", "1"),
        ("1e2", "100"),
        ("-0.0", "0"),
        ("true", "true"),
        ("null", None),
        ('{"b":1,"a":[2]}', '{"a":[2],"b":1}'),
    ],
)
def test_every_value_has_one_text(literal, text):
    assert text_of(decode_exactly(literal.encode())) == text


def test_a_text_that_no_index_can_hold_is_known_by_its_hash():
    for text in ("x" * 257, "nul\0"):
        assert text_of(text).startswith("blake2b:")
    assert text_of("x" * 257) != text_of("x" * 258)


@pytest.mark.parametrize("letter", ["x", "\U0001f697", "\x01"])
def test_groups_together_are_never_too_long_for_an_index_and_stay_apart(letter):
    names = [f"g{number}" for number in range(8)]
    definition = MeterDefinition(event_type="t", aggregation="count", group_by={name: f"$.{name}" for name in names})

    def group(last):
        texts = [letter * 200] * 7 + [letter * 200 + last]
        return measure(compile_meter(definition, names), dict(zip(names, texts, strict=True)), NOON).group

    assert len(group("a").encode()) <= 1500
    assert group("a") == group("a") != group("b")
    assert all(isinstance(text, str) for text in json.loads(group("a")))


def test_of_groups_that_are_too_long_together_short_ones_stay_as_they_are():
    names = ["long", "short", "longer"]
    definition = MeterDefinition(event_type="t", aggregation="count", group_by={name: f"$.{name}" for name in names})
    data = {"long": "\U0001f697" * 250, "short": "JFK", "longer": "\U0001f697" * 256}
    long, short, longer = json.loads(measure(compile_meter(definition, names), data, NOON).group)
    assert short == "JFK"
    assert long.startswith("blake2b:") and longer.startswith("blake2b:") and long != longer


@pytest.mark.parametrize("letter", ["x", "\U0001f697", "\x01"])
@pytest.mark.parametrize("length", [10, 46, 47, 184, 185, 250, 256])
def test_a_value_has_one_name_whatever_it_stands_beside_and_whoever_asks(letter, length):
    names = [f"g{number}" for number in range(8)]
    definition = MeterDefinition(event_type="t", aggregation="count", group_by={name: f"$.{name}" for name in names})

    def named(group_by, beside):
        data = dict.fromkeys(names, beside) | {"g3": letter * length}
        group = measure(compile_meter(definition, group_by), data, NOON).group
        return group if len(group_by) == 1 else json.loads(group)[group_by.index("g3")]

    asked = [["g3"], ["g3", "g1"], ["g7", "g3"], names]
    assert len({named(group_by, beside) for group_by in asked for beside in ("a", "b" * 256)}) == 1


def test_the_only_group_of_a_meter_is_known_by_its_value():
    definition = MeterDefinition(event_type="t", aggregation="count", group_by={"only": "$.only"})
    assert measure(compile_meter(definition, ["only"]), {"only": "\U0001f697" * 256}, NOON).group == "\U0001f697" * 256


def test_a_missing_value_is_not_counted_and_not_an_error():
    assert measured(sum_of("$.miles"), "{}") is None
    assert measured(sum_of("$.miles"), '{"miles":"far"}') is None
    tails = MeterDefinition(event_type="t", aggregation="unique_count", value_path="$.tail")
    assert measured(tails, '{"tail":""}') is None
    assert measured(tails, '{"tail":"N1"}') == Measured("", Decimal(0), "N1")


def test_groups_are_in_the_order_of_the_period():
    definition = sum_of("$.miles", group_by={"origin": "$.origin", "class": "$.class"})
    data = '{"miles":7,"origin":"JFK","class":2}'
    assert measured(definition, data, "origin") == Measured("JFK", Decimal(7))
    assert measured(definition, data, "class", "origin") == Measured('["2","JFK"]', Decimal(7))
    assert measured(definition, '{"miles":7}', "class", "origin") == Measured('["",""]', Decimal(7))


def test_a_period_cannot_ask_for_a_group_that_the_meter_does_not_tell_apart():
    with pytest.raises(UnknownGroup):
        compile_meter(sum_of("$.miles"), ("origin",))


@pytest.mark.parametrize(
    ("condition", "matching", "other"),
    [
        (Filter(path="$.a", operator="equal", values=("3",)), '{"a":3.0}', '{"a":4}'),
        (Filter(path="$.a", operator="in", values=("x", "y")), '{"a":"y"}', "{}"),
        (Filter(path="$.a", operator="range", at_least=Decimal(1), below=Decimal(2)), '{"a":1}', '{"a":2}'),
        (Filter(path="$.a", operator="range", below=Decimal(2)), '{"a":"-5.5"}', '{"a":"low"}'),
        (Filter(path="$.a", operator="exists"), '{"a":false}', '{"a":null}'),
    ],
)
def test_a_filter_tells_events_apart(condition, matching, other):
    meter = compile_meter(MeterDefinition(event_type="t", aggregation="count", filters=(condition,)), ())
    assert meter.matches(decode_exactly(matching.encode()))
    assert not meter.matches(decode_exactly(other.encode()))


START, END = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)
amounts = st.decimals(-(10**14), 10**14, places=12).map(lambda d: {"g": f"{d:f}"[-1], "v": f"{d:f}"})


@given(st.lists(amounts, max_size=30), st.randoms(use_true_random=False))
def test_totals_are_exact_and_the_same_in_any_order(events, random):
    meter = compile_meter(sum_of("$.v", group_by={"g": "$.g"}), ("g",))
    keyed = [(key, START, event) for key, event in enumerate(events, start=2**127)]
    totals = fold(meter, START, END, keyed)
    random.shuffle(keyed)
    assert fold(meter, START, END, keyed) == totals
    exact = sum(int(event["v"].replace(".", "")) for event in events)
    assert sum(int(total.quantity.scaleb(12, EXACT)) for total in totals) == exact
    assert sum(total.count for total in totals) == len(events)
