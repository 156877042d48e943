"""A year of flat fees in billing alone: invoices by the clock, payments, and what happens to those who do not pay."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.house import Service, settle

FEE = {
    "code": "fee",
    "name": "Platform fee",
    "kind": "flat",
    "in_advance": True,
    "tax_rates": ["0.08875"],
    "price": {"model": "per_unit", "unit_amount": "1500.00"},
}
PLAN = {
    "name": "Fee only",
    "every": "month",
    "calendar": True,
    "term_months": 12,
    "net_days": 15,
    "prices": {"USD": [FEE]},
    "features": {"use": None},
}


@pytest.fixture
def year(billing: Service, tenant: str) -> Any:
    client = billing.client(tenant)
    client.put("/v1/test-clock", json={"now": "2012-12-01T05:00:00Z"})
    client.put("/v1/customers/vx", json={"name": "VX", "zone": "America/New_York", "currency": "USD"})
    assert client.put("/v1/plans/fee-only", json=PLAN).status_code == 200
    line = {"plan": "fee-only", "starts_on": "2013-01-01"}
    quote = client.post("/v1/quotes", json={"customer": "vx", "lines": [line]}).json()
    client.post(f"/v1/quotes/{quote['quote_id']}/submit")
    sent = client.post(f"/v1/quotes/{quote['quote_id']}/send").json()
    accepted = client.post("/v1/quote-acceptances", json={"token": sent["acceptance_token"], "name": "V. X."})
    assert accepted.status_code in (200, 201), accepted.text
    settle([billing])
    return client


def move(client: Any, billing: Service, now: str) -> None:
    billing.step()
    with_worker(billing, lambda: client.put("/v1/test-clock", json={"now": now}))
    settle([billing])


def with_worker(billing: Service, request: Any) -> None:
    """The API waits for an answer of the worker, so the worker must run meanwhile."""
    with billing.working():
        response = request()
    assert response.status_code == 200, response.text


def test_a_quote_becomes_a_subscription(year: Any) -> None:
    (subscription,) = year.get("/v1/subscriptions").json()["items"]
    assert (subscription["status"], subscription["terms"][0]["ends_on"]) == ("scheduled", "2014-01-01")
    assert subscription["terms"][0]["base_minor"] == 1_800_000


def test_each_month_is_invoiced_on_its_first_day(billing: Service, year: Any) -> None:
    move(year, billing, "2013-01-20T05:00:00Z")
    move(year, billing, "2013-02-20T05:00:00Z")
    invoices = sorted(year.get("/v1/invoices").json()["items"], key=lambda i: i["number"])
    assert [(i["number"], i["issued_on"], i["due_on"]) for i in invoices] == [
        ("INV-000001", "2013-01-01", "2013-01-16"),
        ("INV-000002", "2013-02-01", "2013-02-16"),
    ]
    assert [(i["subtotal_minor"], i["tax_minor"], i["total_minor"]) for i in invoices] == [(150000, 13313, 163313)] * 2
    assert year.post(f"/v1/invoices/{invoices[0]['invoice_id']}/verify").json()["equal"]


def test_who_does_not_pay_climbs_the_ladder_and_who_pays_leaves_it(billing: Service, year: Any) -> None:
    move(year, billing, "2013-01-31T17:00:00Z")
    move(year, billing, "2013-02-07T17:00:00Z")
    (dunning,) = year.get("/v1/dunning").json()["items"]
    steps = [(step["step"], step["reached_at"]) for step in dunning["history"]]
    assert steps == [
        ("reminded", "2013-01-17T05:00:00Z"),
        ("warned", "2013-01-23T05:00:00Z"),
        ("restricted", "2013-01-30T05:00:00Z"),
        ("suspended", "2013-02-06T05:00:00Z"),
    ]
    payment = {"invoice": "INV-000001", "amount_minor": 163313, "currency": "USD"}
    assert year.post("/v1/payments", json=payment).status_code == 201
    settle([billing])
    (dunning,) = year.get("/v1/dunning").json()["items"]
    assert dunning["step"] == "clear"


def test_nobody_pays_more_than_they_owe_or_in_another_currency(billing: Service, year: Any) -> None:
    move(year, billing, "2013-01-10T05:00:00Z")
    payment = {"invoice": "INV-000001", "amount_minor": 163314, "currency": "USD"}
    too_much = year.post("/v1/payments", json=payment)
    assert (too_much.status_code, too_much.json()["title"]) == (422, "overpayment")
    other = year.post("/v1/payments", json=payment | {"amount_minor": 1, "currency": "EUR"})
    assert (other.status_code, other.json()["title"]) == (422, "currency_mismatch")
    at_no_time = year.post("/v1/payments", json=payment | {"received_at": "9999-12-31T23:59:59-12:00"})
    assert (at_no_time.status_code, at_no_time.json()["errors"][0]["pointer"]) == (422, "/received_at")
    assert year.get("/v1/payments").json()["items"] == []


def test_a_payment_without_an_invoice_to_pay_is_refused(year: Any) -> None:
    for named, title in (
        ({"invoice": "INV-000009"}, "invoice_not_found"),
        ({"customer": "nobody"}, "customer_not_found"),
        ({}, "invoice_not_found"),
    ):
        refused = year.post("/v1/payments", json=named | {"amount_minor": 1, "currency": "USD"})
        assert (refused.status_code, refused.json()["title"]) == (404, title)


def test_a_credit_note_has_a_number_of_its_own_and_ends_dunning(billing: Service, year: Any) -> None:
    move(year, billing, "2013-01-31T17:00:00Z")
    (invoice,) = year.get("/v1/invoices").json()["items"]
    credited = year.post(f"/v1/invoices/{invoice['invoice_id']}/credit-notes", json={"reason": "goodwill"}).json()
    assert credited["status"] == "credited" and credited["credit_note"]["number"] == "INV-CN-000001"
    assert (credited["credit_note"]["amount_minor"], credited["open_minor"]) == (163313, 0)
    settle([billing])
    assert year.get("/v1/dunning").json()["items"][0]["step"] == "clear"


def test_a_void_invoice_keeps_its_number(billing: Service, year: Any) -> None:
    move(year, billing, "2013-01-10T05:00:00Z")
    (invoice,) = year.get("/v1/invoices").json()["items"]
    voided = year.post(f"/v1/invoices/{invoice['invoice_id']}/void", json={"reason": "wrong address"})
    assert (voided.json()["status"], voided.json()["number"]) == ("voided", "INV-000001")
    payment = {"invoice": "INV-000001", "amount_minor": 100, "currency": "USD"}
    refused = year.post("/v1/payments", json=payment)
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (409, "/invoice")


def test_a_term_that_nobody_renews_ends(billing: Service, year: Any) -> None:
    for month in ("02", "04", "06", "08", "10", "12"):
        move(year, billing, f"2013-{month}-02T05:00:00Z" if month != "02" else "2013-01-30T05:00:00Z")
    move(year, billing, "2014-01-02T05:00:00Z")
    (subscription,) = year.get("/v1/subscriptions").json()["items"]
    assert subscription["status"] == "expired"  # the plan names no policy: there is no way back
    assert len(year.get("/v1/invoices").json()["items"]) == 12
