"""What a usage period was billed as: its lines on invoices and credit notes."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from shared.ids import shown
from tests.integration.billing.room import Room
from tests.support.house import Service

LATE = datetime(2031, 2, 12, 5, tzinfo=UTC)


@pytest.fixture
def room(billing: Service, tenant: str) -> Room:
    room = Room(billing, tenant)
    room.live_until("2031-02-01")
    return room


def billed(room: Room, **query: str) -> list[dict[str, Any]]:
    answer = room.client.get(f"/v1/usage-periods/{shown('per', room.period_id)}/lines", params=query)
    lines: list[dict[str, Any]] = answer.json()["lines"]
    return lines


def test_usage_names_the_line_that_bills_it(room: Room) -> None:
    [january] = billed(room)
    invoice = room.one(issued_on="2031-02-01")
    assert (january["invoice"], january["credit_note"], january["status"]) == (invoice["number"], None, "issued")
    assert january["line"] in invoice["lines"] and january["line"]["group"] == "JFK"
    assert room.client.get(january["explain"]).json()["line"] == january["line"]


def test_what_corrected_it_is_named_as_well_and_each_line_explains_itself(room: Room) -> None:
    room.revise_usage(LATE, JFK=410)
    room.revise_usage(LATE, revision=2, JFK=405)
    lines = billed(room)
    assert [each["line"]["quantity"] for each in lines if not each["credit_note"]] == ["400", "10"]
    assert [each["line"]["quantity"] for each in lines if each["credit_note"]] == ["5"]
    for each in lines:
        assert room.client.get(each["explain"]).json()["line"] == each["line"]


def test_one_group_is_asked_for(room: Room) -> None:
    room.revise_usage(LATE, JFK=400, LGA=1)
    assert [each["line"]["quantity"] for each in billed(room, group="LGA")] == ["1"]
    assert billed(room, group="EWR") == []


def test_a_period_that_billing_never_asked_for_is_unknown(room: Room) -> None:
    answer = room.client.get(f"/v1/usage-periods/{shown('per', room.subscription_id)}/lines")
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (404, "/period_id")
