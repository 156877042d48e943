"""Rights that wait for money or for a purchase order, in all four services."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from shared.contracts.billing import DunningStepReachedV1
from tests.integration.together.company import Company
from tests.support.published import published


def shown(company: Company, subscription: str) -> Any:
    return company.get("billing", f"/v1/subscriptions/{subscription}")


def state(company: Company, subscription: str) -> tuple[Any, ...]:
    found = shown(company, subscription)
    return found["status"], found["payment"], found["waits_for"], found["released_at"]


def revenue(company: Company, month: str) -> dict[str, int]:
    (told,) = company.get("billing", "/v1/revenue/mapping", period=month)["classes"]
    names = ("booked_minor", "billed_minor", "recognised_minor", "deferred_minor")
    return {name: told[name] for name in names}


def pay(company: Company, minor: int) -> None:
    (invoice,) = company.invoices()
    payment = {"invoice": invoice["number"], "amount_minor": minor, "currency": "EUR"}
    company.post("billing", "/v1/payments", payment)
    company.settle()


def test_rights_that_are_paid_beforehand_begin_with_the_payment(company: Company, tenant: str) -> None:
    subscription = company.sell(quantity=10, payment="prepaid")
    (invoice,) = company.invoices()
    assert (invoice["issued_on"], invoice["due_on"], invoice["total_minor"]) == ("2030-12-01", "2030-12-15", 37_200)
    assert invoice["lines"][0]["starts_on"] == "2031-01-01"
    company.move(datetime(2031, 1, 20, tzinfo=UTC))
    assert state(company, subscription) == ("scheduled", "prepaid", "payment", None)
    assert (company.access()["allowed"], company.get("entitlement", "/v1/entitlements")["items"]) == (False, [])
    assert company.get("renewals", "/v1/opportunities", state="tracked")["items"] == []
    steps = [
        m.read(DunningStepReachedV1).step for m in published(company.services["billing"], "billing.dunning", tenant)
    ]
    assert steps == ["reminded", "warned"]  # 36 days after it was due
    pay(company, 37_199)
    assert (shown(company, subscription)["waits_for"], company.access()["allowed"]) == ("payment", False)
    pay(company, 1)
    assert state(company, subscription) == ("active", "prepaid", None, "2031-01-20T00:00:00Z")
    assert company.access()["allowed"]
    (right,) = company.get("entitlement", "/v1/entitlements")["items"]
    assert (right["status"], right["ends_at"], right["holds"]) == ("active", "2032-01-01T00:00:00Z", [])
    (opportunity,) = company.get("renewals", "/v1/opportunities", state="tracked")["items"]
    assert opportunity["due_on"] == "2031-12-31"
    company.move(datetime(2031, 2, 1, tzinfo=UTC))
    assert [invoice["issued_on"] for invoice in company.invoices()] == ["2030-12-01", "2031-02-01"]
    company.assert_proved()
    december, january = (revenue(company, month) for month in ("2030-12", "2031-01"))
    assert december == {
        "booked_minor": 372_000,
        "billed_minor": 31_000,
        "recognised_minor": 0,
        "deferred_minor": 31_000,
    }
    assert january == {"booked_minor": 0, "billed_minor": 0, "recognised_minor": 31_000, "deferred_minor": 0}
    assert company.get("billing", "/v1/reconciliation", period="2031-01")["off"] == []
    company.assert_rebuilt(tenant)


def test_who_has_paid_before_the_first_day_has_rights_on_it_and_keeps_them_when_the_bank_takes_it_back(
    company: Company,
) -> None:
    subscription = company.sell(quantity=10, payment="prepaid")
    pay(company, 37_200)
    assert state(company, subscription) == ("scheduled", "prepaid", None, "2030-12-01T00:00:00Z")
    assert not company.access()["allowed"]
    company.move(datetime(2031, 1, 1, tzinfo=UTC))
    assert (shown(company, subscription)["status"], company.access()["allowed"]) == ("active", True)
    (payment,) = company.get("billing", "/v1/payments")["items"]
    charged_back = {"reference": "bank-1", "reason": "not me"}
    company.post("billing", f"/v1/payments/{payment['payment_id']}/chargebacks", charged_back)
    company.settle()
    assert (shown(company, subscription)["status"], shown(company, subscription)["waits_for"]) == ("active", None)


@pytest.mark.parametrize("moment", ["2031-01-05T00:00:00Z", "2031-02-20T00:00:00Z"])
def test_who_gives_up_while_it_waits_owes_nothing_and_nobody_else_hears_of_it(
    company: Company, tenant: str, moment: str
) -> None:
    subscription = company.sell(quantity=10, payment="prepaid")
    for at in sorted({"2031-01-05T00:00:00Z", moment}):
        company.move(datetime.fromisoformat(at))
    path = f"/v1/subscriptions/{subscription}"
    refused = company.clients["billing"].post(f"{path}/amendments", json={"quantity": 3})
    assert (refused.status_code, refused.json()["title"]) == (409, "still_waiting")
    later = company.clients["billing"].post(f"{path}/cancellation", json={"effective": "period_end", "reason": "no"})
    assert (later.status_code, later.json()["errors"][0]["pointer"]) == (409, "/effective")
    foreseen = company.post("billing", f"{path}/cancellation/preview", {"reason": "too dear"})
    assert (foreseen["bills"], foreseen["balance_minor"]) == ([], -37_200)
    company.post("billing", f"{path}/cancellation", {"reason": "too dear"})
    company.settle()
    (invoice,) = company.invoices()
    assert (invoice["open_minor"], invoice["status"]) == (0, "credited")
    messages = published(company.services["billing"], "billing.subscriptions", tenant)
    assert [message.type for message in messages] == []
    assert company.get("entitlement", "/v1/entitlements")["items"] == []
    assert company.get("billing", "/v1/parked-messages")["items"] == []
    assert company.get("entitlement", "/v1/parked-messages")["items"] == []
    company.assert_proved()


def test_a_subscription_waits_for_the_number_of_a_purchase_order(company: Company) -> None:
    subscription = company.sell(quantity=10, payment="po")
    company.move(datetime(2031, 1, 20, tzinfo=UTC))
    assert (state(company, subscription)[:3], company.invoices()) == (("scheduled", "po", "purchase_order"), [])
    path = f"/v1/subscriptions/{subscription}/purchase-order"
    given = company.put("billing", path, {"purchase_order": "4711"})
    assert (given["status"], given["terms"][0]["purchase_order"]) == ("active", "4711")
    assert company.put("billing", path, {"purchase_order": "4711"})["version"] >= given["version"]
    other = company.clients["billing"].put(path, json={"purchase_order": "4712"})
    assert (other.status_code, other.json()["title"]) == (409, "invalid_transition")
    company.settle()
    (invoice,) = company.invoices()
    assert (invoice["issued_on"], invoice["purchase_order"]) == ("2031-01-20", "4711")
    assert (invoice["lines"][0]["starts_on"], invoice["subtotal_minor"]) == ("2031-01-01", 31_000)
    assert company.access()["allowed"]
    company.assert_proved()


def test_a_rule_of_payment_is_refused_where_it_means_nothing(company: Company) -> None:
    client = company.clients["billing"]
    for line in ({"trial_days": 14}, {"payment": "later"}):
        body = {"plan": "team", "starts_on": "2031-01-01", "payment": "prepaid"} | line
        refused = client.post("/v1/quotes", json={"customer": "acme", "lines": [body]})
        pointer = refused.json()["errors"][0]["pointer"]
        assert (refused.status_code, pointer) == (422, "/lines/0/payment"), refused.text
