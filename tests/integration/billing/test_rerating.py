"""What late usage would do is told by the API, and is what it does when it comes."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from shared.ids import shown
from tests.integration.billing.room import Room
from tests.support.house import Service

LATE = datetime(2031, 2, 12, 5, tzinfo=UTC)
NOBODYS = "per_00000000000000000000000000000007"


def preview(room: Room, *periods: dict[str, Any]) -> Any:
    return room.client.post("/v1/rerating/preview", json={"periods": list(periods)})


def january(room: Room, departures: int) -> dict[str, Any]:
    total = {"group": "JFK", "quantity": str(departures), "count": departures, "digest": "00"}
    return {"period_id": shown("per", room.period_id), "totals": [total]}


def test_what_is_told_is_what_happens(billing: Service, tenant: str) -> None:
    room = Room(billing, tenant)
    room.live_until("2031-02-01")
    original, before = room.one(issued_on="2031-02-01", kind="regular"), room.invoices()

    told = preview(room, january(room, 410)).json()
    assert room.invoices() == before and room.corrections() == []
    (invoice,) = told["invoices"]
    assert (invoice["invoice_id"], invoice["number"]) == (original["invoice_id"], original["number"])
    assert [(d["kind"], d["invoice_id"]) for d in invoice["documents"]] == [("invoice", None)]
    assert told["customers"] == [{"customer": "F9", "currency": "USD"} | told["totals"][0]]

    room.revise_usage(LATE, JFK=410)
    correction = room.one(kind="correction")
    assert told["totals"] == [
        {
            "currency": "USD",
            "net_minor": correction["subtotal_minor"],
            "tax_minor": correction["tax_minor"],
            "total_minor": correction["total_minor"],
        }
    ]

    told = preview(room, january(room, 390)).json()
    room.revise_usage(LATE, revision=2, JFK=390)
    credited = sum(note["amount_minor"] for i in room.invoices() for note in i["credit_notes"])
    assert {d["kind"] for d in told["invoices"][0]["documents"]} == {"credit_note"}
    assert told["totals"][0]["total_minor"] == -credited


def test_periods_without_an_invoice_and_without_a_change_are_named(billing: Service, tenant: str) -> None:
    room = Room(billing, tenant)
    told = preview(room, january(room, 5)).json()
    assert told["not_billed"] == [shown("per", room.period_id)] and told["invoices"] == []
    room.live_until("2031-02-01")
    told = preview(room, january(room, 400)).json()
    assert told["unchanged"] == [shown("per", room.period_id)] and told["totals"] == []
    assert preview(room, january(room, 5), january(room, 6)).status_code == 422
    assert preview(room, january(room, 5) | {"period_id": NOBODYS}).status_code == 404
