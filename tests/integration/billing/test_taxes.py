"""Taxes by place, told over HTTP: rates are listed, quoted, billed, explained, proved, credited, and reported by month."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from services.billing.store import READ_MODELS, create_store
from shared.rebuild import rebuild
from tests.integration.billing.room import Room
from tests.integration.billing.shop import CUSTOMER, DEPARTURES, FEE, Shop
from tests.support.house import Service

RATES = {
    "US": [{"code": "federal", "rate": "0.05", "from_on": "2000-01-01"}],
    "US-NY": [
        {"code": "state", "rate": "0.04", "from_on": "2000-01-01"},
        {"code": "state", "rate": "0.06", "from_on": "2031-02-01"},
        {"code": "state", "category": "reduced", "rate": "0.02", "from_on": "2000-01-01"},
    ],
    "US-NY-NYC": [{"code": "city", "rate": "0.1", "from_on": "2000-01-01", "compound": True}],
}
PRICES = {
    "USD": [
        FEE | {"tax_rates": [], "tax_category": "standard"},
        DEPARTURES | {"tax_rates": [], "tax_category": "standard"},
    ]
}
MINIMUM = {"USD": {"code": "true_up", "name": "Minimum", "amount": "5000.00", "tax_category": "reduced"}}
CITY = CUSTOMER | {"tax_place": "US-NY-NYC", "vat_id": "de 136 695 976"}


def listed(billing: Service, tenant: str, places: dict[str, Any] = RATES) -> None:
    """Before anything is sold: a category that no place lists is in no plan."""
    client = billing.client(tenant)
    client.put("/v1/test-clock", json={"now": "2030-12-01T05:00:00Z"})
    for place, rates in places.items():
        put = client.put(f"/v1/tax-rates/{place}", json={"rates": rates})
        assert put.status_code == 200, put.text


@pytest.fixture
def room(billing: Service, tenant: str) -> Room:
    listed(billing, tenant)
    room = Room(billing, tenant, prices=PRICES, minimums=MINIMUM)
    assert room.client.put("/v1/customers/F9", json=CITY).json()["vat_id"] == "DE136695976"
    return room


def report(room: Room, period: str) -> dict[str, Any]:
    answer = room.client.get("/v1/taxes", params={"period": period})
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


def amounts(told: dict[str, Any]) -> dict[str | None, tuple[int, int]]:
    return {row["tax_rate"]: (row["taxable_minor"], row["tax_minor"]) for row in told["taxes"]}


def test_a_month_is_taxed_by_its_own_rates_explained_and_reported(room: Room) -> None:
    room.live_until("2031-01-02")
    january = room.one(number="INV-000001")
    assert january["taxes"] == {
        "US federal standard 0.05": 7_500,
        "US-NY state standard 0.04": 6_000,
        "US-NY-NYC city standard 0.1": 16_350,  # of 1,500.00 and of the 135.00 before it
    }
    room.live_until("2031-02-02")
    february = room.one(number="INV-000002")
    fee, usage = (line for line in february["lines"] if line["kind"] in ("flat", "usage"))
    assert [tax["rate"] for tax in fee["taxes"]] == ["0.05", "0.06", "0.1"]
    assert [tax["rate"] for tax in usage["taxes"]] == ["0.05", "0.04", "0.1"]
    explained = room.client.get(f"/v1/invoices/{february['invoice_id']}/lines/{fee['number']}/explain").json()
    assert explained["taxes"] == [
        "tax 0.05 federal of US on standard, in force since 2000-01-01",
        "tax 0.06 state of US-NY on standard, in force since 2031-02-01",
        "tax 0.1 city of US-NY-NYC on standard, in force since 2000-01-01, on the net and the taxes before it",
    ]
    assert room.client.put("/v1/tax-rates/US-NY", json={"rates": []}).status_code == 200
    room.revise_usage(JFK=900)
    assert room.verified()

    told = report(room, "2031-01")
    assert told["closes"] and told["payable"] == [{"currency": "USD", "tax_minor": 29_850, "ledger_minor": 29_850}]
    assert amounts(told) == {key: (150_000, tax) for key, tax in january["taxes"].items()}
    assert {row["country"] for row in told["taxes"]} == {"US"}
    later = report(room, "2031-02")
    assert later["closes"] and later["payable"][0]["tax_minor"] > 0
    credited = room.client.post(f"/v1/invoices/{january['invoice_id']}/credit-notes", json={"reason": "goodwill"})
    assert credited.status_code in (200, 201), credited.text
    (note,) = room.one(number="INV-000001")["credit_notes"]
    assert (note["taxes"], note["tax_minor"]) == (january["taxes"], 29_850)
    net = {
        key: report(room, "2031-02")["payable"][0][key] - later["payable"][0][key]
        for key in ("tax_minor", "ledger_minor")
    }
    assert net == {"tax_minor": -29_850, "ledger_minor": -29_850}
    file = room.client.get("/v1/taxes/report.csv", params={"period": "2031-01"})
    assert file.headers["content-type"].startswith("text/csv")
    assert file.text.splitlines()[1] == (
        "US,US,standard,federal,0.05,charged,US federal standard 0.05,USD,1,150000,7500"
    )


def test_postings_of_several_taxes_are_rebuilt_in_their_order(room: Room) -> None:
    """Stored events name their taxes in an order of their own."""
    room.live_until("2031-02-02")
    assert len({p["tax_rate"] for p in room.client.get("/v1/ledger/entries").json()["items"][0]["postings"]}) > 2
    compared = rebuild(room.engine, create_store(), READ_MODELS, keep=False)
    assert [c.table for c in compared if room.tenant_id in c.different_tenants] == []


def test_who_owes_the_tax_themselves_is_quoted_and_billed_none_and_reported_apart(room: Room) -> None:
    (quote,) = room.client.get("/v1/quotes").json()["items"]
    path = f"/v1/quotes/{quote['quote_id']}"
    assert room.client.get(path).json()["term"]["tax_minor"] > 0
    reversed_ = {"treatment": "reverse_charge", "reference": "DE136695976"}
    assert room.client.put("/v1/customers/F9", json=CITY | {"tax": reversed_}).status_code == 200
    term = room.client.get(path).json()["term"]
    assert (term["tax_minor"], term["net_minor"]) == (0, term["total_minor"])
    room.live_until("2031-01-02")
    assert room.one(number="INV-000001")["taxes"] == {}
    (row,) = report(room, "2031-01")["taxes"]
    wanted = {
        "treatment": "reverse_charge",
        "tax_rate": None,
        "taxable_minor": 150_000,
        "tax_minor": 0,
        "country": "US",
    }
    assert row.items() >= wanted.items()
    wrong = {"treatment": "reverse_charge", "reference": "DE136695977"}
    refused = room.client.put("/v1/customers/F9", json=CITY | {"tax": wrong})
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/tax/reference")


def test_prices_with_tax_in_them_are_what_the_customer_pays(billing: Service, tenant: str) -> None:
    listed(billing, tenant, {"DE": [{"code": "vat", "rate": "0.19", "from_on": "2000-01-01"}]})
    room = Room(billing, tenant, prices=PRICES, minimums={}, tax_inclusive=True)
    assert room.client.get("/v1/tax-rates/DE").json()["rates"][0]["category"] == "standard"
    settings = {"tax_place": "DE", "tax_rounding": "tax_per_line"}
    assert room.client.put("/v1/settings", json=settings).json()["tax_place"] == "DE"
    (quote,) = room.client.get("/v1/quotes").json()["items"]
    (planned, *_) = room.client.get(f"/v1/quotes/{quote['quote_id']}").json()["lines"][0]["first_invoices"]
    room.live_until("2031-01-02")
    invoice = room.one(number="INV-000001")
    assert (invoice["subtotal_minor"], invoice["tax_minor"], invoice["total_minor"]) == (126_050, 23_950, 150_000)
    same = ("subtotal_minor", "taxes", "tax_minor", "total_minor")
    assert {name: planned[name] for name in same} == {name: invoice[name] for name in same}
    line = invoice["lines"][0]
    assert (line["priced_minor"], line["amount_minor"], Decimal(line["residue"])) == (150_000, 126_050, 0)
    explained = room.client.get(f"/v1/invoices/{invoice['invoice_id']}/lines/1/explain").json()
    assert explained["taxes"][-1] == "150000 with tax, 126050 net"
    assert "rounded to 150000" in " ".join(explained["reading"])
    room.live_until("2031-02-02")
    room.revise_usage(JFK=37)
    assert room.verified()
    gross = [sum(line["priced_minor"] for line in invoice["lines"]) for invoice in room.invoices()]
    assert gross == [invoice["total_minor"] for invoice in room.invoices()]
    subscription = room.client.get("/v1/subscriptions").json()["items"][0]["subscription_id"]
    cancelled = {"effective": "now", "credit": "unused_time", "reason": "done"}
    assert room.client.post(f"/v1/subscriptions/{subscription}/cancellation", json=cancelled).status_code == 200
    room.live_until("2031-02-03")
    assert room.verified() and all(report(room, month)["closes"] for month in ("2031-01", "2031-02"))


def test_a_price_that_says_nothing_of_tax_is_of_the_category_of_its_product(billing: Service, tenant: str) -> None:
    shop = Shop(billing, tenant).open()
    put = shop.rita.put("/v1/products/books", json={"name": "Books", "tax_category": "reduced"})
    assert put.json()["tax_category"] == "reduced"
    listed = [{"code": "state", "category": "reduced", "rate": "0", "from_on": "2030-01-01"}]
    plan = shop.rita.get("/v1/plans/gate-use").json()
    body = {name: value for name, value in plan.items() if name not in ("plan_id", "code", "version")}
    body["prices"]["USD"][0]["tax_rates"] = []
    refused = shop.rita.put("/v1/plans/books", json=body | {"product": "books"})
    assert (refused.json()["title"], refused.json()["errors"][0]["pointer"]) == (
        "unlisted_tax_category",
        "/prices/USD/0/tax_category",
    )
    assert shop.rita.put("/v1/tax-rates/US-NY", json={"rates": listed}).status_code == 200
    published = shop.rita.put("/v1/plans/books", json=body | {"product": "books"}).json()
    fee, departures = published["prices"]["USD"]
    assert (fee["tax_category"], departures["tax_category"], departures["tax_rates"]) == ("reduced", None, ["0.08875"])
    assert published["minimums"]["USD"]["tax_category"] == "reduced"
    assert shop.rita.put("/v1/plans/books", json=body | {"product": "books"}).json()["version"] == 1


def test_a_category_and_rates_of_its_own_are_one_too_many(billing: Service, tenant: str) -> None:
    shop = Shop(billing, tenant).open()
    plan = shop.rita.get("/v1/plans/gate-use").json()
    body = {name: value for name, value in plan.items() if name not in ("plan_id", "code", "version")}
    body["prices"]["USD"][0]["tax_category"] = "standard"
    refused = shop.rita.put("/v1/plans/gate-use", json=body)
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/prices/USD/0/tax_rates")
