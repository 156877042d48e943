"""Totals that usage tells in several messages count together, with the last of them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from tests.integration.billing.room import Room
from tests.integration.billing.shop import DEPARTURES, FEE
from tests.support.house import Service, settle

TENTH = datetime(2031, 1, 10, 9, tzinfo=UTC)


def billed(room: Room) -> None:
    with room.engine.begin() as tx:
        room.request_bill(tx)
    settle([room.billing])


def lines(invoice: Any) -> dict[str, str]:
    return {line["group"]: line["quantity"] for line in invoice["lines"] if line["kind"] == "usage"}


def parked(room: Room) -> list[Any]:
    items: list[Any] = room.client.get("/v1/parked-messages").json()["items"]
    return items


def running(room: Room) -> int:
    classes = room.client.get("/v1/revenue/unbilled", params={"at": "2031-01-10"}).json()["classes"]
    return sum(each["running_usage_minor"] for each in classes)


def test_a_bill_waits_for_the_last_part_and_rates_them_all(billing: Service, tenant: str) -> None:
    room = Room(billing, tenant, minimums={})
    room.tell_part("closed", 1, 3, sequence=1, JFK=400)
    room.tell_part("closed", 2, 3, sequence=2, LGA=300)
    room.tell_part("closed", 2, 3, sequence=2, LGA=300)  # told again
    billed(room)
    assert room.invoices() == []
    room.close_usage(sequence=3, departures={"EWR": 200}, parts=3)
    settle([billing])
    invoice = room.one(issued_on="2031-02-01")
    assert lines(invoice) == {"JFK": "400", "LGA": "300", "EWR": "200"}
    for sequence in (1, 2):
        room.tell_part("closed", sequence, 3, sequence=sequence, JFK=999)
    room.close_usage(sequence=3, departures={"EWR": 200}, parts=3)
    assert (room.one(issued_on="2031-02-01"), parked(room)) == (invoice, [])


def test_a_revision_in_parts_corrects_what_was_billed_and_names_all_events(billing: Service, tenant: str) -> None:
    room = Room(billing, tenant, minimums={})
    room.close_usage(departures={"JFK": 400, "LGA": 300})
    billed(room)
    room.tell_part("revised", 1, 2, sequence=2, JFK=400)
    assert room.corrections() == []
    room.revise_usage(revision=1, parts=2, LGA=310)
    [correction] = room.corrections()
    assert correction["event_ids"] == ["/gates#1", "/gates#x"]
    late = [invoice for invoice in room.invoices() if invoice["kind"] == "correction"]
    assert [lines(invoice) for invoice in late] == [{"LGA": "10"}]


def test_the_rest_of_a_period_waits_for_a_part_that_did_not_come(billing: Service, tenant: str) -> None:
    room = Room(billing, tenant, minimums={})
    room.tell_part("closed", 2, 3, sequence=1, LGA=300)
    [waiting] = parked(room)
    assert "part 2 of 3" in waiting["reason"]


def test_running_totals_in_parts_are_told_once_all_are_there(billing: Service, tenant: str) -> None:
    room = Room(billing, tenant, prices={"USD": [FEE, DEPARTURES]}, minimums={})
    room.live_until("2031-01-11")
    room.advance_usage(TENTH, 10, sequence=1)
    before = running(room)
    room.tell_part("advanced", 1, 3, sequence=2, at=TENTH, JFK=10)
    room.tell_part("advanced", 2, 3, sequence=3, at=TENTH, LGA=10)
    assert running(room) == 0, "a part says nothing by itself"
    room.tell_part("advanced", 3, 3, sequence=4, at=TENTH, EWR=10)
    assert running(room) == 3 * before > 0
    room.tell_part("advanced", 1, 2, sequence=5, at=TENTH, JFK=40)
    room.advance_usage(TENTH, 20, sequence=6)
    assert running(room) == 2 * before, "what began and was not ended is told by the next"
