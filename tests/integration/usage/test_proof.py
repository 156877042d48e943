"""The proof behind a total: its events, a recount, and the books of all events."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.integration.usage.meter_room import END, START, Room, trip
from tests.support.house import Service

hour = timedelta(hours=1)


@pytest.fixture
def room(usage: Service, tenant: str) -> Room:
    return Room(usage, tenant)


def every_event(room: Room, meter: str, **query: object) -> list[dict[str, object]]:
    found, cursor = [], None
    while True:
        more = {"cursor": cursor} if cursor else {}
        page = room.client.get(f"{room.path(meter)}/events", params={"limit": 7, **query, **more})
        assert page.status_code == 200, page.text
        found += page.json()["items"]
        cursor = page.json()["next_cursor"]
        if cursor is None:
            return found


def test_the_events_of_a_period_come_in_order_of_their_time(room):
    room.opened("trips", "miles")
    stream = [
        trip(str(n), at=START + (n * 7 % 20) * hour, origin="JFK" if n % 4 else "LGA", miles=n) for n in range(20)
    ]
    room.metered(*stream, trip("none", origin="JFK"))
    events = every_event(room, "miles")
    assert [e["id"] for e in events] == [e["id"] for e in sorted(stream, key=lambda e: e["time"])]
    assert sum(int(str(e["quantity"])) for e in events) == int(room.quantities("miles")[""])
    assert len(every_event(room, "trips", group="LGA")) == 5
    assert len(every_event(room, "trips")) == 21


def test_a_cursor_that_we_did_not_make_is_refused(room):
    room.opened("miles")
    assert room.client.get(f"{room.path('miles')}/events", params={"cursor": "Zm9v"}).status_code == 400


def test_an_event_names_the_place_where_billing_lists_what_it_was_billed_as(room):
    room.opened("trips")
    room.metered(trip("1", origin="JFK & co"))
    [place] = room.client.get("/v1/events", params={"source": "/cars", "id": "1"}).json()["periods"]
    period = room.period("trips")["period_id"]
    assert place["billed_as"] == f"/v1/usage-periods/{period}/lines?group=JFK+%26+co"


def test_a_recount_agrees_with_what_was_kept(room):
    room.opened("miles", "cars")
    room.metered(*(trip(str(n), miles=n, car=f"N{n % 3}") for n in range(9)))
    room.move(END)
    for meter in ("miles", "cars"):
        counted = room.client.post(f"{room.path(meter)}/recount", json={}).json()
        assert counted["equal"]
        assert counted["before"] == counted["after"] == room.period(meter)["totals"]
    assert room.told("revised", "miles") == []


def test_a_recount_that_differs_corrects_the_totals_and_says_so(room):
    room.opened("miles")
    room.metered(trip("1", miles=4))
    right = room.quantities("miles")
    with room.service.background.relay.engine.begin() as tx:
        tx.exec_driver_sql("UPDATE usage_totals SET quantity = 5 WHERE tenant_id = %s", (room.tenant_id,))
    counted = room.client.post(f"{room.path('miles')}/recount", json={}).json()
    assert not counted["equal"]
    assert [total["quantity"] for total in counted["before"]] == ["5"]
    assert room.quantities("miles") == right
    room.arrive()
    assert [m.type for m in room.told("revised", "miles")] == ["usage.period_revised.v1"]
    reader = room.service.client(room.tenant, scopes=["usage:read"])
    assert reader.post(f"{room.path('miles')}/recount", json={}).status_code == 403


def test_what_no_worker_has_metered_yet_is_pending(room):
    room.opened("miles")
    assert room.send(trip("1", miles=1), trip("2", miles=1)).status_code == 202
    books = room.completeness()
    assert (books["received"], books["pending"], books["metered"], books["difference"]) == (2, 2, 0, 0)
    room.arrive()
    books = room.completeness()
    assert (books["received"], books["pending"], books["metered"], books["difference"]) == (2, 0, 2, 0)


def test_without_a_worker_nobody_guesses_what_is_pending(room):
    answer = room.client.get("/v1/completeness", params={"from": START.isoformat(), "to": END.isoformat()})
    assert (answer.status_code, answer.json()["title"]) == (503, "pending_unknown")


@pytest.mark.parametrize("path", ["completeness", "events/rejected", "events/conflicting", "events/unmatched"])
def test_a_range_that_ends_before_it_begins_is_refused_before_anybody_is_asked(room, path):
    bounds = {"from": END.isoformat(), "to": START.isoformat()}
    refused = room.client.get(f"/v1/{path}", params=bounds)
    assert (refused.status_code, refused.json()["title"]) == (422, "empty_range")
    assert refused.json()["errors"][0]["pointer"] == "/to"


def test_the_books_are_kept_by_quarters_of_an_hour(room):
    uneven = {"from": START.isoformat(), "to": (END + timedelta(minutes=1)).isoformat()}
    with room.service.working():
        refused = room.client.get("/v1/completeness", params=uneven)
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/to")


def test_periods_are_found_by_subscription_status_and_meter(room):
    room.opened("miles", "cars")
    wanted = {"subscription_id": f"sub_{room.subscription_id.hex}", "status": "open"}
    found = room.client.get("/v1/periods", params=wanted).json()["items"]
    assert {period["meter"] for period in found} == {"miles", "cars"}
    assert len(room.client.get("/v1/periods", params=wanted | {"meter": "cars"}).json()["items"]) == 1
    assert room.client.get("/v1/periods", params={"status": "closed"}).json()["items"] == []
    first = found[0]
    for asked, number in (
        ({"customer_id": first["customer_id"]}, 2),
        ({"customer_id": f"cus_{'0' * 32}"}, 0),
        ({"at": first["starts_at"]}, 2),
        ({"at": first["ends_at"]}, 0),
    ):
        assert len(room.client.get("/v1/periods", params=asked).raise_for_status().json()["items"]) == number
