"""Who owes for how long, and what recurs: both at any day that was, from what was known of it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integration.billing.room import Room
from tests.support.house import Service

BUCKETS = ("not_due", "to_30_days", "to_60_days", "to_90_days", "over_90_days")


@pytest.fixture
def room(billing: Service, tenant: str) -> Room:
    """An invoice of 1,633.13 of January, due on the 16th, and one of February, due on the 16th."""
    room = Room(billing, tenant)
    room.live_until("2031-02-10")
    return room


def aged(room: Room, at: str) -> dict[str, Any]:
    answer = room.client.get("/v1/receivables/aged", params={"at": at})
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


def by_bucket(room: Room, at: str) -> dict[str, int]:
    [found] = aged(room, at)["items"]
    assert found["total_minor"] == sum(found[f"{name}_minor"] for name in BUCKETS)
    return {name: found[f"{name}_minor"] for name in BUCKETS if found[f"{name}_minor"]}


def test_what_is_owed_grows_old(room: Room) -> None:
    january, february = room.one(number="INV-000001"), room.one(number="INV-000002")
    owed = {"january": january["total_minor"], "february": february["total_minor"]}
    assert aged(room, "2030-12-31")["items"] == []
    assert by_bucket(room, "2031-01-16") == {"not_due": owed["january"]}
    assert by_bucket(room, "2031-01-17") == {"to_30_days": owed["january"]}
    assert by_bucket(room, "2031-02-15") == {"to_30_days": owed["january"], "not_due": owed["february"]}
    assert by_bucket(room, "2031-02-16") == {"to_60_days": owed["january"], "not_due": owed["february"]}
    assert by_bucket(room, "2031-04-16") == {"to_90_days": owed["january"], "to_60_days": owed["february"]}
    assert by_bucket(room, "2031-04-17") == {"over_90_days": owed["january"], "to_60_days": owed["february"]}


def test_it_is_the_balance_of_the_account_and_a_payment_takes_it_away_from_its_day_on(room: Room) -> None:
    room.pay(room.one(number="INV-000001"))
    for day in ("2031-02-09", "2031-02-10"):
        balances = room.client.get("/v1/ledger/balances", params={"at": day}).json()["balances"]
        [total] = aged(room, day)["totals"]
        assert total["total_minor"] == next(b["balance_minor"] for b in balances if b["account"] == "receivables")
    assert by_bucket(room, "2031-02-09") != by_bucket(room, "2031-02-10")
    assert list(by_bucket(room, "2031-02-10")) == ["not_due"]


def recurring(room: Room, start: str, end: str) -> dict[str, Any]:
    answer = room.client.get("/v1/revenue/recurring", params={"from": start, "to": end})
    assert answer.status_code == 200, answer.text
    [found] = answer.json()["currencies"]
    told: dict[str, Any] = found
    return told


def test_a_contract_recurs_from_the_first_day_of_its_term_to_the_last(room: Room) -> None:
    year = 12 * 150_000
    assert recurring(room, "2030-12-01", "2030-12-31")["arr_minor"] == 0
    january = recurring(room, "2031-01-01", "2031-01-31")
    assert (january["arr_before_minor"], january["arr_minor"], january["mrr_minor"]) == (0, year, 150_000)
    assert (january["new_minor"], january["churn_minor"], january["growth"]) == (year, 0, None)
    february = recurring(room, "2031-02-01", "2031-02-28")
    assert (february["arr_before_minor"], february["arr_minor"], february["growth"]) == (year, year, "0.0000")
    ended = recurring(room, "2031-12-31", "2032-01-01")
    assert (ended["arr_minor"], ended["churn_minor"], ended["subscriptions"]) == (0, -year, 0)
    refused = room.client.get("/v1/revenue/recurring", params={"from": "2031-02-01", "to": "2031-01-01"})
    assert refused.status_code == 422
