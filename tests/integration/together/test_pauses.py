"""A pause in all four services: rights rest and come back, money leaves its days out, the renewal moves along."""

from __future__ import annotations

from datetime import UTC, datetime

from tests.integration.together.company import Company

NOON = datetime(2031, 1, 11, 12, tzinfo=UTC)
REASON = {"reason": "building works"}


def test_a_pause_rests_the_rights_and_leaves_its_days_out_of_the_money(company: Company) -> None:
    subscription = company.sell(quantity=10)
    company.move(NOON)
    path = f"/v1/subscriptions/{subscription}"
    paused = company.post("billing", f"{path}/pause", REASON | {"until": "2031-02-15", "extend": True})
    assert (paused["status"], paused["pauses"][0]["resumed_on"]) == ("paused", None)
    company.settle()
    denied = company.access()
    assert (denied["allowed"], denied["reason"]) == (False, "hold:paused")
    assert [(link["what"], link["name"]) for link in denied["because"]] == [
        ("pause", "building works"),
        ("hold", "paused"),
    ]
    company.call("during", "2031-01-20T10:00:00Z", 300)
    company.move(datetime(2031, 2, 2, tzinfo=UTC))
    resumed = company.post("billing", f"{path}/resume")
    assert (resumed["status"], resumed["pauses"][0]["resumed_on"]) == ("active", "2031-02-02")
    assert resumed["terms"][0]["ends_on"] == "2032-01-23"  # 22 days later
    company.settle()
    assert company.access()["allowed"]
    first, february, rest = company.invoices()
    # 21 of 31 days of ten seats at 31.00 back, with the tax on them; then 27 of 28 days
    assert [(note["amount_minor"], note["reason"]) for note in first["credit_notes"]] == [(25_200, "paused")]
    assert [(line["charge"], line["amount_minor"]) for line in february["lines"]] == [("calls", 300)]
    assert [(line["charge"], line["amount_minor"]) for line in rest["lines"]] == [("seats", 29_893)]
    (right,) = company.get("entitlement", "/v1/entitlements")["items"]
    assert (right["status"], right["ends_at"]) == ("active", "2032-01-23T00:00:00Z")
    (opportunity,) = company.get("renewals", "/v1/opportunities", state="tracked")["items"]
    assert opportunity["due_on"] == "2032-01-22"
    company.assert_proved()
    assert company.clients["billing"].post(f"{path}/resume").status_code == 409
    refused = company.clients["billing"].post(f"{path}/pause", json=REASON | {"until": "2032-01-23"})
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/until")
