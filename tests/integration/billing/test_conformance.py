"""A subscription conforms to its quote through invoices, late usage and an amendment; what does not is named."""

from __future__ import annotations

from datetime import UTC, datetime

from shared.ids import shown
from tests.integration.billing.room import Room
from tests.support.house import Service

LATE = datetime(2031, 2, 12, 5, tzinfo=UTC)


def test_every_line_is_what_the_quote_said(billing: Service, tenant: str) -> None:
    room = Room(billing, tenant)
    path = f"/v1/subscriptions/{shown('sub', room.subscription_id)}"
    room.live_until("2031-02-01")
    room.revise_usage(LATE, JFK=410)
    for invoice in room.invoices():
        room.pay(invoice)
    amended = room.client.post(f"{path}/amendments", json={"effective": "period_end", "quantity": 2})
    assert amended.status_code == 200, amended.text
    room.live_until("2031-03-01")

    told = room.client.get(f"{path}/conformance").json()
    assert told["conforms"] is True
    (term,) = told["terms"]
    assert (term["term_number"], term["quote_version"], term["deviations"]) == (1, 1, [])
    regular = [invoice for invoice in room.invoices() if invoice["kind"] == "regular"]
    assert {i["invoice_id"] for i in told["invoices"]} == {i["invoice_id"] for i in regular}
    lines = [line for invoice in told["invoices"] for line in invoice["lines"]]
    assert len(lines) == sum(len(invoice["lines"]) for invoice in regular)
    assert {line["amendment"] for line in lines} == {0, 1}
    assert all(line["quote_id"] == term["quote_id"] and not line["deviations"] for line in lines)

    page = room.client.get(f"{path}/conformance", params={"limit": 1}).json()
    assert len(page["invoices"]) == 1 and page["next_cursor"]
    assert room.client.get("/v1/subscriptions/sub_00000000000000000000000000000007/conformance").status_code == 404
