"""A bill run is seen while it goes on, when it was cut short, and where something holds it up."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from services.billing.messaging.timers import TIMERS
from shared.orders import Order
from shared.timers import Timer, TimerRunner
from shared.unit_of_work import UnitOfWork
from tests.integration.billing.room import Room
from tests.integration.billing.till import Till
from tests.support.house import Service, settle
from tests.support.moving_clock import put_clock


@pytest.fixture
def till(billing: Service, tenant: str) -> Till:
    """Three subscriptions, whose first bills are of 1 January 2013 in New York."""
    till = Till(billing, tenant)
    for _ in range(2):
        quote = till.post("/v1/quotes", customer="vx", lines=[{"plan": "fee-only", "starts_on": "2013-01-01"}])
        till.post(f"/v1/quotes/{quote['quote_id']}/submit")
        sent = till.post(f"/v1/quotes/{quote['quote_id']}/send")
        till.post("/v1/quote-acceptances", token=sent["acceptance_token"], name="V. X.")
    settle([billing])
    return till


def bill_run(till: Till, day: str = "2013-01-01") -> dict[str, Any]:
    answer = till.client.get(f"/v1/bill-runs/{day}")
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


def counts(told: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(told[name] for name in ("status", "due", "waiting", "parked", "issued"))


def new_year(till: Till) -> None:
    """The clock stands there, and nobody has made a bill yet."""
    with till.billing.working():
        put_clock(till.client, datetime(2013, 1, 1, 5, tzinfo=UTC))


def one_by_one(till: Till, **handlers: Any) -> TimerRunner:
    return replace(till.billing.background.timers, size=1, handlers=TIMERS | handlers)


def test_a_run_that_was_cut_short_shows_what_is_left_and_is_taken_up_by_the_next_worker(till: Till) -> None:
    assert counts(bill_run(till)) == ("planned", 3, 0, 0, 0)
    assert counts(bill_run(till, "2012-12-31")) == ("nothing", 0, 0, 0, 0)
    new_year(till)
    worker = one_by_one(till)
    for _ in range(20):
        if bill_run(till)["issued"] == 0:
            worker.step()
    cut_short = bill_run(till)
    assert counts(cut_short) == ("running", 2, 0, 0, 1)
    assert {each["state"] for each in cut_short["unissued"]} == {"due"}
    settle([till.billing])
    assert counts(bill_run(till)) == ("done", 0, 0, 0, 3)
    assert counts(bill_run(till, "2013-02-01")) == ("planned", 3, 0, 0, 0)


def test_a_bill_that_failed_is_named_with_its_reason_and_holds_up_nobody_else(till: Till) -> None:
    failing = bill_run(till)["unissued"][1]["subscription_id"]

    def bill(timer: Timer, unit: UnitOfWork) -> Iterator[Order]:
        if f"sub_{timer.subject.hex}" == failing:
            raise ValueError("out of paper")
        yield from TIMERS["bill"](timer, unit)

    new_year(till)
    worker = one_by_one(till, bill=bill)
    for _ in range(20):
        worker.step()
    over = bill_run(till)
    assert counts(over) == ("waiting", 0, 0, 1, 2)
    [parked] = over["unissued"]
    assert (parked["subscription_id"], parked["reason"]) == (failing, "ValueError: out of paper")


def test_what_waits_for_usage_names_the_periods(billing: Service, tenant: str) -> None:
    """The bill is asked for while its own timer is still to come."""
    room = Room(billing, tenant)
    with room.engine.begin() as tx:
        room.request_bill(tx)
    path = "/v1/bill-runs/2031-02-01"
    told = room.client.get(path).json()
    assert counts(told)[:4] == ("planned", 1, 1, 0)
    [waiting] = [each for each in told["unissued"] if each["state"] == "waiting"]
    assert waiting["waits_for"] == [f"per_{room.period_id.hex}"]
    room.close_usage()
    assert room.client.get(path).json()["waiting"] == 0
