"""A transfer in all four services: each customer owes, uses and renews what is theirs, and the contract is one."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from tests.integration.together.company import Company

NOON = datetime(2031, 1, 11, 12, tzinfo=UTC)
TO_GLOBEX = {"customer": "globex", "on": "2031-01-21"}


def lines(invoices: list[Any]) -> list[tuple[str, str, str, int]]:
    found = [
        (i["customer"], i["issued_on"], line["charge"], line["amount_minor"]) for i in invoices for line in i["lines"]
    ]
    return sorted(found)


def test_each_customer_owes_uses_and_renews_what_is_theirs(company: Company) -> None:
    company.put("billing", "/v1/customers/globex", {"name": "Globex", "zone": "Asia/Tokyo", "currency": "EUR"})
    company.put("billing", "/v1/customers/kaiju", {"name": "Kaiju", "zone": "Asia/Tokyo", "currency": "JPY"})
    subscription = company.sell(quantity=10)
    company.move(NOON)
    company.call("before", "2031-01-10T10:00:00Z", 1000)
    path = f"/v1/subscriptions/{subscription}"
    billing = company.clients["billing"]
    refused = billing.post(f"{path}/transfer", json=TO_GLOBEX | {"customer": "kaiju"})
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/customer")
    foreseen = company.post("billing", f"{path}/transfer/preview", TO_GLOBEX)
    assert [credit["net_minor"] for credit in foreseen["before"]["credits"]] == [11_000]
    assert [bill["subtotal_minor"] for bill in foreseen["after"]["bills"]] == [11_000]
    agreed = company.post("billing", f"{path}/transfer", TO_GLOBEX)
    assert (agreed["status"], agreed["transfer"]["has_taken_effect"]) == ("active", False)
    company.move(datetime(2031, 1, 21, tzinfo=UTC))
    gone = company.get("billing", path)
    after = company.get("billing", f"/v1/subscriptions/{gone['transfer']['subscription_id']}")
    assert (gone["status"], after["status"]) == ("transferred", "active")
    assert (after["customer"], after["zone"], after["terms"][0]["ends_on"]) == ("globex", "UTC", "2032-01-01")
    assert after["transferred_from"] == {"customer": "acme", "subscription_id": subscription}

    denied = company.access()
    assert (denied["allowed"], denied["reason"]) == (False, "transferred")
    assert [link["what"] for link in denied["because"]] == ["transfer", "successor"]
    (right,) = company.get("entitlement", "/v1/entitlements", account="globex")["items"]
    assert (right["entitlement_id"], right["starts_at"]) == (denied["because"][1]["id"], "2031-01-21T00:00:00Z")
    assert company.access("globex")["allowed"]

    company.call("late", "2031-01-15T10:00:00Z", 200)
    company.call("after", "2031-01-25T10:00:00Z", 500, subject="globex")
    company.call("by its old name", "2031-01-26T10:00:00Z", 30, subject=str(UUID(subscription.removeprefix("sub_"))))
    company.move(datetime(2031, 2, 6, tzinfo=UTC))
    assert lines(company.invoices()) == [
        ("acme", "2031-01-01", "seats", 31_000),
        ("acme", "2031-01-21", "calls", 200),
        ("acme", "2031-01-21", "calls", 1_000),
        ("globex", "2031-01-21", "seats", 11_000),
        ("globex", "2031-02-01", "calls", 530),
        ("globex", "2031-02-01", "seats", 31_000),
    ]
    (note,) = company.invoices()[0]["credit_notes"]
    assert (note["amount_minor"], note["reason"]) == (13_200, "transferred")
    assert [hold["hold"] for hold in company.get("entitlement", "/v1/holds", account="acme")["items"]] == ["dunning"]
    assert company.access("globex")["allowed"]  # what acme owes is theirs

    chances = [
        o for s in ("superseded", "tracked") for o in company.get("renewals", "/v1/opportunities", state=s)["items"]
    ]
    assert [(o["customer"], o["state"], o["base_minor"], o["due_on"]) for o in chances] == [
        ("acme", "superseded", 372_000, "2031-12-31"),
        ("globex", "tracked", 372_000, "2031-12-31"),
    ]
    moved = company.get("billing", "/v1/revenue/recurring", **{"from": "2031-01-10", "to": "2031-02-05"})["currencies"]
    assert [(m["arr_minor"], m["new_minor"], m["churn_minor"], m["subscriptions"]) for m in moved] == [
        (372_000, 0, 0, 1)
    ]
    for id_ in (subscription, after["subscription_id"]):
        assert company.get("billing", f"/v1/subscriptions/{id_}/conformance")["conforms"]
    company.assert_proved()
    assert billing.post(f"{path}/transfer", json=TO_GLOBEX).status_code == 409
