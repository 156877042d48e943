"""What was not counted is counted once its cause is mended: by another filter or path, or judged by another clock."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import msgspec
import pytest

from infra.local.children import free_port
from services.usage.app import create_app
from services.usage.domain.cloud_event import Arrivals, CloudEvent, EventError, Rejected, as_sent
from services.usage.messaging.ingest_record import pack
from shared.contracts.usage import UsagePeriodAdvancedV1, UsagePeriodClosedV1, UsagePeriodRevisedV1
from shared.kafka import Publisher
from tests.integration.usage.backfill_desk import Desk, as_lines
from tests.integration.usage.meter_room import END, METERS, START, Room, trip
from tests.support.house import KeyedClient, Service

day = timedelta(days=1)


@pytest.fixture
def room(usage: Service, tenant: str) -> Room:
    return Room(usage, tenant)


def test_an_open_period_moves_to_the_mended_meter(room):
    room.opened("miles")
    room.metered(trip("1", km="5.5"), trip("2", km=2), trip("3", miles=1))
    assert room.quantities("miles") == {"": "1"}
    assert room.client.put("/v1/meters/miles", json=METERS["miles"] | {"value": "$.km"}).status_code == 200
    assert room.quantities("miles") == {"": "1"}, "an open period stays on its version until somebody moves it"
    moved = room.client.post(f"{room.path('miles')}/remeter", json={}).json()
    assert (moved["meter_version"], room.quantities("miles")) == (2, {"": "7.5"})
    room.metered(trip("4", km=1))
    room.arrive()
    told = [message.read(UsagePeriodAdvancedV1) for message in room.told("advanced", "miles")]
    assert (2, "7.5") in [(each.meter_version, str(each.totals[0].quantity)) for each in told]
    again = room.client.post(f"{room.path('miles')}/remeter", json={}).json()
    assert again == room.period("miles")


def test_events_that_a_filter_kept_out_are_unmatched_no_more(room):
    wrong = METERS["trips"] | {"filters": [{"path": "$.class", "equal": "first"}]}
    room.define_meters()
    assert room.client.put("/v1/meters/trips", json=wrong).status_code == 200
    room.told_to_open("trips")
    room.arrive()
    room.metered(trip("1", origin="JFK"), trip("2", origin="JFK"))
    assert len(room.client.get("/v1/events/unmatched").json()["items"]) == 2
    room.define_meters()
    room.client.post(f"{room.path('trips')}/remeter")
    assert room.quantities("trips") == {"JFK": "2"}
    assert room.client.get("/v1/events/unmatched").json()["items"] == []


def test_events_that_the_mended_meter_keeps_out_are_listed_where_no_other_period_counts_them(room):
    room.opened("trips", "miles")
    room.metered(trip("1", origin="JFK", miles=1), trip("2", origin="LGA", miles=1))
    for meter, listed in (("trips", []), ("miles", ["2"])):
        mended = METERS[meter] | {"filters": [{"path": "$.origin", "equal": "JFK"}]}
        assert room.client.put(f"/v1/meters/{meter}", json=mended).status_code == 200
        assert room.client.post(f"{room.path(meter)}/remeter").status_code == 200
        unmatched = room.client.get("/v1/events/unmatched").json()["items"]
        assert [(each["id"], each["reason"]) for each in unmatched] == [(id_, "no_period") for id_ in listed]
    books = room.completeness()
    assert (books["metered"], books["unmatched"], books["difference"]) == (1, 1, 0)


def test_a_closed_period_stays_on_its_meter(room):
    room.opened("miles")
    room.move(END)
    room.wait_until(lambda: room.period("miles")["status"] == "closed")
    assert room.client.put("/v1/meters/miles", json=METERS["miles"] | {"value": "$.km"}).status_code == 200
    refused = room.client.post(f"{room.path('miles')}/remeter", json={})
    assert (refused.status_code, refused.json()["title"]) == (409, "period_closed")


def test_what_was_rejected_is_judged_again_and_counted_where_it_belongs(room):
    room.opened("miles")
    early = trip("1", at=START - 500 * day, miles=1)
    wrong = trip("2", miles=2) | {"specversion": "0.3"}
    room.send(early, wrong, trip("3", miles=3), Prefer="handling=lenient")
    room.arrive()
    before = room.client.get("/v1/events/rejected").json()["items"]
    assert len(before) == 2
    answer = room.client.post("/v1/events/rejected/replay", json={}).json()
    assert (answer["replayed"], [each["number"] for each in answer["still_rejected"]]) == (
        0,
        [each["number"] for each in before],
    )
    assert room.quantities("miles") == {"": "3"}


def test_an_event_whose_cause_has_gone_is_replayed_once_and_the_books_balance(room):
    room.opened("miles")
    room.move(START + 3 * day)
    keep_rejected(room, CloudEvent("1", "/cars", "trip.ended", "acme", START, msgspec.Raw(b'{"miles":4}')))
    replayed = room.client.post("/v1/events/rejected/replay", json={"limit": 10}).json()
    assert replayed == {"replayed": 1, "still_rejected": []}
    room.arrive()
    assert room.quantities("miles") == {"": "4"}
    assert room.client.get("/v1/events/rejected").json()["items"] == []
    assert room.client.post("/v1/events/rejected/replay", json={}).json()["replayed"] == 0
    books = room.completeness()
    assert (books["received"], books["metered"], books["rejected"], books["difference"]) == (1, 1, 0, 0)


def test_an_event_without_a_time_counts_when_it_came_and_not_when_it_is_replayed(room):
    room.opened("miles")
    room.move(START + 3 * day)
    keep_rejected(room, {name: value for name, value in trip("1", miles=4).items() if name != "time"}, at=START)
    assert room.client.post("/v1/events/rejected/replay", json={}).json()["replayed"] == 1
    room.arrive()
    [counted] = room.client.get(f"{room.path('miles')}/events").json()["items"]
    assert datetime.fromisoformat(counted["time"]) == START


def test_what_is_replayed_into_a_closed_period_revises_it_and_leaves_the_closing_as_it_was(room):
    room.opened("miles")
    room.metered(trip("1", miles=1))
    room.move(END)
    room.wait_until(lambda: room.period("miles")["status"] == "closed")
    keep_rejected(room, CloudEvent("2", "/cars", "trip.ended", "acme", START, msgspec.Raw(b'{"miles":4}')))
    for replayed in (1, 0):
        assert room.client.post("/v1/events/rejected/replay", json={}).json()["replayed"] == replayed
        room.arrive()
    assert (room.quantities("miles"), room.period("miles")["revision"]) == ({"": "5"}, 1)
    [closed] = [message.read(UsagePeriodClosedV1) for message in room.told("closed", "miles")]
    [revised] = [message.read(UsagePeriodRevisedV1) for message in room.told("revised", "miles")]
    quantities = [
        [str(total.quantity) for total in totals] for totals in (closed.totals, revised.before, revised.totals)
    ]
    assert (quantities, revised.cause, revised.event_ids) == ([["1"], ["1"], ["5"]], "late_events", ["/cars#2"])


def test_what_was_unmatched_for_want_of_its_original_revises_a_closed_period_once_that_comes(room):
    room.opened("miles")
    room.metered(trip("1", miles=1))
    about = {"source": "/cars", "id": "2", "reason": "read wrongly", "data": {"miles": 8}}
    room.metered(trip("c", **about) | {"type": "usage.corrected"})
    assert [each["reason"] for each in room.client.get("/v1/events/unmatched").json()["items"]] == ["no_original"]
    room.move(END)
    room.wait_until(lambda: room.period("miles")["status"] == "closed")
    room.metered(trip("2", miles=4))
    [revised] = [message.read(UsagePeriodRevisedV1) for message in room.told("revised", "miles")]
    assert [str(total.quantity) for total in (*revised.before, *revised.totals)] == ["1", "9"]
    assert room.client.get("/v1/events/unmatched").json()["items"] == []


def test_a_large_event_is_kept_whole_and_replayed(room):
    room.opened("miles")
    note = '"\\' * 60_000  # twice as long in the log
    text = json.dumps(trip("1", miles=4, note=note) | {"specversion": "1.0"})
    assert 200_000 < len(text) < 256 * 1024
    early = trip("1", at=START - 500 * day, miles=4, note=note)
    assert room.send(early, Prefer="handling=lenient").json()["rejected"] == 1
    room.arrive()
    [kept] = room.client.get("/v1/events/rejected").json()["items"]
    assert (json.loads(kept["text"]), kept["is_truncated"]) == (early, False)
    keep_rejected(room, json.loads(text))
    assert room.client.post("/v1/events/rejected/replay", json={}).json()["replayed"] == 1
    room.arrive()
    assert room.quantities("miles") == {"": "4"}


def test_what_is_too_long_to_be_kept_whole_says_so_and_is_not_replayed(room):
    room.opened("miles")
    answer = room.send(trip("1", miles=4, note="x" * 400_000), Prefer="handling=lenient").json()
    assert {"too_large", "cut"} == {error["code"] for error in answer["errors"]}
    room.arrive()
    [kept] = room.client.get("/v1/events/rejected").json()["items"]
    assert (len(kept["text"]), kept["is_truncated"]) == (320 * 1024, True)
    [still] = room.client.post("/v1/events/rejected/replay", json={}).json()["still_rejected"]
    assert [error["code"] for error in still["errors"]] == ["cut"]


def test_a_row_of_a_backfill_is_judged_again_as_such(room):
    room.opened("miles")
    desk = Desk(room)
    about = {"source": "/cars", "id": "1", "reason": "sent by mistake"}
    timeless = trip("2", miles=9) | {"time": None}
    desk.load(as_lines([trip("1", miles=4), timeless, trip("r", **about) | {"type": "usage.retracted"}]))
    desk.committed()
    assert room.quantities("miles") == {"": "4"}
    answer = room.client.post("/v1/events/rejected/replay", json={}).json()
    codes = [error["code"] for each in answer["still_rejected"] for error in each["errors"]]
    assert (answer["replayed"], codes) == (0, ["missing", "amendment_in_backfill"])


def keep_rejected(room: Room, event: CloudEvent | dict[str, Any], at: datetime = START) -> None:
    """As a worker keeps an event that it could not meter."""
    error = EventError(0, "", "not_metered", "a fault that was mended")
    text = json.dumps(event) if isinstance(event, dict) else as_sent(event).decode()
    rejected = Rejected(0, at, text, [error])
    arrivals = Arrivals(tenant_id=room.tenant_id, batch_id=uuid4(), received_at=START, events=[], rejected=[rejected])
    publisher = Publisher(room.service.settings("worker"))
    publisher.send_to("usage.events", [(record.partition, record.value) for record in pack(arrivals, 4)])
    publisher.close()
    before = len(room.client.get("/v1/events/rejected").json()["items"])
    room.arrive()
    assert len(room.client.get("/v1/events/rejected").json()["items"]) == before + 1


def test_without_a_broker_nothing_is_taken_off_the_list(usage: Service, tenant: str):
    room = Room(usage, tenant)
    keep_rejected(room, CloudEvent("1", "/cars", "trip.ended", "acme", START, msgspec.Raw(b'{"miles":4}')))
    app = create_app(usage.settings("api").model_copy(update={"kafka_bootstrap_servers": f"127.0.0.1:{free_port()}"}))
    away = KeyedClient(app, headers=dict(usage.client(tenant).headers))
    assert away.post("/v1/events/rejected/replay", json={}).status_code == 503
    assert len(room.client.get("/v1/events/rejected").json()["items"]) == 1
    app.state.engine.dispose()
