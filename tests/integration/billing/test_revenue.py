"""From what was agreed to what is earned: each month closes to the cent, and all of them come to the contract."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from itertools import pairwise
from typing import Any
from uuid import uuid4

import pytest

from services.billing.projections.subscriptions import running_usage
from services.billing.store import create_store
from shared.causes import Cause
from shared.unit_of_work import Session, UnitOfWork
from tests.integration.billing.room import Room
from tests.integration.billing.shop import DEPARTURES, FEE
from tests.support.house import Service

YEARLY = FEE | {"every": "year", "price": {"model": "per_unit", "unit_amount": "10000.00"}}


def mapping(room: Room, period: str) -> dict[str, Any]:
    answer = room.client.get("/v1/revenue/mapping", params={"period": period})
    assert answer.status_code == 200, answer.text
    [found] = [*answer.json()["classes"], *[{}] * (not answer.json()["classes"])]
    return {name.removesuffix("_minor"): value for name, value in found.items() if name.endswith("_minor")}


def months(first: int = 1, last: int = 12) -> Iterator[str]:
    yield from (f"2031-{number:02d}" for number in range(first, last + 1))


@pytest.fixture
def yearly(billing: Service, tenant: str) -> Room:
    """10,000 a year in advance, and usage that is billed when it is over; accepted in December for January."""
    return Room(billing, tenant, prices={"USD": [YEARLY, DEPARTURES]}, minimums={}, every="year")


def test_a_year_in_advance_is_booked_once_billed_once_and_earned_day_by_day(yearly: Room) -> None:
    yearly.live_until("2031-01-02")
    assert mapping(yearly, "2030-11") == {}
    assert mapping(yearly, "2030-12") == {
        "booked": 1_000_000,
        "billed": 0,
        "recognised": 0,
        "deferred_before": 0,
        "deferred": 0,
        "forecast": 1_000_000,
    }
    january, february, december = (mapping(yearly, f"2031-{month}") for month in ("01", "02", "12"))
    assert (january["billed"], january["recognised"], january["deferred"], january["forecast"]) == (
        1_000_000,
        84932,  # 31 days of 365
        915_068,
        0,
    )
    assert february["recognised"] == 161644 - 84932
    assert (december["recognised"], december["deferred"]) == (1_000_000 - 915_068, 0)
    found = [mapping(yearly, month) for month in months()]
    assert sum(month["recognised"] for month in found) == 1_000_000


def test_each_month_goes_on_from_the_one_before_whatever_is_credited(yearly: Room) -> None:
    yearly.live_until("2031-02-20")
    invoice = yearly.one(number="INV-000001")
    assert yearly.client.post(f"/v1/invoices/{invoice['invoice_id']}/credit-notes", json={"reason": "moved"}).is_success
    found = [mapping(yearly, month) for month in ("2030-12", *months())]
    for before, after in pairwise(found):
        if not after:
            continue
        assert after["deferred_before"] == before["deferred"]
        assert after["deferred"] == after["deferred_before"] + after["billed"] - after["recognised"]
    assert found[2]["billed"] == -1_000_000
    assert found[2]["recognised"] == -84932, "what January earned is taken back when it is credited"
    assert sum(month.get("recognised", 0) for month in found) == 0
    assert all(not month or not month["recognised"] for month in found[3:])


def test_what_is_agreed_is_billed_or_still_to_come(billing: Service, tenant: str) -> None:
    """Usage is billed as well, and is in no contract; a bill that waits for its usage is still to come."""
    room = Room(billing, tenant)
    room.live_until("2031-02-10")
    december, january = mapping(room, "2030-12"), mapping(room, "2031-01")
    assert december["booked"] == december["forecast"] == 12 * 150_000
    assert (january["booked"], january["billed"], january["forecast"]) == (0, 150_000, 11 * 150_000)
    february = mapping(room, "2031-02")
    usage = sum(
        line["amount_minor"] for i in room.invoices() for line in i["lines"] if line["kind"] in ("usage", "true_up")
    )
    assert usage and february["billed"] == 150_000 + usage
    assert february["recognised"] == 150_000 + usage and february["deferred"] == 0
    assert february["forecast"] == 10 * 150_000


def test_a_bill_that_waits_is_still_to_come(billing: Service, tenant: str) -> None:
    room = Room(billing, tenant)
    with room.engine.begin() as tx:
        room.request_bill(tx)
    assert [invoice["status"] for invoice in room.invoices()] == []
    assert mapping(room, "2031-02")["forecast"] == 12 * 150_000


def unbilled(room: Room, day: str) -> tuple[int, int, int, int]:
    answer = room.client.get("/v1/revenue/unbilled", params={"at": day})
    assert answer.status_code == 200, answer.text
    told = answer.json()
    [found] = [*told["classes"], *[{}] * (not told["classes"])]
    sums = (found.get(f"{name}_minor", 0) for name in ("flat", "usage", "unbilled"))
    flat, usage, whole = sums
    return flat, usage, whole, told["open_usage_periods"]


def test_what_is_earned_and_on_no_invoice_yet_is_what_the_next_invoice_bills(billing: Service, tenant: str) -> None:
    """1,500 a month when the month is over, and usage."""
    arrears = FEE | {"in_advance": False}
    room = Room(billing, tenant, prices={"USD": [arrears, DEPARTURES]}, minimums={})
    assert unbilled(room, "2030-12-31") == (0, 0, 0, 0)
    room.live_until("2031-01-11")
    assert unbilled(room, "2031-01-10") == (48_387, 0, 48_387, 1)  # 10 days of 31
    room.live_until("2031-02-02")
    invoice = room.one(issued_on="2031-02-01")
    assert unbilled(room, "2031-01-31") == (150_000, 1_057_500, 1_207_500, 0)
    assert invoice["subtotal_minor"] == 1_207_500
    assert unbilled(room, "2031-02-01") == (5_357, 0, 5_357, 1)  # a day of 28


def test_what_was_used_in_a_running_period_is_unbilled_as_far_as_usage_has_told_it(
    billing: Service, tenant: str
) -> None:
    """Also of a day that is past, and nothing of the day after; the closing takes its place."""
    room = Room(billing, tenant, prices={"USD": [FEE, DEPARTURES]}, minimums={})
    room.live_until("2031-01-06")
    answer = room.client.get("/v1/revenue/unbilled", params={"at": "2031-01-05"}).json()
    assert (answer["open_usage_periods"], answer["told_usage_periods"], answer["told_to"]) == (1, 0, None)
    days = (
        datetime(2031, 1, 4, 9, tzinfo=UTC),
        datetime(2031, 1, 4, 20, tzinfo=UTC),
        datetime(2031, 1, 5, 9, tzinfo=UTC),
    )
    for sequence, (at, departures) in enumerate(zip(days, (10, 40, 400), strict=True), start=1):
        room.advance_usage(at, departures, sequence)
    earlier, later = (
        room.client.get("/v1/revenue/unbilled", params={"at": day}).json() for day in ("2031-01-04", "2031-01-05")
    )
    [before], [after] = earlier["classes"], later["classes"]
    assert (earlier["told_from"], later["told_to"]) == ("2031-01-04T20:00:00Z", "2031-01-05T09:00:00Z")
    assert (later["open_usage_periods"], later["told_usage_periods"]) == (1, 1)
    assert 0 < before["running_usage_minor"] < after["running_usage_minor"] == after["unbilled_minor"]
    room.close_usage(sequence=4)
    room.live_until("2031-02-02")
    [line] = [line for i in room.invoices() for line in i["lines"] if line["kind"] == "usage"]
    assert after["running_usage_minor"] == line["amount_minor"], "the same 400 departures"


def test_of_a_period_that_is_billed_only_the_last_total_of_a_month_stays_after_a_while(
    billing: Service, tenant: str
) -> None:
    room = Room(billing, tenant, prices={"USD": [FEE, DEPARTURES]}, minimums={})
    room.live_until("2031-01-06")
    room.advance_usage(datetime(2031, 1, 4, 9, tzinfo=UTC), 40, 1)
    room.advance_usage(datetime(2031, 1, 5, 9, tzinfo=UTC), 400, 2)
    told = [running_at(room, day) for day in ("2031-01-04", "2031-01-05")]
    tell_other_period(room, datetime(2031, 4, 20, tzinfo=UTC))
    assert thinned(room) == told, "it is not billed"
    room.close_usage(sequence=3)
    room.live_until("2031-02-02")
    assert thinned(room) == [0, told[1]] and 0 < told[0] < told[1]


def test_what_usage_told_of_a_billed_period_stays_for_two_months(billing: Service, tenant: str) -> None:
    room = Room(billing, tenant, prices={"USD": [FEE, DEPARTURES]}, minimums={})
    room.live_until("2031-01-06")
    room.advance_usage(datetime(2031, 1, 4, 9, tzinfo=UTC), 40, 1)
    room.advance_usage(datetime(2031, 1, 5, 9, tzinfo=UTC), 400, 2)
    room.close_usage(sequence=3)
    room.live_until("2031-02-02")
    told = [running_at(room, day) for day in ("2031-01-04", "2031-01-05")]
    tell_other_period(room, datetime(2031, 3, 7, tzinfo=UTC))
    assert thinned(room) == told and 0 < told[0] < told[1]


def running_at(room: Room, day: str) -> int:
    classes = room.client.get("/v1/revenue/unbilled", params={"at": day}).json()["classes"]
    return sum(each["running_usage_minor"] for each in classes)


def tell_other_period(room: Room, at: datetime) -> None:
    """Usage goes on telling of others."""
    with room.billing.background.relay.engine.begin() as tx:
        unit = UnitOfWork(Session(tx, create_store()), Cause(room.tenant_id, at, at, {}))
        running_usage.tell(unit, uuid4(), (), date(at.year, at.month, at.day))


def thinned(room: Room) -> list[int]:
    """What is known of the two days after the worker's turn."""
    [thinning] = [loop for loop in room.billing.background.loops() if loop.name == "thinning"]
    thinning.step()
    return [running_at(room, day) for day in ("2031-01-04", "2031-01-05")]
