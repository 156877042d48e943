"""A period that billing shortens counts what lies before its new end, closes there, and loses no event."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from shared.contracts.billing import UsagePeriodShortenedV1
from shared.contracts.usage import UsageThresholdCrossedV1
from shared.ids import shown
from tests.integration.usage.meter_room import END, START, Room, trip
from tests.support.house import Service

CUT = START + timedelta(days=10)


@pytest.fixture
def room(usage: Service, tenant: str) -> Room:
    return Room(usage, tenant)


def shorten(room: Room, meter: str, ends_at: datetime = CUT) -> None:
    period_id = room.period_id(meter)
    contract = UsagePeriodShortenedV1(period_id=period_id, subscription_id=room.subscription_id, ends_at=ends_at)
    room.news.tell("usage_period", period_id, contract, CUT)
    room.arrive()


def statement(room: Room) -> tuple[int, int, int]:
    """Received, metered, unmatched."""
    with room.service.working():
        told = room.client.get(
            "/v1/completeness", params={"from": START.isoformat(), "to": (END + timedelta(days=1)).isoformat()}
        ).json()
    return told["received"], told["metered"], told["unmatched"]


def test_what_lies_behind_the_new_end_is_counted_by_nobody_and_listed(room: Room) -> None:
    room.opened("trips", "cars")
    room.metered(trip("1", origin="EWR", car="N1"), trip("2", at=CUT, origin="EWR", car="N2"))
    assert statement(room) == (2, 2, 0)
    shorten(room, "trips")
    assert statement(room) == (2, 2, 0)  # the other period counts it still
    shorten(room, "cars")
    assert statement(room) == (2, 1, 1)
    room.move(CUT)
    for meter in ("trips", "cars"):
        period = room.client.get(room.path(meter)).json()
        assert (period["status"], period["count"], period["totals"][0]["quantity"]) == ("closed", 1, "1")


def test_saying_it_twice_or_later_than_it_is_changes_nothing(room: Room) -> None:
    room.opened("trips")
    room.metered(trip("1", origin="EWR"))
    for ends_at in (CUT, CUT, END):
        shorten(room, "trips", ends_at)
    assert room.client.get(room.path("trips")).json()["ends_at"] == CUT.isoformat().replace("+00:00", "Z")


def test_a_period_that_never_begins_closes_with_nothing(room: Room) -> None:
    room.opened("trips")
    shorten(room, "trips", START - timedelta(days=5))
    room.metered(trip("1", origin="EWR"))
    room.move(START)
    period = room.client.get(room.path("trips")).json()
    assert (period["status"], period["totals"], period["ends_at"]) == ("closed", [], period["starts_at"])
    assert statement(room) == (1, 0, 1)


def test_a_period_that_had_closed_before_the_news_is_revised(room: Room) -> None:
    room.opened("trips")
    room.metered(trip("1", origin="EWR"), trip("2", at=CUT, origin="EWR"))
    room.move(END)
    shorten(room, "trips")
    period = room.client.get(room.path("trips")).json()
    assert (period["status"], period["revision"], period["count"]) == ("closed", 1, 1)
    room.metered(trip("3", at=CUT - timedelta(hours=1), origin="EWR"))
    assert room.client.get(room.path("trips")).json()["count"] == 2
    assert room.client.post(f"{room.path('trips')}/recount").json()["equal"]


def test_an_earlier_end_takes_a_threshold_back_and_nothing_from_the_hours_of_the_meter(room: Room) -> None:
    room.opened("trips")
    room.metered(trip("1", origin="EWR"), trip("2", at=CUT, origin="EWR"))
    watched = {"of": "2", "percents": ["50", "100"]}
    assert room.client.put(f"{room.path('trips')}/thresholds", json=watched).json()["thresholds"]["crossed"] == [
        "50",
        "100",
    ]
    before = month(room)
    shorten(room, "trips")
    assert room.period("trips")["thresholds"]["crossed"] == ["50"]
    crossings = [
        m.read(UsageThresholdCrossedV1) for m in room.told_all("trips") if m.type == UsageThresholdCrossedV1.TYPE
    ]
    assert [(str(each.percent), each.direction) for each in crossings] == [("50", "up"), ("100", "up"), ("100", "down")]
    assert [row["quantity"] for row in before] == ["2"] and month(room) == before
    room.told_to_open("trips", period_id=room.period_id("trips", CUT), starts_at=CUT)
    room.arrive()
    rest = room.client.get(f"/v1/periods/{shown('per', room.period_id('trips', CUT))}").json()
    assert rest["thresholds"] == watched | {"crossed": ["50"]}, "what goes on in another period is watched there"


def month(room: Room) -> list[dict[str, Any]]:
    answer = room.client.get("/v1/meters/trips/query", params={"from": START.isoformat(), "to": END.isoformat()})
    assert answer.status_code == 200, answer.text
    rows: list[dict[str, Any]] = answer.json()["items"]
    return rows
