"""Late fees: a percentage of what is open so many days after the due day, once an invoice, on the next one."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integration.billing.till import OWED, Till
from tests.support.house import Service


@pytest.fixture
def till(billing: Service, tenant: str) -> Till:
    till = Till(billing, tenant)
    policy = {"late_fee": {"percent": "1.5", "days": 7}}
    assert till.client.put("/v1/settings", json=policy).status_code == 200
    return till


def fees(till: Till, number: int) -> list[tuple[int, str, str, int]]:
    lines = till.invoice(number)["lines"]
    told = [(line["number"], line["description"], line["revenue_class"], line["amount_minor"]) for line in lines]
    return [line for line in told if line[2] == "late_fee"]


def verified(till: Till, number: int) -> Any:
    return till.client.post(f"/v1/invoices/{till.invoice(number)['invoice_id']}/verify").json()["equal"]


def test_what_is_still_open_a_week_after_the_due_day_costs_a_fee_on_the_next_invoice(till: Till) -> None:
    till.until("2013-01-20T05:00:00+00:00")
    till.pay(50_000, invoice="INV-000001")
    till.until("2013-02-02T05:00:00+00:00")
    assert fees(till, 2) == [(2, "Late fee for INV-000001", "late_fee", 1_500)]
    assert (till.invoice(2)["total_minor"], till.invoice(2)["tax_minor"]) == (OWED + 1_500, 0)
    assert verified(till, 2)
    invoice_id = till.invoice(2)["invoice_id"]
    told = till.client.get(f"/v1/invoices/{invoice_id}/lines/2/explain").json()
    assert told["reading"] == ["rounded to 1500 minor units of USD, residue 0"]
    till.check_books()


def test_two_late_invoices_have_two_fees_and_each_of_them_once(till: Till) -> None:
    for instant in ("2013-01-20", "2013-02-02", "2013-02-20", "2013-03-02"):
        till.until(f"{instant}T05:00:00+00:00")
    assert fees(till, 2) == [(2, "Late fee for INV-000001", "late_fee", 2_250)]
    assert [(name, amount) for _, name, _, amount in fees(till, 3)] == [("Late fee for INV-000002", 2_284)]  # 2283.75
    assert verified(till, 3)
    till.check_books()


def test_who_pays_in_time_or_before_the_fee_pays_none(till: Till) -> None:
    till.until("2013-01-22T05:00:00+00:00")
    till.pay(OWED, invoice="INV-000001")
    till.until("2013-02-02T05:00:00+00:00")
    assert fees(till, 2) == []


def test_without_a_policy_nobody_pays_a_fee(till: Till) -> None:
    assert till.client.put("/v1/settings", json={}).status_code == 200
    till.until("2013-02-02T05:00:00+00:00")
    assert fees(till, 2) == []


def test_a_payment_that_was_taken_back_before_the_fee_falls_due_costs_it(till: Till) -> None:
    till.until("2013-01-10T05:00:00+00:00")
    payment = till.pay(OWED, invoice="INV-000001")
    till.post(f"/v1/payments/{payment['payment_id']}/chargebacks", reference="cb", reason="disputed")
    till.until("2013-01-30T05:00:00+00:00")
    till.until("2013-02-02T05:00:00+00:00")
    assert [amount for *_, amount in fees(till, 2)] == [2_250]


def test_a_fee_after_the_last_billing_day_has_an_invoice_of_its_own_and_no_fee_itself(till: Till) -> None:
    till.until("2013-01-02T05:00:00+00:00")
    subscription = till.invoice()["subscription_id"]
    gone = {"effective": "date", "on": "2013-01-20", "reason": "moved", "credit": "none"}
    till.post(f"/v1/subscriptions/{subscription}/cancellation", **gone)
    till.until("2013-02-02T05:00:00+00:00")
    own = till.invoice(2)
    assert [(line["revenue_class"], line["amount_minor"]) for line in own["lines"]] == [("late_fee", 2_250)]
    assert (own["status"], own["issued_on"], own["open_minor"]) == ("issued", "2013-01-23", 2_250)
    assert verified(till, 2)
    till.until("2013-03-20T05:00:00+00:00")
    numbers = {invoice["number"] for invoice in till.client.get("/v1/invoices").json()["items"]}
    assert numbers == {"INV-000001", "INV-000002"}
    till.check_books()
