"""A year that was invoiced in advance, amended in April and cancelled in September: every month closes, and nothing is left."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from services.billing.projections.books.books import CHECKS
from shared.ids import shown
from tests.integration.billing.room import Room
from tests.integration.billing.shop import DEPARTURES
from tests.integration.billing.test_reconciliation import told
from tests.integration.billing.test_revenue import YEARLY, mapping, months
from tests.support.house import Service, settle

# Of 365 days of 10,000.00 and of 20,000.00: what is left from 16 April and from 11 September on.
APRIL, SEPTEMBER = 712_329, 613_699


@pytest.fixture
def room(billing: Service, tenant: str) -> Room:
    return Room(billing, tenant, prices={"USD": [YEARLY, DEPARTURES | {"tax_rates": []}]}, minimums={}, every="year")


def say(room: Room, what: str, **how: Any) -> None:
    """By somebody who owes nothing: who is restricted cannot amend."""
    for invoice in room.invoices():
        if invoice["open_minor"]:
            room.pay(invoice)
    answer = room.client.post(f"/v1/subscriptions/{shown('sub', room.subscription_id)}/{what}", json=how)
    assert answer.is_success, answer.text
    settle([room.billing])


def flat(found: dict[str, Any]) -> tuple[int, int]:
    return found["booked"], found["forecast"]


def test_every_month_closes_and_revenue_ends_with_the_use(room: Room) -> None:
    room.live_until("2031-04-16")
    say(room, "amendments", quantity=2)
    room.live_until("2031-07-01")
    say(room, "cancellation", effective="date", on="2031-09-11", reason="budget_lost")
    assert flat(mapping(room, "2031-04")) == (APRIL, 0)
    assert flat(mapping(room, "2031-07")) == (-SEPTEMBER, -SEPTEMBER), "agreed in July, to be credited in September"
    room.live_until("2031-12-31")
    usage = sum(line["amount_minor"] for i in room.invoices() for line in i["lines"] if line["kind"] == "usage")
    found = [mapping(room, month) for month in ("2030-12", *months())]
    for before, after in pairwise(month for month in found if month):
        assert after["deferred_before"] == before["deferred"]
        assert after["deferred"] == after["deferred_before"] + after["billed"] - after["recognised"]
    january, april, september = found[1], found[4], found[9]
    assert (january["billed"], april["billed"]) == (1_000_000, APRIL)
    assert september["billed"] == usage - SEPTEMBER
    assert (september["deferred"], september["forecast"]) == (0, 0)
    assert not any(month.get("recognised") for month in found[10:])
    assert sum(month.get("recognised", 0) for month in found) == 1_000_000 + APRIL - SEPTEMBER + usage


def test_documents_agree_with_the_ledger_and_follow_from_the_log(room: Room) -> None:
    room.live_until("2031-04-16")
    say(room, "amendments", quantity=2)
    room.live_until("2031-05-02")
    assert room.client.post("/v1/accounting-periods/2031-04/close").is_success
    room.live_until("2031-09-11")
    say(room, "cancellation", reason="budget_lost")
    room.live_until("2031-12-31")
    said = [told(room.client, month) for month in months()]
    assert [(month["closes"], month["off"]) for month in said] == [(True, [])] * 12
    assert room.client.post("/v1/ledger/verify", json={}).json()["broken"] == []
    assert room.billing.background.books.count() == dict.fromkeys(CHECKS, 0)
    assert room.verified()


def test_recurring_revenue_grows_with_the_amendment_and_ends_with_the_cancellation(room: Room) -> None:
    room.live_until("2031-04-16")
    say(room, "amendments", quantity=2)
    room.live_until("2031-09-11")
    say(room, "cancellation", reason="budget_lost")

    def moved(start: str, end: str) -> tuple[int, int, int, int]:
        days = {"from": start, "to": end}
        [found] = room.client.get("/v1/revenue/recurring", params=days).json()["currencies"]
        return found["arr_before_minor"], found["arr_minor"], found["expansion_minor"], found["churn_minor"]

    assert moved("2031-04-01", "2031-04-15") == (1_000_000, 1_000_000, 0, 0)
    assert moved("2031-04-01", "2031-04-30") == (1_000_000, 2_000_000, 1_000_000, 0)
    assert moved("2031-09-01", "2031-09-30") == (2_000_000, 0, 0, -2_000_000)
