"""The life of a backfill through the API: opened, loaded, looked at, and then committed or discarded."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from services.usage.metering import backfill_retention
from services.usage.metering.session_copies import copies
from services.usage.projections.due_periods import due_periods
from shared.clock import real_now
from shared.contracts.usage import UsagePeriodRevisedV1
from shared.ids import shown
from tests.integration.usage.backfill_desk import BATCH, CSV, FORMATS, LINES, Desk
from tests.integration.usage.meter_room import END, START, Room, trip
from tests.support.house import Service

day = timedelta(days=1)
NOTHING = {"new": 0, "unmatched": 0, "repeated": 0, "conflicting": 0, "rejected": 0}


@pytest.fixture
def room(usage: Service, tenant: str) -> Room:
    return Room(usage, tenant)


def test_a_name_is_one_batch_however_often_it_is_opened(room):
    desk, again = Desk(room), Desk(room)
    assert desk.state() == again.state()
    assert (desk.state()["status"], desk.state()["outcome"]) == ("open", NOTHING)
    assert [each["name"] for each in room.client.get("/v1/backfills").json()["items"]] == ["history"]
    assert Desk(room, "another").path != desk.path


@pytest.mark.parametrize("content_type", FORMATS)
def test_a_batch_is_loaded_previewed_and_committed(room, content_type):
    room.opened("trips", "miles")
    room.metered(trip("1", origin="JFK", miles="2.5"))
    desk = Desk(room)
    loaded = desk.loaded(
        trip("1", origin="JFK", miles="2.5"),
        trip("2", at=START + day, origin="LGA", miles="4"),
        trip("3", subject="nobody", origin="LGA", miles="4"),
        content_type=content_type,
    )
    assert (loaded["rows"], loaded["rejected"], loaded["is_complete"]) == (3, 0, True)
    preview = desk.previewed()
    assert preview["outcome"] == NOTHING | {"new": 2, "unmatched": 1, "repeated": 1}
    assert (preview["periods"], preview["closed_periods"], preview["is_current"]) == (2, 0, True)
    assert [(each["subject"], each["reason"], each["rows"]) for each in preview["lost"]] == [("nobody", "no_period", 1)]
    expected = {"trips": ({"JFK": "1"}, {"JFK": "1", "LGA": "1"}), "miles": ({"": "2.5"}, {"": "6.5"})}
    assert desk.changes() == expected
    assert (room.quantities("trips"), room.quantities("miles")) == (expected["trips"][0], expected["miles"][0])
    assert desk.committed()["outcome"] == preview["outcome"]
    assert (room.quantities("trips"), room.quantities("miles")) == (expected["trips"][1], expected["miles"][1])
    books = room.completeness()
    assert (books["received"], books["metered"], books["repeated"], books["difference"]) == (4, 2, 1, 0)
    found = room.client.get("/v1/events", params={"source": "/cars", "id": "2"}).json()
    assert found["event"]["batch_id"] == desk.state()["backfill_id"]


def test_what_is_played_has_positions_that_nothing_stored_has(room):
    """Else the first event of an installation, played again, would be taken for itself and count as new."""
    room.opened("trips")
    room.metered(trip("1", origin="JFK"))
    with copies(room.service.background.relay.engine) as tx, tx.begin():
        last = tx.exec_driver_sql("SELECT max(position) FROM public.usage_event_keys").scalar_one()
        played = tx.exec_driver_sql("SELECT nextval(pg_get_serial_sequence('usage_event_keys', 'position'))")
        assert played.scalar_one() > last + 2**61


def test_a_preview_moves_nothing_and_may_be_asked_for_again(room):
    room.opened("trips")
    before = room.completeness()
    desk = Desk(room)
    desk.loaded(trip("1", origin="JFK"))
    first = desk.previewed()
    assert desk.previewed()["outcome"] == first["outcome"]
    assert (room.quantities("trips"), room.completeness()) == ({}, before)
    assert room.client.get("/v1/events", params={"source": "/cars", "id": "1"}).status_code == 404
    desk.loaded(trip("2", origin="JFK"))
    assert desk.state()["preview"]["is_current"] is False


def test_a_closed_period_is_revised_once_for_the_whole_batch(room):
    room.opened("miles")
    room.metered(trip("1", miles="1"))
    room.move(END)
    room.wait_until(lambda: room.period("miles")["status"] == "closed")
    desk = Desk(room)
    for number in range(2, 5):
        desk.loaded(trip(str(number), miles="2"))
    assert desk.previewed()["closed_periods"] == 1
    desk.committed()
    assert room.quantities("miles") == {"": "7"}
    [revised] = [message.read(UsagePeriodRevisedV1) for message in room.told("revised", "miles")]
    assert (revised.revision, revised.cause, str(revised.totals[0].quantity)) == (1, "late_events", "7")
    assert sorted(revised.event_ids) == ["/cars#2", "/cars#3", "/cars#4"]
    assert room.client.post(f"{room.path('miles')}/recount", json={}).json()["equal"] is True


def test_what_is_discarded_never_counts_and_frees_its_room(room):
    room.opened("trips")
    desk = Desk(room)
    desk.loaded(trip("1", origin="JFK"))
    assert desk.post("discard", reason="the wrong year").json()["status"] == "discarded"
    assert desk.post("discard", reason="the wrong year").status_code == 200
    room.arrive()
    assert room.quantities("trips") == {}
    refused = [desk.post("commit"), desk.post("preview"), desk.load(b"{}")]
    assert [(answer.status_code, answer.json()["title"]) for answer in refused] == [(409, "backfill_not_open")] * 3


def test_what_is_discarded_is_removed_at_once_and_what_was_said_about_it_after_a_while(room):
    desk, other = Desk(room), Desk(room, "other")
    for each in (desk, other):
        each.loaded(trip("1", origin="JFK"), trip("", origin="JFK"))
    desk.post("discard", reason="the wrong year")
    room.arrive()
    engine = room.service.background.relay.engine
    with engine.connect() as tx:
        kept = tx.exec_driver_sql(
            "SELECT DISTINCT backfill_id FROM backfill_chunks WHERE tenant_id = %(tenant)s", {"tenant": room.tenant_id}
        )
        assert [shown("bat", row.backfill_id) for row in kept] == [other.state()["backfill_id"]]
    assert desk.rejected() == [(2, "/id", "missing")]
    with engine.begin() as tx:
        backfill_retention.forget(tx, real_now() + day)
    assert (desk.rejected(), room.client.get(f"{desk.path}/loads").json()["items"]) == ([], [])
    assert (desk.state()["status"], desk.state()["rows"]) == ("discarded", 2)
    assert other.rejected() == [(2, "/id", "missing")]


def test_periods_that_fall_due_wait_for_a_batch_that_is_being_counted(room):
    room.opened("miles")
    desk = Desk(room)
    desk.loaded(trip("1", miles="2"))
    assert desk.post("commit").status_code == 202
    before = due_periods(room.service.background.relay.engine, END + 400 * day)
    room.arrive()
    room.move(END)
    room.wait_until(lambda: room.period("miles")["status"] == "closed")
    assert [period.key.tenant_id for period in before if period.key.tenant_id == room.tenant_id] == []
    assert (room.quantities("miles"), room.period("miles")["revision"]) == ({"": "2"}, 0)


def test_what_was_committed_takes_no_more_and_cannot_be_discarded(room):
    room.opened("trips")
    desk = Desk(room)
    desk.loaded(trip("1", origin="JFK"))
    state = desk.committed()
    assert desk.post("commit").json() == state
    assert desk.load(b"{}").json()["title"] == "backfill_not_open"
    assert desk.post("discard", reason="no").json()["title"] == "backfill_is_committing"


def test_only_what_was_looked_at_is_committed(room):
    desk = Desk(room)
    desk.loaded(trip("1", origin="JFK"))
    refused = desk.post("commit", rows=2)
    assert (refused.status_code, refused.json()["title"]) == (409, "other_rows")
    assert desk.post("commit", rows=1).status_code == 202


def test_an_empty_batch_is_committed(room):
    assert Desk(room).committed()["outcome"] == NOTHING


@pytest.mark.parametrize("content_type", FORMATS)
def test_the_same_content_loaded_again_changes_nothing(room, content_type):
    room.opened("trips")
    desk = Desk(room)
    events = [trip(str(number), origin="JFK") for number in range(3)]
    first = desk.loaded(*events, content_type=content_type)
    state = desk.state()
    again = desk.loaded(*events, content_type=content_type)
    assert again | {"loaded_at": first["loaded_at"]} == first
    assert desk.state() == state
    assert len(room.client.get(f"{desk.path}/loads").json()["items"]) == 1


def test_rows_of_two_files_count_once(room):
    room.opened("trips")
    desk = Desk(room)
    desk.loaded(trip("1", origin="JFK"), trip("2", origin="JFK"))
    desk.loaded(trip("2", origin="JFK"), trip("3", origin="JFK"), content_type=CSV)
    desk.loaded(trip("3", origin="LGA"), content_type=BATCH)
    expected = NOTHING | {"new": 3, "repeated": 1, "conflicting": 1}
    assert desk.previewed()["outcome"] == expected
    assert desk.committed()["outcome"] == expected
    assert room.quantities("trips") == {"JFK": "3"}


def test_a_row_that_is_wrong_is_named_by_its_line_and_the_others_count(room):
    room.opened("trips")
    desk = Desk(room)
    events = [trip(str(number), origin="JFK") for number in range(5)]
    events[3]["time"] = "2026-01-01T00:00:00"
    loaded = desk.loaded(*events)
    assert [(e["line"], e["pointer"], e["code"]) for e in loaded["errors"]] == [(4, "/time", "invalid_time")]
    assert desk.rejected() == [(4, "/time", "invalid_time")]
    assert desk.previewed()["outcome"] == NOTHING | {"new": 4, "rejected": 1}
    assert desk.committed()["outcome"] == NOTHING | {"new": 4, "rejected": 1}
    books = room.completeness()
    assert (books["received"], books["metered"], books["rejected"], books["difference"]) == (5, 4, 1, 0)
    assert [each["index"] for each in room.client.get("/v1/events/rejected").json()["items"]] == [4]


def without(event: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in event.items() if key != name}


@pytest.mark.parametrize(
    ("row", "pointer", "code"),
    [
        (without(trip("1"), "time"), "/time", "missing"),
        (trip("1", at=START - 500 * day), "/time", "too_old"),
        (trip("1") | {"id": 7}, "/id", "not_a_text"),
        (trip("1") | {"data": [1]}, "/data", "not_an_object"),
        (
            trip("1") | {"type": "usage.retracted", "data": {"source": "/", "id": "1", "reason": "x"}},
            "/type",
            "amendment_in_backfill",
        ),
        ([], "", "not_an_object"),
    ],
)
def test_a_row_is_judged_like_an_event_and_says_when_it_happened(room, row, pointer, code):
    desk = Desk(room)
    assert [(e["pointer"], e["code"]) for e in desk.loaded(row, content_type=LINES)["errors"]] == [(pointer, code)]


def test_an_unknown_batch_and_an_unknown_format_are_refused(room):
    desk = Desk(room)
    assert desk.load(b"a", "application/pdf").status_code == 415
    desk.path = desk.path[:-1] + ("0" if desk.path[-1] != "0" else "1")
    assert desk.load(b"{}").json()["title"] == "backfill_not_found"
    assert room.client.post("/v1/backfills", json={"name": "no/slash"}).json()["errors"][0]["pointer"] == "/name"
