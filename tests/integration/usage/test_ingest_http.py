"""POST /v1/events: what is accepted, what is refused, and what becomes of it."""

from __future__ import annotations

import gzip
import json
import random
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import msgspec
import pytest

from infra.local.children import free_port
from services.usage.app import create_app
from services.usage.domain.cloud_event import Arrivals, CloudEvent
from services.usage.messaging.ingest_record import pack
from shared.kafka import Publisher
from tests.integration.usage.meter_room import BATCH, START, Room, trip
from tests.support.house import KeyedClient, Service

SINGLE = "application/cloudevents+json"


@pytest.fixture
def room(usage: Service, tenant: str) -> Room:
    return Room(usage, tenant)


def raw(room: Room, body: bytes | str | Iterator[bytes], **headers: str) -> Any:
    wanted = {"Content-Type": BATCH} | {name.replace("_", "-"): value for name, value in headers.items()}
    return room.client.post("/v1/events", content=body, headers=wanted)


def test_a_batch_is_accepted_and_counted_once_however_often_it_comes(room):
    room.opened("miles")
    first = room.send(trip("1", miles=4), trip("2", miles=5))
    assert (first.status_code, first.json()["accepted"]) == (202, 2)
    assert first.json()["batch_id"].startswith("bat_")
    again = room.send(trip("2", miles=5, at=START + timedelta(hours=1)), trip("1", miles="4"), trip("3", miles=1))
    assert again.status_code == 202
    room.arrive()
    assert room.quantities("miles") in ({"": "10"}, {"": "14"})
    books = room.completeness()
    assert (books["received"], books["metered"], books["difference"]) == (5, 3, 0)


def test_the_same_payload_is_a_repeat_and_another_is_a_conflict(room):
    room.opened("miles")
    room.metered(trip("1", miles=4))
    room.metered(trip("1", miles=4, at=START + timedelta(hours=1)))
    room.metered(trip("1", miles=5))
    assert room.quantities("miles") == {"": "4"}
    books = room.completeness()
    assert (books["metered"], books["repeated"], books["conflicting"], books["difference"]) == (1, 1, 1, 0)
    (conflict,) = room.client.get("/v1/events/conflicting").json()["items"]
    assert (conflict["id"], json.loads(conflict["data"])) == ("1", {"miles": 5})
    found = room.client.get("/v1/events", params={"source": "/cars", "id": "1"}).json()
    assert (found["status"], found["conflicts"], json.loads(found["event"]["data"])) == ("metered", 1, {"miles": 4})
    assert [(p["meter"], p["quantity"]) for p in found["periods"]] == [("miles", "4")]


def test_a_single_event_is_taken_structured_and_binary(room):
    room.opened("miles")
    assert raw(room, json.dumps(trip("1", miles=1)), Content_Type=SINGLE).json()["accepted"] == 1
    event = trip("2", miles=2)
    headers = {f"ce-{name}": value for name, value in event.items() if name != "data"}
    sent = raw(room, json.dumps(event["data"]), Content_Type="application/json", **headers)
    assert sent.status_code == 202, sent.text
    room.arrive()
    assert room.quantities("miles") == {"": "3"}


def test_one_bad_event_refuses_the_batch_and_is_named(room):
    refused = room.send(trip("1", miles=1), trip("", miles=1), trip("2") | {"time": "yesterday"})
    assert (refused.status_code, refused.json()["title"]) == (422, "invalid_events")
    assert [(e["index"], e["pointer"], e["code"]) for e in refused.json()["errors"]] == [
        (1, "/id", "missing"),
        (2, "/time", "invalid_time"),
    ]
    room.arrive()
    assert room.completeness()["received"] == 0


def test_a_lenient_batch_keeps_what_is_bad_with_the_reason(room):
    room.opened("miles")
    taken = room.send(trip("1", miles=1), trip("", miles=1), Prefer="respond-async, handling=lenient")
    assert (taken.status_code, taken.json()["accepted"], taken.json()["rejected"]) == (202, 1, 1)
    assert taken.headers["preference-applied"] == "handling=lenient"
    room.arrive()
    (rejected,) = room.client.get("/v1/events/rejected").json()["items"]
    assert (rejected["index"], rejected["errors"][0]["code"]) == (1, "missing")
    books = room.completeness()
    assert (books["received"], books["metered"], books["rejected"], books["difference"]) == (2, 1, 1, 0)


def test_an_event_without_a_meter_or_a_period_is_listed_with_the_reason(room):
    room.define_meters()
    room.metered(trip("1"), trip("2") | {"type": "unheard.of"})
    unmatched = room.client.get("/v1/events/unmatched").json()["items"]
    assert {(event["id"], event["reason"]) for event in unmatched} == {("1", "no_period"), ("2", "no_meter")}
    first = room.client.get("/v1/events/unmatched", params={"limit": 1}).json()
    rest = room.client.get("/v1/events/unmatched", params={"limit": 1, "cursor": first["next_cursor"]}).json()
    assert [*first["items"], *rest["items"]] == unmatched


def test_what_no_total_holds_is_listed_by_what_it_is(room):
    """Rejected by code and batch, conflicting by source and type, unmatched by reason and type."""
    room.opened("miles")
    room.metered(
        trip("1"), trip("1", miles=7), trip("2") | {"type": "unheard.of"}, trip("3", at=START - timedelta(days=9))
    )
    batch = room.send(trip("", miles=1), trip("4") | {"time": "?"}, Prefer="handling=lenient").json()["batch_id"]
    room.arrive()

    def listed(kind: str, **asked: str) -> int:
        return len(room.client.get(f"/v1/events/{kind}", params=asked).raise_for_status().json()["items"])

    asked = {"code": "missing"}, {"code": "no_such_code"}, {"batch_id": batch}, {"batch_id": f"bat_{'0' * 32}"}
    assert [listed("rejected", **each) for each in ({}, *asked)] == [2, 1, 0, 2, 0]
    asked = {"source": "/cars"}, {"source": "/bikes"}, {"type": "trip.ended"}, {"type": "unheard.of"}
    assert [listed("conflicting", **each) for each in ({}, *asked)] == [1, 1, 0, 1, 0]
    asked = (
        {"reason": "no_meter"},
        {"reason": "no_period"},
        {"type": "trip.ended"},
        {"reason": "no_meter", "type": "trip.ended"},
    )
    assert [listed("unmatched", **each) for each in ({}, *asked)] == [2, 1, 1, 1, 0]


def test_times_are_judged_by_the_tenants_clock(room):
    old = trip("1", at=START - timedelta(days=431))
    assert room.send(old).json()["errors"][0]["code"] == "too_old"
    assert room.send(trip("2", at=START + timedelta(days=100))).status_code == 202
    real = room.service.client(f"real-{uuid4().hex}")
    ahead = trip("1", at=datetime.now(UTC) + timedelta(minutes=6))
    refused = real.post("/v1/events", content=json.dumps([ahead]), headers={"Content-Type": BATCH})
    assert refused.json()["errors"][0]["code"] == "too_far_ahead"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ('[{"specversion":"1.0","id":"1","source":"s","type":"t","subject":"a","data":{"n":NaN}}]', 400),
        ('[{"specversion":"1.0","id":"1","source":"s","type":"t","subject":"a","data":{"n":1E+1000000}}]', 422),
        ("[" * 100_000 + "]" * 100_000, 400),
        ('[{"specversion":"1.0","id":"1","id":"2","source":"s","type":"t","subject":"a"}]', 422),
        ('[{"specversion":"1.0","id":"1","source":"s","type":"t","subject":"a","data":{"n":1,"n":2}}]', 422),
        ('{"specversion":"1.0"}', 400),
        ("not json", 400),
        (b"\xff\xfe", 400),
        ("[" + ",".join(["{}"] * 10_001) + "]", 413),
        (b" " * (16 * 1024 * 1024 + 1), 413),
    ],
    ids=["NaN", "huge number", "deep", "key twice", "key twice in data", "object", "text", "bytes", "many", "large"],
)
def test_a_hostile_body_gets_a_problem_and_harms_nobody(room, body, status):
    answer = raw(room, body)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    room.metered(trip("alive", miles=1))


def test_a_body_of_200_megabytes_is_cut_off_while_it_streams(room):
    chunks = (b" " * 1_000_000 for _ in range(200))
    assert raw(room, chunks).status_code == 413
    assert raw(room, b"", Content_Length=str(200_000_000)).status_code in (400, 413)
    room.metered(trip("alive", miles=1))


@pytest.mark.parametrize("content_type", ["text/plain", "", "application/xml", "multipart/form-data; boundary=x", "\t"])
def test_an_unknown_content_type_is_said_to_be_unsupported(room, content_type):
    answer = raw(room, "[]", Content_Type=content_type)
    assert (answer.status_code, answer.headers["content-type"]) == (415, "application/problem+json")


def test_what_was_compressed_is_not_unpacked(room):
    """100 MB of blanks in 100 kB: nobody makes room for them."""
    bomb = gzip.compress(b"[" + b" " * 100_000_000 + b"]", compresslevel=1)
    answer = raw(room, bomb, Content_Encoding="gzip")
    assert (answer.status_code, answer.json()["title"]) == (415, "unsupported_content_encoding")
    assert answer.headers["accept-encoding"] == "identity"


def test_sending_needs_a_scope_and_a_token(room):
    reader = room.service.client(room.tenant, scopes=["usage:read"])
    assert reader.post("/v1/events", content="[]", headers={"Content-Type": BATCH}).status_code == 403
    assert reader.post("/v1/events", content="[]", headers={"Authorization": ""}).status_code == 401
    sender = room.service.client(room.tenant, scopes=["usage:ingest"])
    assert sender.get("/v1/periods").status_code == 403


def test_a_broker_that_is_away_is_said_to_be_away_within_five_seconds(usage, tenant):
    away = usage.settings("api").model_copy(update={"kafka_bootstrap_servers": f"127.0.0.1:{free_port()}"})
    app = create_app(away)
    headers = dict(usage.client(tenant).headers) | {"Content-Type": BATCH}
    client = KeyedClient(app, headers=headers)
    for _ in range(2):
        began = time.monotonic()
        answer = client.post("/v1/events", content=json.dumps([trip("1", at=datetime.now(UTC))]))
        assert (answer.status_code, answer.json()["title"]) == (503, "broker_away")
        assert "retry-after" in answer.headers
        assert time.monotonic() - began < 5
    app.state.engine.dispose()


def test_events_that_the_database_refuses_are_kept_as_rejected_and_the_others_are_metered(room):
    room.opened("miles")
    name = f"nobody-{uuid4().hex}\0"
    bad = CloudEvent("1", "/cars", "trip.ended", name, START, msgspec.Raw(b'{"miles":1}'))
    good = [CloudEvent(f"g{n}", "/cars", "trip.ended", "acme", START, msgspec.Raw(b'{"miles":1}')) for n in range(5)]
    together = [*good[:3], bad, *good[3:]]
    arrivals = Arrivals(tenant_id=room.tenant_id, batch_id=uuid4(), received_at=START, events=together)
    publisher = Publisher(room.service.settings("worker"))
    publisher.send_to("usage.events", [(record.partition, record.value) for record in pack(arrivals, 1)])
    publisher.close()
    room.metered(trip("2", miles=2))
    assert room.quantities("miles") == {"": "7"}
    (rejected,) = room.client.get("/v1/events/rejected").json()["items"]
    sent = json.loads(rejected["text"])
    assert (sent["source"], sent["id"], rejected["errors"][0]["code"]) == ("/cars", "1", "not_metered")
    assert rejected["index"] is None, "its place in the packed record is not that in the request"
    books = room.completeness()
    assert (books["received"], books["metered"], books["rejected"], books["difference"]) == (7, 6, 1, 0)


def test_an_event_in_groups_of_any_length_counts_and_stops_nobody(room):
    room.define_meters()
    names = {f"g{number}": f"$.g{number}" for number in range(8)}
    meter = {"event_type": "trip.ended", "aggregation": "unique_count", "value": "$.car", "group_by": names}
    assert room.client.put("/v1/meters/cars", json=meter).status_code == 200
    room.told_to_open("cars", group_by=[*names])
    room.arrive()
    texts = random.Random(5)
    said = {name: "".join(chr(texts.randrange(0x20000, 0x2A000)) for _ in range(256)) for name in [*names, "car"]}
    room.metered(trip("1", **said), trip("2", car="N1"))
    assert [total["count"] for total in room.period("cars")["totals"]] == [1, 1]
    assert room.client.get("/v1/events/rejected").json()["items"] == []


def test_a_record_that_nobody_can_read_does_not_stop_its_partition(room):
    room.opened("miles")
    publisher = Publisher(room.service.settings("worker"))
    publisher.send_to("usage.events", [(n, b"not a record") for n in range(publisher.partitions("usage.events"))])
    publisher.close()
    room.metered(trip("1", miles=1))
    assert room.quantities("miles") == {"": "1"}
