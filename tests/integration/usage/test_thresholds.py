"""Thresholds on a real database and over HTTP: crossed by whatever is metered, told once for each direction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from functools import cached_property
from typing import NamedTuple
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection

from services.usage.domain.cloud_event import CloudEvent
from services.usage.domain.tally import GroupTotal
from services.usage.domain.usage_period import USAGE_PERIOD
from services.usage.domain.usage_period.commands import ClosePeriod, OpenPeriod
from services.usage.domain.usage_period.events import UsageThresholdCrossed
from services.usage.domain.usage_period.thresholds import Thresholds
from services.usage.messaging.crossing import Crossing
from services.usage.messaging.ingest_consumer import Metering
from services.usage.messaging.ingest_record import pack
from services.usage.metering.periods import closing_totals, open_period
from services.usage.store import create_store
from shared.causes import Cause
from shared.contracts.usage import UsageThresholdCrossedV1
from shared.ids import shown
from shared.unit_of_work import Session, UnitOfWork
from tests.integration.usage.meter_room import END as ROOM_END
from tests.integration.usage.meter_room import START as ROOM_START
from tests.integration.usage.meter_room import Room, trip
from tests.integration.usage.metering_house import END, METERS, TERMS, House, event
from tests.integration.usage.test_metering import events as any_events
from tests.support.house import Service

WATCHED = Thresholds(of=Decimal(5), percents=(Decimal(20), Decimal(50), Decimal(100)))
STORE = create_store()


class Entry(NamedTuple):
    """One record of the ingest log."""

    topic: str
    partition: int
    offset: int
    value: bytes


@dataclass(frozen=True)
class Watchers(House):
    """A house whose periods are in the event store, with thresholds, and whose worker looks when the test says so."""

    @cached_property
    def crossing(self) -> Crossing:
        return Crossing(self.engine, STORE, lambda: END, has_looked=True)

    def unit(self, tx: Connection) -> UnitOfWork:
        return UnitOfWork(Session(tx, STORE), Cause(self.tenant_id, END, END, {"principal": "test"}))

    def open_in(self, tx: Connection, slug: str, **terms: object) -> tuple[GroupTotal, ...]:
        definition, group_by = METERS[slug]
        key = self.key(slug)
        wanted = replace(TERMS, period_id=key.period_id, charge=slug, meter=slug, group_by=group_by)
        totals = open_period(tx, key, wanted, definition)
        unit = self.unit(tx)
        unit.execute(USAGE_PERIOD, key.period_id, OpenPeriod(terms=wanted, totals=totals, thresholds=WATCHED))
        unit.session.flush()
        return totals

    def close(self, slug: str) -> tuple[GroupTotal, ...]:
        key = self.key(slug)
        with self.engine.begin() as tx:
            totals = closing_totals(tx, self.tenant_id, [key])[key]
            unit = self.unit(tx)
            unit.execute(USAGE_PERIOD, key.period_id, ClosePeriod(totals=totals, watermark={}, learned_at=END))
            unit.session.flush()
        return totals

    def take(self, events: Sequence[CloudEvent]) -> None:
        [*packed] = pack(self.arrivals(events), 1)
        records = [Entry("usage.events", 0, n, each.value) for n, each in enumerate(packed)]
        Metering(self.engine, STORE, lambda: END, self.crossing.note).apply(records, lambda tx: None)

    def told(self, slug: str) -> dict[Decimal, list[str]]:
        directions: dict[Decimal, list[str]] = {percent: [] for percent in WATCHED.percents}
        with self.engine.begin() as tx:
            for recorded in self.unit(tx).history(USAGE_PERIOD, self.key(slug).period_id):
                if isinstance(recorded.event, UsageThresholdCrossed):
                    directions[recorded.event.percent].append(recorded.event.direction)
        return directions


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(any_events, max_size=20), st.data())
def test_whatever_comes_in_any_batches_each_threshold_goes_up_and_down_in_turn(engine, stream, data):
    house = Watchers(engine, uuid4())
    house.define_meters()
    for slug in METERS:
        house.open(slug)
    closing = data.draw(st.integers(0, len(stream)), label="periods close after")
    at, is_closed = 0, False
    while at < len(stream):
        size = data.draw(st.integers(1, 6), label="batch")
        house.take(stream[at : at + size])
        at += size
        if data.draw(st.booleans(), label="looked"):
            house.crossing.step()
        if at > closing and not is_closed:
            is_closed = True
            for slug in METERS:
                house.close(slug)
    house.crossing.step()
    for slug in METERS:
        quantity = sum(total.quantity for total in house.fold(slug, stream))
        for percent, told in house.told(slug).items():
            assert told == ["up", "down"] * (len(told) // 2) + ["up"] * (len(told) % 2), slug
            assert len(told) % 2 == (quantity >= WATCHED.of * percent / 100), slug


def test_a_worker_that_starts_tells_what_the_one_before_did_not_come_to(engine, tenant_id):
    house = Watchers(engine, tenant_id)
    house.define_meters()
    house.open("miles")
    house.take([event("1", miles=3)])
    Crossing(engine, STORE, lambda: END).step()
    assert house.told("miles") == {Decimal(20): ["up"], Decimal(50): ["up"], Decimal(100): []}


@pytest.fixture
def room(usage: Service, tenant: str) -> Room:
    room = Room(usage, tenant)
    room.opened("miles")
    return room


def watch(room: Room, of: str = "1000", percents: Sequence[str] = ("80", "100", "120")) -> dict[str, object]:
    answer = room.client.put(f"{room.path('miles')}/thresholds", json={"of": of, "percents": list(percents)})
    assert answer.status_code == 200, answer.text
    watched: dict[str, object] = answer.json()["thresholds"]
    return watched


def told(room: Room) -> list[tuple[str, str, str]]:
    messages = [m for m in room.told_all("miles") if m.type == UsageThresholdCrossedV1.TYPE]
    bodies = [message.read(UsageThresholdCrossedV1) for message in messages]
    return [(str(each.percent), each.direction, str(each.quantity)) for each in bodies]


def taken_back(id_: str, of: str) -> dict[str, object]:
    about = {"source": "/cars", "id": of, "reason": "sent twice"}
    return trip(id_) | {"type": "usage.retracted", "data": about}


def test_an_allowance_is_watched_from_its_first_event_to_what_comes_too_late(room):
    assert watch(room) == {"of": "1000", "percents": ["80", "100", "120"], "crossed": []}
    room.metered(trip("1", miles=799))
    assert told(room) == []
    room.metered(trip("2", miles=201))
    assert told(room) == [("80", "up", "1000"), ("100", "up", "1000")]
    room.metered(taken_back("3", "2"))
    down = [("100", "down", "799"), ("80", "down", "799")]
    assert told(room)[2:] == down
    room.move(ROOM_END)
    room.metered(trip("4", at=ROOM_END - timedelta(hours=1), miles=1))
    assert told(room)[4:] == [("80", "up", "800")]
    assert room.period("miles")["thresholds"]["crossed"] == ["80"]


def test_what_is_crossed_already_is_told_when_thresholds_are_set_and_no_more_when_they_are_not(room):
    room.metered(trip("1", miles=90))
    assert watch(room, of="100")["crossed"] == ["80"]
    assert watch(room, of="100")["crossed"] == ["80"]
    room.arrive()
    assert told(room) == [("80", "up", "90")]
    answer = room.client.put(f"{room.path('miles')}/thresholds", json={"of": "100", "percents": []})
    assert answer.json()["thresholds"] is None
    room.metered(trip("2", miles=90))
    assert len(told(room)) == 1


def test_a_later_period_begins_with_the_thresholds_of_the_one_before(room):
    watch(room)
    later = room.period_id("miles", ROOM_END)
    room.metered(trip("1", at=ROOM_END, miles=900))
    room.told_to_open("miles", period_id=later, starts_at=ROOM_END, ends_at=ROOM_END + timedelta(days=28))
    room.told_to_open("trips", period_id=uuid4(), starts_at=ROOM_END, ends_at=ROOM_END + timedelta(days=28))
    room.arrive()
    opened = room.client.get(f"/v1/periods/{shown('per', later)}").json()
    assert opened["thresholds"] == {"of": "1000", "percents": ["80", "100", "120"], "crossed": ["80"]}
    assert [m.type for m in room.told_all("miles", ROOM_END)] == [UsageThresholdCrossedV1.TYPE]
    others = room.client.get("/v1/periods", params={"meter": "trips"}).json()["items"]
    assert [period["thresholds"] for period in others] == [None]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"of": "0", "percents": ["80"]}, "/of"),
        ({"of": "100", "percents": ["80", "80.0"]}, "/percents"),
        ({"of": "100", "percents": ["-1"]}, "/percents"),
    ],
)
def test_thresholds_that_nothing_could_cross_are_refused(room, body, field):
    refused = room.client.put(f"{room.path('miles')}/thresholds", json=body)
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["pointer"] == field


def test_thresholds_of_no_period_are_not_found(room):
    path = f"/v1/periods/{shown('per', uuid4())}/thresholds"
    assert room.client.put(path, json={"of": "1", "percents": ["80"]}).status_code == 404


def test_a_message_says_whose_allowance_it_is(room):
    watch(room, of="1", percents=["100"])
    room.metered(trip("1", at=ROOM_START, miles="1.5"))
    [message] = room.told_all("miles")[-1:]
    body = message.read(UsageThresholdCrossedV1)
    assert (body.customer_id, body.subjects) == (UUID(int=7), ["acme", str(room.subscription_id)])
    assert (body.charge, body.meter, body.starts_at, body.ends_at) == ("miles", "miles", ROOM_START, ROOM_END)
