"""Invoices that no subscription asks for: from the draft to the money, or to what becomes of it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integration.billing.till import OWED, Till
from tests.support.house import Service, settle
from tests.support.published import published

AUDIT = {
    "code": "audit",
    "description": "Audit of the gates",
    "quantity": "2.5",
    "price": {"model": "per_unit", "unit_amount": "120.00"},
    "tax_rates": ["0.08875"],
}
TOTAL = 32_663  # 300.00 and 26.63 tax


@pytest.fixture
def till(billing: Service, tenant: str) -> Till:
    """VX has a subscription, AD has none."""
    till = Till(billing, tenant)
    till.client.put("/v1/customers/ad", json={"name": "AD", "zone": "America/New_York", "currency": "USD"})
    till.until("2013-01-02T05:00:00+00:00")
    return till


def drafted(till: Till, **said: Any) -> dict[str, Any]:
    form = {"customer": "ad", "lines": [AUDIT], "net_days": 10, "reason": "ordered by phone"} | said
    return till.post("/v1/invoices", **form)


def again(till: Till, invoice: dict[str, Any]) -> dict[str, Any]:
    return dict(till.client.get(f"/v1/invoices/{invoice['invoice_id']}").json())


def dunned(till: Till) -> list[tuple[str | None, str]]:
    """What is owed beside subscriptions."""
    items = till.client.get("/v1/dunning", params={"customer": "ad"}).json()["items"]
    return [(item["customer_id"], item["step"]) for item in items if item["subscription_id"] is None]


def verified(till: Till, invoice: dict[str, Any]) -> bool:
    return bool(till.client.post(f"/v1/invoices/{invoice['invoice_id']}/verify").json()["equal"])


def test_it_is_drafted_changed_issued_on_its_day_paid_and_booked(till: Till) -> None:
    draft = drafted(till, purchase_order="PO-7")
    assert (draft["kind"], draft["status"], draft["subscription_id"]) == ("one_off", "draft", None)
    assert (draft["purchase_order"], draft["total_minor"]) == ("PO-7", TOTAL)
    path = f"/v1/invoices/{draft['invoice_id']}"
    till.post(f"{path}/lines", **AUDIT | {"code": "travel", "quantity": "1", "tax_rates": [], "reason": "by train"})
    till.post(f"{path}/lines/1/adjust", by_minor=-10_000, reason="a friend of the house")
    till.until("2013-01-05T05:00:00+00:00")
    issued = till.post(f"{path}/issue")
    assert (issued["issued_on"], issued["due_on"]) == ("2013-01-05", "2013-01-15")
    assert [(e["edit"], e["command"], e["reason"]) for e in issued["edits"]] == [
        (1, "add_line", "ordered by phone"),
        (2, "add_line", "by train"),
        (3, "adjust_line", "a friend of the house"),
    ]
    told = till.client.get(f"{path}/lines/1/explain").json()
    assert (told["price"]["code"], told["quote_id"], told["subscription_id"]) == ("audit", None, None)
    assert told["reading"] == [
        "2.5 at 120.00 above: 300.000 USD",
        "rounded to 30000 minor units of USD, residue 0.000000000000",
        "adjusted by -10000 in edit 3 of the draft",
    ]
    assert verified(till, issued)
    aged = till.client.get("/v1/receivables/aged", params={"at": "2013-01-20"}).json()["items"]
    assert [row["to_30_days_minor"] for row in aged if row["customer"] == "ad"] == [issued["total_minor"]]
    payment = till.pay(issued["total_minor"], customer="ad", invoice=issued["number"])
    settle([till.billing])
    assert again(till, issued)["status"] == "paid" and dunned(till) == []
    till.until("2013-01-20T05:00:00+00:00")
    till.post(f"/v1/payments/{payment['payment_id']}/chargebacks", reference="cb-1", reason="disputed")
    settle([till.billing])
    assert (again(till, issued)["status"], [step for _, step in dunned(till)]) == ("issued", ["reminded"])
    assert till.client.get("/v1/reconciliation", params={"period": "2013-01"}).json()["off"] == []
    assert verified(till, again(till, issued))
    till.check_books()


def test_who_owes_it_is_reminded_and_warned_and_pays_a_late_fee_and_nothing_is_suspended(
    till: Till, tenant: str
) -> None:
    policy = {"late_fee": {"percent": "10", "days": 7}}
    assert till.client.put("/v1/settings", json=policy).status_code == 200
    owed = drafted(till, review_days=0)
    assert (owed["status"], owed["due_on"]) == ("issued", "2013-01-12")
    till.until("2013-01-14T05:00:00+00:00")
    assert dunned(till) == [(owed["customer_id"], "reminded")]
    till.until("2013-02-10T05:00:00+00:00")
    assert [step for _, step in dunned(till)] == ["warned"]
    [fee] = [
        i
        for i in till.client.get("/v1/invoices", params={"customer": "ad"}).json()["items"]
        if i["number"] != owed["number"]
    ]
    assert (fee["kind"], fee["total_minor"], fee["tax_minor"], fee["issued_on"]) == ("one_off", 3_266, 0, "2013-01-19")
    assert [(line["kind"], line["group"]) for line in fee["lines"]] == [("late_fee", owed["number"])]
    listed = till.client.get("/v1/invoices", params={"kind": "one_off"}).json()["items"]
    assert {invoice["number"] for invoice in listed} == {owed["number"], fee["number"]}
    assert verified(till, fee) and verified(till, owed)
    explained = till.client.get(f"/v1/invoices/{fee['invoice_id']}/lines/1/explain").json()
    assert (explained["price"], explained["edits"]) == (None, [])
    said = [
        message.type for message in published(till.billing, "billing.dunning", tenant) if "customer" in message.type
    ]
    assert said == ["billing.customer_dunning_step_reached.v1"] * 2

    till.post(f"/v1/invoices/{owed['invoice_id']}/write-off", reason="insolvent")
    till.post(f"/v1/invoices/{fee['invoice_id']}/credit-notes", reason="insolvent")
    settle([till.billing])
    assert [step for _, step in dunned(till)] == ["clear"]
    assert (again(till, owed)["status"], again(till, fee)["status"]) == ("written_off", "credited")
    till.check_books()


def test_it_is_issued_by_the_clock_charged_by_itself_and_credited(till: Till) -> None:
    profile = {"method": {"provider": "test", "token": "tok_visa"}, "autopay": True}
    assert till.client.put("/v1/customers/ad/payment-profile", json=profile).status_code == 200
    draft = drafted(till, review_days=2)
    till.until("2013-01-15T05:00:00+00:00")
    paid = again(till, draft)
    assert (paid["issued_on"], paid["due_on"], paid["status"]) == ("2013-01-04", "2013-01-14", "paid")
    credited = till.post(f"/v1/invoices/{draft['invoice_id']}/credit-notes", reason="not done")
    assert (credited["status"], credited["refundable_minor"]) == ("credited", TOTAL)
    till.check_books()


def test_what_is_wrong_is_said_and_what_is_absurd_waits_for_a_person(till: Till) -> None:
    def refused(**said: Any) -> tuple[int, str, str | None]:
        form = {"customer": "ad", "lines": [AUDIT], "net_days": 10, "reason": "ordered by phone"} | said
        return till.refused("/v1/invoices", **form)

    assert refused(customer="nobody") == (404, "customer_not_found", "/customer")
    assert refused(currency="XXY") == (422, "unknown_currency", "/currency")
    assert refused(lines=[AUDIT, AUDIT | {"tax_rates": ["2"]}]) == (422, "invalid_tax_rate", "/lines/1/tax_rates/0")
    assert refused(lines=[AUDIT | {"price": {"model": "dynamic"}}])[2] == "/lines/0/price/model"
    careful = {"name": "AD", "zone": "America/New_York", "currency": "USD", "purchase_order_required": True}
    assert till.client.put("/v1/customers/ad", json=careful).status_code == 200
    assert refused() == (422, "purchase_order_missing", "/purchase_order")
    assert till.client.put("/v1/settings", json={"invoice_bounds": {"USD": OWED}}).status_code == 200
    large = drafted(till, lines=[AUDIT | {"quantity": "25"}], purchase_order="PO", review_days=0)
    assert (large["status"], large["held"]["bound_minor"]) == ("draft", OWED)
    discarded = till.post(f"/v1/invoices/{large['invoice_id']}/discard", reason="a slip of the pen")
    assert discarded["status"] == "discarded"
    till.check_books()
