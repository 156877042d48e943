"""A plan includes credit every month: it pays what is priced in its units, rolls over in part, and goes with its invoice."""

from __future__ import annotations

from typing import Any

import pytest

from services.billing.projections.books.books import CHECKS
from services.billing.store import READ_MODELS, create_store
from shared.rebuild import rebuild
from tests.integration.billing.room import Room
from tests.integration.billing.shop import DEPARTURES, FEE
from tests.support.house import Service

TOKEN = {"code": "token", "unit_amount": "0.01"}
INCLUDED = TOKEN | {"quantity": "10000", "keep_days": 10, "rollover_percent": "50", "rollover_limit": "2500"}
IN_TOKENS = DEPARTURES | {"price": {"model": "per_unit", "unit_amount": "10", "credit": TOKEN}}


@pytest.fixture
def room(billing: Service, tenant: str) -> Room:
    """Each month 10,000 tokens are included, and the 400 departures of a month cost 4,000 of them."""
    prices = {"USD": [FEE | {"includes": INCLUDED}, IN_TOKENS]}
    return Room(billing, tenant, prices=prices, minimums={})


def wallets(room: Room) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = room.client.get("/v1/wallets").json()["items"]
    return sorted(listed, key=lambda wallet: str(wallet["covers_from"]))


def account(room: Room, name: str, day: str) -> int:
    listed = room.client.get("/v1/ledger/balances", params={"at": day}).json()["balances"]
    return sum(each["balance_minor"] for each in listed if each["account"] == name)


def check_books(room: Room) -> None:
    assert room.billing.background.books.count() == dict.fromkeys(CHECKS, 0)
    compared = rebuild(room.engine, create_store(), READ_MODELS, keep=False)
    assert {c.table for c in compared if room.tenant_id in c.different_tenants} == set()
    assert room.verified()


def test_a_month_of_tokens_pays_its_usage_and_half_of_the_rest_goes_to_the_next(room: Room) -> None:
    room.live_until("2031-02-03")
    january, february = wallets(room)
    first, second = room.one(issued_on="2031-01-01"), room.one(issued_on="2031-02-01")
    assert (january["invoice_id"], february["invoice_id"]) == (first["invoice_id"], second["invoice_id"])
    assert (first["credit"], [c["wallet_id"] for c in second["credit"]]) == ([], [january["wallet_id"]])
    assert [c["amount_minor"] for c in second["credit"]] == [4_000]
    assert (january["balance_minor"], january["expires_on"]) == (6_000, "2031-02-11")
    assert (february["granted_minor"], february["covers_from"], february["covers_to"]) == (
        10_000,
        "2031-02-01",
        "2031-03-01",
    )
    usage = next(line for line in second["lines"] if line["kind"] == "usage")
    explained = room.client.get(f"/v1/invoices/{second['invoice_id']}/lines/{usage['number']}/explain").json()
    assert "40.00 USD of it paid with credit of Platform fee when it was issued" in explained["reading"]
    check_books(room)

    room.live_until("2031-02-12")
    january, february = wallets(room)
    assert (january["status"], january["expired_minor"], january["rolled_over_minor"]) == ("expired", 3_500, 2_500)
    assert (february["balance_minor"], february["received_minor"]) == (12_500, 2_500)
    assert account(room, "breakage", "2031-02-12") == -3_500
    assert account(room, "prepaid_credit", "2031-02-12") == -12_500
    assert account(room, "included_credit", "2031-02-12") == 20_000
    told = room.client.get("/v1/reconciliation", params={"period": "2031-02"}).json()
    assert (told["closes"], told["off"]) == (True, [])
    check_books(room)


def test_credit_goes_with_the_invoice_that_charged_for_it(room: Room) -> None:
    room.live_until("2031-01-02")
    [invoice] = room.invoices()
    assert room.client.post(f"/v1/invoices/{invoice['invoice_id']}/void", json={"reason": "wrong"}).status_code == 200
    [wallet] = wallets(room)
    assert (wallet["status"], wallet["revoked_minor"]) == ("spent", 10_000)
    assert account(room, "included_credit", "2031-01-31") == 0
    check_books(room)


def test_who_cancels_keeps_the_credit_of_the_days_that_were_used(room: Room) -> None:
    room.live_until("2031-01-11")
    [invoice] = room.invoices()
    path = f"/v1/subscriptions/{invoice['subscription_id']}/cancellation"
    asked = {"effective": "date", "on": "2031-01-11", "credit": "unused_time", "reason": "closed"}
    answer = room.client.post(path, json=asked)
    assert answer.is_success, answer.text
    room.live_until("2031-01-12")
    [wallet] = wallets(room)
    assert (wallet["revoked_minor"], wallet["drawn_minor"], wallet["balance_minor"]) == (6_774, 3_226, 0)
    check_books(room)


@pytest.mark.parametrize(
    ("changed", "pointer"),
    [
        ({"quantity": "0"}, "/prices/USD/0/includes/quantity"),
        ({"keep_days": 0}, "/prices/USD/0/includes/keep_days"),
        ({"rollover_percent": "101"}, "/prices/USD/0/includes/rollover_percent"),
    ],
)
def test_what_a_plan_cannot_include_is_refused(
    billing: Service, tenant: str, changed: dict[str, Any], pointer: str
) -> None:
    plan = {"name": "P", "every": "month", "term_months": 12, "net_days": 15, "features": {}}
    prices = {"USD": [FEE | {"includes": INCLUDED | changed}]}
    refused = billing.client(tenant).put("/v1/plans/p", json=plan | {"prices": prices})
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, pointer)
