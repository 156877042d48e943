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
    foreseen = company.post("billing", f"{path}/pause/preview", REASON | {"until": "2031-02-02"})
    assert [credit["total_minor"] for credit in foreseen["credits"]] == [25_200]
    assert [(bill["billing_on"], bill["subtotal_minor"], bill["metered"]) for bill in foreseen["bills"]] == [
        ("2031-02-01", 0, ["calls"]),
        ("2031-02-02", 29_893, []),
    ]
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
    rested = {("2031-01-10", "2031-01-20"): [0, 0, -372_000, 0], ("2031-01-20", "2031-02-02"): [0, 0, 0, 372_000]}
    for (first_day, last_day), moved in rested.items():
        (found,) = company.get("billing", "/v1/revenue/recurring", **{"from": first_day, "to": last_day})["currencies"]
        assert [found[f"{name}_minor"] for name in ("new", "churn", "paused", "resumed")] == moved
    assert company.clients["billing"].post(f"{path}/resume").status_code == 409
    company.pay_everything()
    refused = company.clients["billing"].post(f"{path}/pause", json=REASON | {"until": "2032-01-23"})
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/until")


def test_who_owes_for_long_pauses_nothing_and_may_leave(company: Company) -> None:
    path = f"/v1/subscriptions/{company.sell(quantity=10)}"
    company.move(datetime(2031, 1, 30, tzinfo=UTC))
    refused = company.clients["billing"].post(f"{path}/pause", json=REASON)
    assert (refused.status_code, refused.json()["title"]) == (409, "restricted")
    company.pay_everything()
    assert company.post("billing", f"{path}/pause", REASON)["status"] == "paused"
    company.settle()
