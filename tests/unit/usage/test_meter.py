"""What a meter allows and how it changes."""

from dataclasses import replace
from decimal import Decimal
from uuid import UUID

import pytest

from services.usage.domain.filters import Filter, InvalidFilter
from services.usage.domain.json_path import InvalidPath
from services.usage.domain.meter import (
    METER,
    DefineMeter,
    InvalidMeter,
    MeterDefined,
    MeterDefinition,
    MeterExists,
    MeterNotFound,
    MeterRevised,
    ReviseMeter,
)

distance = MeterDefinition(
    event_type="trip.ended",
    aggregation="sum",
    value_path="$.miles",
    group_by={"origin": "$.origin", "zone": '$.places[0]["tariff zone"]'},
    filters=(Filter(path="$.miles", operator="range", at_least=Decimal(0)),),
    unit="mile",
)
meter_id = UUID(int=1)
longer = replace(distance, unit="kilometre")
defined = MeterDefined(meter_id=meter_id, slug="distance", definition=distance)


def given(*history):
    return lambda command: METER.decide(METER.replay(history), command)


def test_a_meter_is_defined_once():
    assert given()(DefineMeter(meter_id=meter_id, slug="distance", definition=distance)) == [defined]
    assert given(defined)(DefineMeter(meter_id=meter_id, slug="distance", definition=distance)) == []


def test_another_definition_under_the_same_name_is_a_conflict():
    with pytest.raises(MeterExists):
        given(defined)(DefineMeter(meter_id=meter_id, slug="distance", definition=longer))


def test_a_revision_makes_the_next_version():
    revised = MeterRevised(meter_id=meter_id, slug="distance", version=2, definition=longer)
    assert given(defined)(ReviseMeter(definition=longer)) == [revised]
    assert given(defined, revised)(ReviseMeter(definition=longer)) == []
    assert METER.replay([defined, revised]).version == 2


def test_the_order_of_group_names_does_not_make_a_revision():
    turned = replace(distance, group_by=dict(reversed(distance.group_by.items())))
    assert given(defined)(ReviseMeter(definition=turned)) == []


def test_a_meter_that_is_not_there_cannot_be_revised():
    with pytest.raises(MeterNotFound):
        given()(ReviseMeter(definition=distance))


@pytest.mark.parametrize(
    ("change", "error", "field"),
    [
        ({"event_type": ""}, InvalidMeter, "/event_type"),
        ({"event_type": "usage.corrected"}, InvalidMeter, "/event_type"),
        ({"value_path": None}, InvalidMeter, "/value"),
        ({"aggregation": "count"}, InvalidMeter, "/value"),
        ({"value_path": "miles"}, InvalidPath, "/value"),
        ({"value_path": "$..miles"}, InvalidPath, "/value"),
        ({"value_path": "$.legs[*]"}, InvalidPath, "/value"),
        ({"value_path": "$"}, InvalidPath, "/value"),
        ({"group_by": {"Origin": "$.origin"}}, InvalidMeter, "/group_by"),
        ({"group_by": {"origin": "$.origin."}}, InvalidPath, "/group_by/origin"),
        ({"unit": "x" * 65}, InvalidMeter, "/unit"),
        ({"filters": (Filter(path="$.a", operator="equal"),)}, InvalidFilter, "/filters/0/equal"),
        ({"filters": (Filter(path="$.a", operator="in"),)}, InvalidFilter, "/filters/0/in"),
        ({"filters": (Filter(path="$.a", operator="exists", values=("x",)),)}, InvalidFilter, "/filters/0/exists"),
        ({"filters": (Filter(path="$.a", operator="range"),)}, InvalidFilter, "/filters/0/range"),
        (
            {"filters": (Filter(path="$.a", operator="range", at_least=Decimal(2), below=Decimal(2)),)},
            InvalidFilter,
            "/filters/0/range",
        ),
        ({"filters": (Filter(path="a", operator="exists"),)}, InvalidPath, "/filters/0/path"),
    ],
)
def test_a_definition_that_cannot_be_measured_names_the_field(change, error, field):
    with pytest.raises(error) as caught:
        given()(DefineMeter(meter_id=meter_id, slug="distance", definition=replace(distance, **change)))
    assert caught.value.field == field


def test_a_slug_is_lower_case():
    with pytest.raises(InvalidMeter) as caught:
        given()(DefineMeter(meter_id=meter_id, slug="Distance", definition=distance))
    assert caught.value.field == "/slug"
