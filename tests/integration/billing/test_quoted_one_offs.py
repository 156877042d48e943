"""What a quote charges once: with the first invoice of a subscription, or on an invoice of its own."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integration.billing.till import Till
from tests.support.house import Service, settle

SETUP = {
    "code": "setup",
    "description": "Set-up",
    "quantity": "2.5",
    "price": {"model": "per_unit", "unit_amount": "120.00"},
    "discount_percent": "4",
    "tax_rates": ["0.08875"],
}
SIGNS = {
    "code": "signs",
    "description": "Signs",
    "product": "signs",
    "quantity": "4",
    "price": {"model": "per_unit", "unit_amount": "25.00"},
    "delivered_on": "2013-03-10",
}
LINE = {"plan": "fee-only", "starts_on": "2013-02-01"}
NET = 28_800 + 10_000


@pytest.fixture
def till(billing: Service, tenant: str) -> Till:
    till = Till(billing, tenant)
    assert till.client.put("/v1/products/signs", json={"name": "Signs"}).status_code == 200
    till.client.put("/v1/customers/ad", json={"name": "AD", "zone": "America/New_York", "currency": "USD"})
    till.until("2013-01-02T05:00:00+00:00")
    return till


def accepted(till: Till, **said: Any) -> dict[str, Any]:
    quote = till.post("/v1/quotes", customer="ad", one_offs=[SETUP, SIGNS], **said)
    till.post(f"/v1/quotes/{quote['quote_id']}/submit")
    token = till.post(f"/v1/quotes/{quote['quote_id']}/send")["acceptance_token"]
    answer = till.post("/v1/quote-acceptances", token=token, name="A. D.")
    settle([till.billing])
    return answer | {"quote": quote}


def explained(till: Till, invoice: dict[str, Any], number: int) -> dict[str, Any]:
    told: dict[str, Any] = till.client.get(f"/v1/invoices/{invoice['invoice_id']}/lines/{number}/explain").json()
    return told


def mapped(till: Till, period: str) -> list[dict[str, Any]]:
    classes: list[dict[str, Any]] = till.client.get("/v1/revenue/mapping", params={"period": period}).json()["classes"]
    return classes


def verified(till: Till, invoice: dict[str, Any]) -> bool:
    return bool(till.client.post(f"/v1/invoices/{invoice['invoice_id']}/verify").json()["equal"])


def test_they_are_billed_with_the_first_period_as_the_quote_said_and_given_back(till: Till) -> None:
    sale = accepted(till, lines=[LINE])
    quote, [subscription] = sale["quote"], sale["subscriptions"]
    assert (quote["once"]["net_minor"], quote["once"]["discounts"]) == (NET, {"agreed": 1_200})
    assert [each["net_minor"] for each in quote["one_offs"]] == [28_800, 10_000]
    [planned, *_] = quote["lines"][0]["first_invoices"]
    till.until("2013-02-02T05:00:00+00:00")
    [invoice] = till.client.get("/v1/invoices", params={"subscription_id": subscription}).json()["items"]
    assert invoice["total_minor"] == planned["total_minor"] and len(invoice["lines"]) == 3
    told = explained(till, invoice, 2)
    assert (told["quote_id"], told["quote_version"], told["price"]["code"]) == (quote["quote_id"], 1, "setup")
    assert told["reading"] == [
        "2.5 at 120.00 above: 300.000 USD",
        "less 4 percent",
        "rounded to 28800 minor units of USD, residue 0.000000000000",
    ]
    assert verified(till, invoice)
    assert till.client.get(f"/v1/subscriptions/{subscription}/conformance").json()["conforms"]
    month = mapped(till, "2013-02")
    assert [row["deferred_minor"] for row in month if row["revenue_class"] == "new"] == [10_000]
    till.until("2013-03-15T05:00:00+00:00")
    later = till.client.get("/v1/invoices", params={"subscription_id": subscription}).json()["items"]
    assert sorted(len(each["lines"]) for each in later) == [1, 3]
    credited = till.post(f"/v1/invoices/{invoice['invoice_id']}/credit-notes", reason="not done")
    assert credited["status"] == "credited" and verified(till, invoice)
    assert till.client.get("/v1/reconciliation", params={"period": "2013-03"}).json()["off"] == []
    till.check_books()


def test_a_quote_of_them_alone_is_invoiced_on_the_day_of_its_acceptance(till: Till) -> None:
    assert till.refused("/v1/quotes", customer="ad", one_offs=[SETUP])[2] == "/net_days"
    unknown = SETUP | {"product": "lounge"}
    assert till.refused("/v1/quotes", customer="ad", one_offs=[unknown], net_days=10)[2] == "/one_offs/0/product"
    sale = accepted(till, net_days=10)
    draft = till.post("/v1/quotes", customer="ad", one_offs=[SETUP], net_days=10)
    revised = till.post(f"/v1/quotes/{draft['quote_id']}/revise", lines=[], one_offs=[SETUP, SIGNS])
    assert (revised["quote_version"], revised["net_days"], revised["term"]["net_minor"]) == (2, 10, NET)
    planned = sale["quote"]["invoice"]
    invoice = till.client.get(f"/v1/invoices/{sale['invoice_id']}").json()
    assert (sale["subscriptions"], invoice["kind"], invoice["status"]) == ([], "one_off", "issued")
    assert (invoice["issued_on"], invoice["due_on"]) == (planned["issued_on"], planned["due_on"])
    assert invoice["total_minor"] == planned["total_minor"] == sale["quote"]["term"]["total_minor"]
    assert explained(till, invoice, 1)["quote_id"] == sale["quote_id"] and verified(till, invoice)
    assert till.client.get(f"/v1/quotes/{sale['quote_id']}").json()["invoice_id"] == sale["invoice_id"]
    assert {row["revenue_class"]: row["booked_minor"] for row in mapped(till, "2013-01")} == {"new": NET}
    assert sum(row["booked_minor"] for row in mapped(till, "2013-02")) == 0
    conforms = till.client.get(f"/v1/quotes/{sale['quote_id']}/conformance").json()
    assert (conforms["conforms"], conforms["invoice"]["invoice_id"]) == (True, sale["invoice_id"])
    till.check_books()
