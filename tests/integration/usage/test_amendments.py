"""Events are taken back and corrected: by whom, in which periods, and in what order they may come."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Engine

from services.usage.domain.filters import Filter
from services.usage.domain.meter import MeterDefinition
from services.usage.domain.usage_period.state import EventName
from services.usage.projections.event_places import places_of
from shared.contracts.usage import UsagePeriodRevisedV1
from tests.integration.usage.meter_room import END, START, Room, trip
from tests.integration.usage.metering_house import METERS, House, corrected, event, retracted
from tests.integration.usage.metering_house import START as HOUSE_START
from tests.support.house import Service

EMPTY = dict.fromkeys(METERS, ())


@pytest.fixture
def house(engine: Engine, tenant_id: UUID) -> House:
    house = House(engine, tenant_id)
    house.define_meters()
    for slug in METERS:
        house.open(slug)
    return house


def every_total(house: House) -> dict[str, object]:
    return {slug: house.totals(slug) for slug in METERS}


def test_an_event_that_is_taken_back_leaves_nothing_behind(house):
    house.meter(event("1", origin="JFK", miles=7, car="N1"))
    house.meter(retracted("r", "1"))
    assert every_total(house) == EMPTY
    assert house.completeness().metered == 2


def test_a_correction_counts_in_the_place_of_the_event(house):
    house.meter(event("1", origin="JFK", miles=7, car="N1"), event("2", origin="JFK", miles=2, car="N1"))
    metered = house.meter(corrected("c", "1", {"origin": "LGA", "miles": 9, "car": "N2"}))
    assert house.quantities("trips") == {"JFK": 1, "LGA": 1}
    assert house.quantities("miles") == {"": 11}
    assert house.quantities("cars") == {"": 2}
    assert house.quantities("max") == {"JFK": 2, "LGA": 9}
    assert metered.advanced.keys() == {house.key(slug) for slug in METERS}


def test_the_last_word_holds_and_saying_it_again_changes_nothing(house):
    house.meter(event("1", miles=7))
    for amendment in (retracted("a", "1"), corrected("b", "1", {"miles": 3}), corrected("c", "1", {"miles": 4})):
        house.meter(amendment)
        house.meter(amendment)
    assert house.quantities("miles") == house.quantities("max") == {"": 4}


@pytest.mark.parametrize("in_one_batch", [True, False])
def test_an_amendment_may_come_before_its_event(house, in_one_batch):
    stream = [corrected("c", "1", {"miles": 3}), retracted("r", "2"), event("1", miles=7), event("2", miles=7)]
    for batch in [stream] if in_one_batch else [[each] for each in stream]:
        house.meter(*batch)
    assert house.quantities("miles") == {"": 3}
    books = house.completeness()
    assert (books.metered, books.unmatched, books.difference) == (4, 0, 0)


def test_nobody_amends_what_another_subject_sent_or_another_amendment(house):
    house.meter(event("1", miles=7), corrected("c", "1", {"miles": 5}))
    house.meter(retracted("r", "1", subject="sub-1"), retracted("s", "c"), retracted("t", "never sent"))
    assert house.quantities("miles") == {"": 5}
    assert house.completeness().unmatched == 3


def test_an_event_that_no_meter_matched_is_found_once_it_is_corrected(house, engine):
    house.meter(event("1", at=HOUSE_START - timedelta(days=99), miles=1), event("2", type_="other", miles=1))
    house.meter(retracted("r", "1"), corrected("c", "2", {"miles": 2}))
    assert house.completeness().unmatched == 1
    with engine.begin() as tx:
        [taken, still] = [places_of(tx, house.tenant_id, "/cars", id_) for id_ in ("1", "2")]
    assert (taken.event["reason"], taken.amended.data, taken.counted) == (None, None, [])
    assert (still.event["reason"], still.amended.reason) == ("no_meter", "read wrongly")


def from_airport(code: str) -> tuple[MeterDefinition, tuple[str, ...]]:
    filters = (Filter(path="$.origin", operator="equal", values=(code,)),)
    return replace(METERS["trips"][0], filters=filters), ("origin",)


@pytest.mark.parametrize("before", [True, False], ids=["before its event", "after it"])
@pytest.mark.parametrize(("origin", "reason"), [("LGA", "no_meter"), ("EWR", "no_period")])
def test_an_event_that_is_corrected_out_of_every_period_is_listed_and_found_again(
    engine: Engine, tenant_id: UUID, before: bool, origin: str, reason: str
) -> None:
    house = House(engine, tenant_id, {"jfk": from_airport("JFK"), "ewr": from_airport("EWR")})
    house.define_meters()
    house.open("jfk")
    stream = [event("1", origin="JFK"), corrected("c", "1", {"origin": origin})]
    for each in reversed(stream) if before else stream:
        house.meter(each)
    books = house.completeness()
    assert (house.totals("jfk"), books.metered, books.unmatched, books.difference) == ((), 1, 1, 0)
    with engine.begin() as tx:
        assert places_of(tx, tenant_id, "/cars", "1").event["reason"] == reason
    house.meter(corrected("d", "1", {"origin": "JFK"}))
    books = house.completeness()
    assert (house.quantities("jfk"), books.metered, books.unmatched) == ({"JFK": 1}, 3, 0)


def test_a_period_keeps_the_last_level_from_before_and_goes_back_to_an_earlier_one(
    engine: Engine, tenant_id: UUID
) -> None:
    house = House(engine, tenant_id)
    house.define_meter("weighted_sum")
    house.meter(*(event(str(days), at=HOUSE_START - timedelta(days=days), miles=days) for days in range(1, 9)))
    house.open("weighted_sum")
    with engine.begin() as tx:
        kept = tx.exec_driver_sql("SELECT value FROM usage_levels WHERE tenant_id = %s", (tenant_id,)).scalars().all()
    assert kept == [1]
    house.meter(retracted("r", "1"))
    assert house.hours(HOUSE_START) == {"": 2 * 31 * 24}
    house.meter(event("late", at=HOUSE_START - timedelta(days=5), miles=9))
    assert house.hours(HOUSE_START) == {"": 2 * 31 * 24}


def test_a_closed_period_tells_which_amendment_changed_it(house):
    house.meter(event("1", miles=7), event("2", miles=1))
    for slug in ("miles", "max"):
        house.close(slug)
    late = house.meter(retracted("r", "1"), event("3", miles=2)).late
    assert late.keys() == {house.key("miles"), house.key("max")}
    for change in late.values():
        assert (change.cause, set(change.events)) == ("corrections", {EventName("/cars", "3"), EventName("/cars", "r")})
    assert [int(t.quantity) for t in late[house.key("miles")].after] == [3]
    assert [int(t.quantity) for t in late[house.key("max")].after] == [2]


def amendment(id_: str, type_: str, **data: Any) -> dict[str, Any]:
    return trip(id_, **data) | {"type": f"usage.{type_}"}


def test_over_http_a_correction_is_shown_with_its_reason(usage: Service, tenant: str):
    room = Room(usage, tenant)
    room.opened("miles")
    room.metered(trip("1", miles=7))
    room.move(END)
    room.metered(amendment("c", "corrected", source="/cars", id="1", reason="odometer", data={"miles": "8.5"}))
    assert room.quantities("miles") == {"": "8.5"}
    [revised] = [message.read(UsagePeriodRevisedV1) for message in room.told("revised", "miles")]
    assert (revised.cause, revised.event_ids) == ("corrections", ["/cars#c"])
    found = room.client.get("/v1/events", params={"source": "/cars", "id": "1"}).json()
    assert found["amended"] == {
        "data": '{"miles": "8.5"}',
        "reason": "odometer",
        "by": [{"source": "/cars", "id": "c"}],
    }
    assert [place["quantity"] for place in found["periods"]] == ["8.5"]
    [counted] = room.client.get(f"{room.path('miles')}/events").json()["items"]
    assert (counted["id"], counted["quantity"]) == ("1", "8.5")


@pytest.mark.parametrize(
    ("type_", "data"),
    [
        ("retracted", {"source": "/cars", "id": "1"}),
        ("retracted", {"source": "/cars", "id": 1, "reason": "x"}),
        ("retracted", {"source": "/cars", "id": "1", "reason": "x", "data": {}}),
        ("corrected", {"source": "/cars", "id": "1", "reason": "x"}),
        ("corrected", {"source": "/cars", "id": "1", "reason": "x", "data": [1]}),
        ("corrected", {"source": "/cars", "id": "1", "reason": "", "data": {}}),
    ],
)
def test_an_amendment_that_says_too_little_or_too_much_is_refused(usage: Service, tenant: str, type_: str, data: Any):
    refused = Room(usage, tenant).send(amendment("c", type_, **data), trip("1", at=START))
    assert refused.status_code == 422
    [error] = refused.json()["errors"]
    assert (error["index"], error["pointer"], error["code"]) == (0, "/data", "malformed_amendment")
