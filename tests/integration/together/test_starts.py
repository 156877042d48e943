"""Subscriptions that start with an event, in all four services."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from tests.integration.together.company import PLAN, Company

EVENT = {"kind": "delivery", "on": "2031-01-20", "reference": "note 4711"}


def shown(company: Company, subscription: str) -> Any:
    return company.get("billing", f"/v1/subscriptions/{subscription}")


def test_what_starts_with_its_delivery_is_used_billed_and_renewed_from_that_day(company: Company, tenant: str) -> None:
    company.publish("team", PLAN | {"calendar": False})
    subscription = company.sell(quantity=10, starts="delivery", latest_start="2031-03-01")
    (quote,) = company.get("billing", "/v1/quotes")["items"]
    (line,) = company.get("billing", f"/v1/quotes/{quote['quote_id']}")["lines"]
    assert (line["starts"], line["starts_on"], line["first_invoices"][0]["issued_on"]) == (
        "delivery",
        "2031-01-01",
        "2031-01-01",
    )
    company.move(datetime(2031, 1, 25, 12, tzinfo=UTC))
    before = shown(company, subscription)
    assert (before["status"], before["waits_for"], before["terms"]) == ("scheduled", "start", [])
    assert (company.invoices(), company.access()["allowed"]) == ([], False)
    assert company.get("billing", f"/v1/subscriptions/{subscription}/usage-periods")["items"] == []
    company.call("1", "2031-01-19T12:00:00Z", 5)
    company.call("2", "2031-01-21T12:00:00Z", 100)
    path = f"/v1/subscriptions/{subscription}/start"
    started = company.post("billing", path, EVENT)
    assert (started["status"], started["start"], started["waits_for"]) == ("active", EVENT, None)
    assert (started["terms"][0]["starts_on"], started["terms"][0]["ends_on"]) == ("2031-01-20", "2032-01-20")
    assert company.post("billing", path, EVENT)["start"] == EVENT
    company.settle()
    (first,) = company.invoices()
    assert (first["issued_on"], first["lines"][0]["starts_on"], first["subtotal_minor"]) == (
        "2031-01-25",
        "2031-01-20",
        31_000,
    )
    assert company.access()["allowed"]
    (right,) = company.get("entitlement", "/v1/entitlements")["items"]
    assert (right["status"], right["ends_at"]) == ("active", "2032-01-20T00:00:00Z")
    (opportunity,) = company.get("renewals", "/v1/opportunities", state="tracked")["items"]
    assert opportunity["due_on"] == "2032-01-19"
    company.move(datetime(2031, 3, 2, tzinfo=UTC))
    assert [invoice["subtotal_minor"] for invoice in company.invoices()] == [31_000, 31_100]  # with 100 calls
    conformance = company.get("billing", f"/v1/subscriptions/{subscription}/conformance")
    assert conformance["conforms"] is True, conformance
    assert company.get("billing", "/v1/reconciliation", period="2031-01")["off"] == []
    assert company.get("billing", "/v1/parked-messages")["items"] == []
    company.assert_proved()
    company.assert_rebuilt(tenant)


def test_what_nobody_tells_to_start_does_so_on_its_latest_day(company: Company, tenant: str) -> None:
    subscription = company.sell(quantity=10, starts="first_activation", latest_start="2031-02-01")
    company.move(datetime(2031, 1, 31, 23, 59, tzinfo=UTC))
    assert (shown(company, subscription)["waits_for"], company.access()["allowed"]) == ("start", False)
    company.assert_rebuilt(tenant)
    company.move(datetime(2031, 2, 1, tzinfo=UTC))
    started = shown(company, subscription)
    assert started["start"] == {"kind": "latest_start", "on": "2031-02-01", "reference": None}
    assert (started["status"], started["terms"][0]["starts_on"]) == ("active", "2031-02-01")
    assert company.access()["allowed"]
    late = company.clients["billing"].post(f"/v1/subscriptions/{subscription}/start", json=EVENT)
    assert (late.status_code, late.json()["title"]) == (409, "invalid_transition")


def test_a_start_is_refused_where_it_is_not_the_one_that_was_agreed(company: Company) -> None:
    client, subscription = company.clients["billing"], company.sell(starts="delivery")
    path = f"/v1/subscriptions/{subscription}/start"
    for changed, title, pointer in (
        ({"kind": "first_activation"}, "starts_otherwise", "/kind"),
        ({"on": "2031-01-20"}, "start_out_of_reach", "/on"),  # it is December
    ):
        refused = client.post(path, json=EVENT | {"on": "2030-11-30"} | changed)
        problem = refused.json()
        assert (refused.status_code, problem["title"], problem["errors"][0]["pointer"]) == (422, title, pointer)
    for line, where in (({"payment": "po"}, "starts"), ({"latest_start": "2030-12-31"}, "latest_start")):
        body = {"plan": "team", "starts_on": "2031-01-01", "starts": "delivery"} | line
        unsold = client.post("/v1/quotes", json={"customer": "acme", "lines": [body]})
        assert (unsold.status_code, unsold.json()["errors"][0]["pointer"]) == (422, f"/lines/0/{where}")
