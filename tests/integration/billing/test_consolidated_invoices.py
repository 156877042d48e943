"""A customer with one invoice a day: what stands on it, who owes what of it, and that it follows from the log."""

from __future__ import annotations

from copy import copy
from datetime import UTC, datetime
from typing import Any

import pytest

from services.billing.store import READ_MODELS, create_store
from shared.ids import shown
from shared.rebuild import rebuild
from tests.integration.billing.room import Room
from tests.integration.billing.shop import CUSTOMER, DEPARTURES, Shop
from tests.integration.billing.till import OWED, Till
from tests.support.house import Service, settle


@pytest.fixture
def till(billing: Service, tenant: str) -> Till:
    """Three subscriptions of one customer, who asked for one invoice a day from the year on."""
    till = Till(billing, tenant)
    for order in ("PO-2", "PO-3"):
        line = {"plan": "fee-only", "starts_on": "2013-01-01"}
        quote = till.post("/v1/quotes", customer="vx", lines=[line])
        till.post(f"/v1/quotes/{quote['quote_id']}/submit")
        sent = till.post(f"/v1/quotes/{quote['quote_id']}/send")
        till.post("/v1/quote-acceptances", token=sent["acceptance_token"], name="V. X.", purchase_order=order)
    settle([billing])
    return till


def choose(till: Till, mode: str, day: str) -> Any:
    customer = {"name": "VX", "invoicing": {"mode": mode, "effective_on": day}}
    return till.client.put("/v1/customers/vx", json=customer)


def of_subscription(till: Till, subscription: str) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = till.client.get("/v1/invoices", params={"subscription_id": subscription}).json()[
        "items"
    ]
    return listed


def dunned(till: Till, **wanted: str) -> list[str]:
    return [each["subscription_id"] for each in till.client.get("/v1/dunning", params=wanted).json()["items"]]


def steps(till: Till) -> dict[str, tuple[str, int]]:
    """By subscription: the step, and what was owed when it was reached."""
    listed = till.client.get("/v1/dunning").json()["items"]
    owed = {each["subscription_id"]: each["history"][-1]["invoices"] for each in listed}
    return {each["subscription_id"]: (each["step"], _open(owed[each["subscription_id"]])) for each in listed}


def _open(debts: list[dict[str, Any]]) -> int:
    return sum(debt["open_minor"] for debt in debts)


def bill_run(till: Till, day: str) -> tuple[Any, ...]:
    told = till.client.get(f"/v1/bill-runs/{day}").json()
    return told["status"], told["waiting"], told["issued"], {each["reason"] for each in told["unissued"]}


def test_the_bills_of_a_day_are_one_invoice_and_one_debt_of_three_subscriptions(till: Till) -> None:
    assert choose(till, "consolidated", "2013-01-01").json()["invoicing"]["mode"] == "consolidated"
    till.until("2013-01-01T17:00:00+00:00")
    assert bill_run(till, "2013-01-01") == ("waiting", 3, 0, {"the day of the customer is not over"})
    till.until("2013-01-02T06:00:00+00:00")
    assert bill_run(till, "2013-01-01")[:3] == ("done", 0, 3)
    invoice = till.invoice()
    ids = [each["subscription_id"] for each in invoice["subscriptions"]]
    assert (len(ids), invoice["subscription_id"], invoice["total_minor"]) == (3, None, 3 * OWED)
    assert {each["purchase_order"] for each in invoice["subscriptions"]} == {None, "PO-2", "PO-3"}
    assert [line["subscription_id"] for line in invoice["lines"]] == ids
    path = f"/v1/invoices/{invoice['invoice_id']}"
    assert till.client.post(f"{path}/verify").json()["equal"]
    assert till.client.get(f"{path}/lines/2/explain").json()["subscription_id"] == ids[1]
    for id_ in ids:
        assert [each["number"] for each in of_subscription(till, id_)] == ["INV-000001"]
        told = till.client.get(f"/v1/subscriptions/{id_}/conformance").json()
        assert told["conforms"] and [len(each["lines"]) for each in told["invoices"]] == [1]
    till.until("2013-01-25T06:00:00+00:00")
    reached = steps(till)
    assert set(reached) == set(ids) and {owed for _, owed in reached.values()} == {OWED}
    till.pay(100_000, invoice="INV-000001")
    till.until("2013-02-16T06:00:00+00:00")
    suspended = steps(till)
    assert {step for step, _ in suspended.values()} == {"suspended"}
    assert dunned(till, customer=invoice["customer"], subscription_id=ids[0]) == [ids[0]]
    assert dunned(till, customer=invoice["customer"], step="clear") == dunned(till, customer="nobody") == []
    assert sorted(owed for _, owed in suspended.values()) == [116_666, 116_667, 116_667]
    till.pay(3 * OWED - 100_000, invoice="INV-000001")
    settle([till.billing])
    assert {step for step, _ in steps(till).values()} == {"clear"}
    till.check_books()


def test_who_leaves_is_credited_on_it_and_who_chooses_otherwise_has_invoices_of_their_own(till: Till) -> None:
    choose(till, "consolidated", "2013-01-01")
    till.until("2013-01-10T17:00:00+00:00")
    leaving = till.invoice()["subscriptions"][0]["subscription_id"]
    till.post(f"/v1/subscriptions/{leaving}/cancellation", reason="closed")
    settle([till.billing])
    (note,) = till.invoice()["credit_notes"]
    assert {line["subscription_id"] for line in note["lines"]} == {leaving}
    assert till.client.post(f"/v1/invoices/{till.invoice()['invoice_id']}/verify").json()["equal"]
    refused = choose(till, "per_subscription", "2013-01-10")
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/invoicing/effective_on")
    changed = choose(till, "per_subscription", "2013-03-01").json()
    assert [each["mode"] for each in changed["invoicing_before"]] == ["consolidated"]
    before = till.client.get("/v1/customers/vx", params={"known_at": "2013-01-10T06:00:00Z"}).json()
    assert before["invoicing"] == {"mode": "consolidated", "effective_on": "2013-01-01"}
    till.until("2013-03-02T06:00:00+00:00")
    assert [len(till.invoice(number)["lines"]) for number in (1, 2, 3, 4)] == [3, 2, 1, 1]
    till.check_books()


@pytest.fixture
def rooms(billing: Service, tenant: str) -> tuple[Room, Room]:
    """Two subscriptions with usage; their bills of February are one invoice."""
    first = Room(billing, tenant)
    shop = Shop(billing, tenant)
    shop.accept(shop.send(shop.draft()["quote_id"])["acceptance_token"])
    settle([billing])
    second = copy(first)
    listed = first.client.get("/v1/subscriptions").json()["items"]
    (second.subscription_id,) = {Room.uuid(each["subscription_id"]) for each in listed} - {first.subscription_id}
    path = f"/v1/subscriptions/{shown('sub', second.subscription_id)}/usage-periods"
    (period,) = first.client.get(path).json()["items"]
    second.period_id = Room.uuid(period["period_id"])
    invoicing = {"mode": "consolidated", "effective_on": "2031-01-01"}
    assert first.client.put("/v1/customers/F9", json=CUSTOMER | {"invoicing": invoicing}).status_code == 200
    first.live_until("2031-02-01")
    return first, second


def test_it_waits_for_all_usage_and_late_usage_corrects_the_subscription_that_it_is_of(
    rooms: tuple[Room, Room],
) -> None:
    first, second = rooms
    waiting = first.client.get("/v1/bill-runs/2031-02-01").json()
    assert (waiting["waiting"], waiting["issued"]) == (2, 0)
    second.close_usage()
    first.live_until("2031-02-02")
    original = first.one(issued_on="2031-02-01")
    assert (original["subtotal_minor"], len(original["lines"])) == (2 * 1_207_500, 4)
    second.revise_usage(datetime(2031, 2, 12, 5, tzinfo=UTC), JFK=410)
    more = first.one(kind="correction")
    assert (Room.uuid(more["subscription_id"]), more["subtotal_minor"]) == (second.subscription_id, 15_750)
    assert Room.uuid(more["lines"][0]["subscription_id"]) == second.subscription_id
    second.revise_usage(datetime(2031, 2, 13, 5, tzinfo=UTC), revision=2, JFK=390)
    first.revise_usage(datetime(2031, 2, 13, 5, tzinfo=UTC), JFK=399)
    notes = first.one(issued_on="2031-02-01")["credit_notes"]
    owners = [{Room.uuid(line["subscription_id"]) for line in note["lines"]} for note in notes]
    assert owners == [{second.subscription_id}, {first.subscription_id}]
    documents = first.client.get(f"/v1/usage-periods/{shown('per', second.period_id)}/lines").json()["lines"]
    assert {each["invoice"] for each in documents} == {original["number"], more["number"]}
    usage = first.client.get("/v1/reconciliation", params={"period": "2031-01"}).json()["usage"]
    assert [(each["metered"], each["billed"]) for each in usage] == [("789", "789")]
    same = {"USD": {"departures": {"price": DEPARTURES["price"]}}}
    asked = {"plan": "gate-use", "prices": same, "since": "2031-01", "until": "2031-03"}
    told = first.client.post("/v1/what-if", json=asked).json()
    assert [each["before_minor"] for each in told["totals"]] == [net(first)]
    assert first.verified()
    compared = rebuild(first.engine, create_store(), READ_MODELS, keep=False)
    assert [c.table for c in compared if first.tenant_id in c.different_tenants] == []


def net(room: Room) -> int:
    credited = (note["amount_minor"] - note["tax_minor"] for i in room.invoices() for note in i["credit_notes"])
    return sum(invoice["subtotal_minor"] for invoice in room.invoices()) - sum(credited)
