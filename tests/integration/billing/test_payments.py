"""Payments through the API: applied, unapplied, refunded, charged back, and what dunning makes of it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.integration.billing.till import OWED, Till
from tests.support.house import Service, settle


@pytest.fixture
def till(billing: Service, tenant: str) -> Till:
    return Till(billing, tenant)


def test_a_customers_payment_pays_the_oldest_due_first_and_the_rest_waits(till: Till) -> None:
    till.until("2013-02-10T05:00:00+00:00")
    payment = till.pay(2 * OWED + 700)
    assert [(a["invoice"], a["amount_minor"]) for a in payment["allocations"]] == [
        ("INV-000001", OWED),
        ("INV-000002", OWED),
    ]
    assert (payment["unapplied_minor"], payment["customer"], payment["received_on"]) == (700, "vx", "2013-02-10")
    assert [till.invoice(number)["status"] for number in (1, 2)] == ["paid", "paid"]
    assert [p["payment_id"] for p in till.payments(unapplied=True)] == [payment["payment_id"]]
    till.check_books()


def test_a_prepayment_is_applied_by_command_and_never_beyond_what_there_is(till: Till) -> None:
    ahead = till.pay(1000)
    assert (ahead["unapplied_minor"], ahead["allocations"], ahead["invoice_id"]) == (1000, [], None)
    till.until("2013-01-02T05:00:00+00:00")
    path = f"/v1/payments/{ahead['payment_id']}/allocations"
    assert till.refused(path, invoice="INV-000001", amount_minor=1001) == (422, "more_than_unapplied", "/amount_minor")
    assert till.post(path, invoice="INV-000001", amount_minor=400)["unapplied_minor"] == 600
    assert till.post(path, invoice="INV-000001")["unapplied_minor"] == 0
    assert till.invoice()["open_minor"] == OWED - 1000
    assert till.refused(path, invoice="INV-000001") == (422, "more_than_unapplied", "/amount_minor")
    till.check_books()


@pytest.mark.parametrize("who", ["tenant", "customer", "customer against its tenant"])
def test_what_waits_pays_the_next_invoice_when_the_policy_says_so(till: Till, who: str) -> None:
    if who != "customer":
        assert till.client.put("/v1/settings", json={"unapplied_cash": "apply"}).status_code == 200
    if who != "tenant":
        profile = {"unapplied_cash": "apply" if who == "customer" else "hold"}
        assert till.client.put("/v1/customers/vx/payment-profile", json=profile).status_code == 200
    till.pay(1000)
    till.pay(OWED)
    till.until("2013-01-02T05:00:00+00:00")
    if who == "customer against its tenant":
        assert till.invoice()["open_minor"] == OWED
    else:
        assert (till.invoice()["status"], till.invoice()["open_minor"]) == ("paid", 0)
        assert [payment["unapplied_minor"] for payment in till.payments()] == [0, 1000]
    till.check_books()


def test_named_allocations_are_taken_as_they_are_or_not_at_all(till: Till) -> None:
    till.until("2013-02-10T05:00:00+00:00")
    parts = [{"invoice": "INV-000002", "amount_minor": 50}, {"invoice": "INV-000001", "amount_minor": 40}]
    payment = till.pay(100, allocations=parts)
    assert (payment["unapplied_minor"], till.invoice(1)["open_minor"], till.invoice(2)["open_minor"]) == (
        10,
        OWED - 40,
        OWED - 50,
    )
    said = {"currency": "USD", "amount_minor": 60, "allocations": parts}
    assert till.refused("/v1/payments", **said) == (422, "allocations_refused", "/allocations")
    unknown = said | {"allocations": [parts[0], {"invoice": "INV-9", "amount_minor": 1}]}
    assert till.refused("/v1/payments", **unknown) == (404, "invoice_not_found", "/allocations/1/invoice")
    euros = {"currency": "EUR", "amount_minor": 50, "allocations": parts[:1]}
    nobody = {"customer": "nobody", "amount_minor": 1, "currency": "USD"}
    assert till.refused("/v1/payments", **nobody) == (404, "customer_not_found", "/customer")
    assert till.refused("/v1/payments", **euros) == (422, "currency_mismatch", "/currency")
    assert till.invoice(2)["open_minor"] == OWED - 50 and len(till.payments()) == 1
    till.client.put("/v1/customers/b6", json={"name": "B6", "zone": "UTC", "currency": "USD"})
    theirs = {"customer": "b6", "invoice": "INV-000001", "currency": "USD", "amount_minor": 1}
    assert till.refused("/v1/payments", **theirs) == (422, "allocations_refused", "/invoice")


def test_a_payment_of_one_reference_is_counted_once_whatever_key_it_comes_with(till: Till) -> None:
    till.until("2013-01-02T05:00:00+00:00")
    told = {"invoice": "INV-000001", "provider": "bank", "provider_reference": "E-1"}
    with ThreadPoolExecutor(4) as threads:
        body = {"amount_minor": 500, "currency": "USD"} | told
        answers = list(threads.map(lambda _: till.client.post("/v1/payments", json=body), range(4)))
    assert {answer.status_code for answer in answers} <= {201, 409}
    assert till.pay(500, **told)["amount_minor"] == 500
    assert till.invoice()["open_minor"] == OWED - 500 and len(till.payments()) == 1
    other = {"amount_minor": 501, "currency": "USD"} | told
    assert till.refused("/v1/payments", **other) == (409, "payment_differs", "/provider_reference")
    assert till.refused("/v1/payments", amount_minor=1, currency="USD", customer="vx", provider="bank") == (
        422,
        "allocations_refused",
        "/provider_reference",
    )
    till.check_books()


def test_no_more_is_refunded_than_waits_or_was_credited(till: Till) -> None:
    till.until("2013-01-02T05:00:00+00:00")
    payment = till.pay(OWED + 30)
    path = f"/v1/payments/{payment['payment_id']}/refunds"
    assert till.refused(path, amount_minor=31, reason="asked") == (422, "more_than_unapplied", "/amount_minor")
    assert till.post(path, amount_minor=30, reason="asked")["refunded_minor"] == 30
    of_invoice = {"invoice": "INV-000001", "reason": "credited"}
    assert till.refused(path, amount_minor=1, **of_invoice)[:2] == (422, "not_refundable")
    till.post(f"/v1/invoices/{till.invoice()['invoice_id']}/credit-notes", reason="goodwill")
    assert till.refused(path, amount_minor=OWED + 1, **of_invoice) == (422, "not_refundable", "/amount_minor")
    assert till.invoice()["refundable_minor"] == OWED
    back = till.post(path, amount_minor=OWED, **of_invoice)
    assert till.invoice()["refundable_minor"] == 0
    assert (back["refunded_minor"], back["unapplied_minor"], back["allocations"]) == (OWED + 30, 0, [])
    assert till.refused(path, amount_minor=1, **of_invoice)[:2] == (422, "not_refundable")
    till.check_books()


def test_what_was_credited_pays_the_next_invoice(till: Till) -> None:
    till.until("2013-02-10T05:00:00+00:00")
    payment = till.pay(OWED, invoice="INV-000001")
    till.post(f"/v1/invoices/{till.invoice()['invoice_id']}/credit-notes", reason="goodwill")
    path = f"/v1/payments/{payment['payment_id']}"
    said = {"invoice": "INV-000001", "amount_minor": OWED, "reason": "for the next one"}
    till.post(f"{path}/withdrawals", only_refundable=True, **said)
    assert till.post(f"{path}/allocations", invoice="INV-000002")["unapplied_minor"] == 0
    assert (till.invoice(1)["status"], till.invoice(1)["open_minor"], till.invoice(2)["status"]) == (
        "credited",
        0,
        "paid",
    )
    till.check_books()


def test_after_a_chargeback_the_invoice_is_owed_and_dunning_goes_on_where_its_age_has_come_to(till: Till) -> None:
    till.until("2013-01-24T17:00:00+00:00")
    assert till.step() == "warned"
    payment = till.pay(OWED, invoice="INV-000001")
    settle([till.billing])
    assert till.step() == "clear"
    till.until("2013-02-06T17:00:00+00:00")
    back = till.post(f"/v1/payments/{payment['payment_id']}/chargebacks", reference="cb-1", reason="disputed")
    again = till.post(f"/v1/payments/{payment['payment_id']}/chargebacks", reference="cb-1", reason="disputed")
    assert back == again and back["charged_back_minor"] == OWED
    assert (till.invoice()["status"], till.invoice()["open_minor"]) == ("issued", OWED)
    settle([till.billing])
    assert till.step() == "suspended"  # 21 days after the 16th
    refused = till.refused(f"/v1/payments/{payment['payment_id']}/chargebacks", reference="cb-2", reason="again")
    assert refused == (422, "more_than_received", "/amount_minor")
    till.pay(OWED, invoice="INV-000001")
    settle([till.billing])
    assert (till.invoice()["status"], till.step()) == ("paid", "clear")
    till.check_books()


def test_dunning_climbs_after_a_chargeback_that_came_before_the_due_day(till: Till) -> None:
    till.until("2013-01-05T17:00:00+00:00")
    payment = till.pay(OWED, invoice="INV-000001")
    till.post(f"/v1/payments/{payment['payment_id']}/chargebacks", reference="cb-1", reason="disputed")
    till.until("2013-01-24T17:00:00+00:00")
    assert till.step() == "warned"


def test_a_change_of_an_older_version_of_a_payment_is_refused(till: Till) -> None:
    payment = till.pay(100)
    path, body = f"/v1/payments/{payment['payment_id']}/refunds", {"amount_minor": 10, "reason": "asked"}
    assert till.client.post(path, json=body, headers={"If-Match": '"1"'}).status_code == 201
    assert till.client.post(path, json=body, headers={"If-Match": '"1"'}).status_code == 412
    assert till.payments()[0]["refunded_minor"] == 10


@pytest.mark.parametrize(
    ("profile", "title", "pointer"),
    [
        ({"method": {"provider": "test", "token": "4242 4242-4242.4242"}}, "card_number_refused", "/method/token"),
        ({"method": {"provider": "test", "token": "378282246310005"}}, "card_number_refused", "/method/token"),
        ({"ibans": ["DE89370400440532013001"]}, "malformed_iban", "/ibans/0"),
        ({"autopay": True}, "method_missing", "/method"),
    ],
)
def test_a_profile_has_no_card_numbers_and_no_mistyped_accounts(
    till: Till, profile: Any, title: str, pointer: str
) -> None:
    refused = till.client.put("/v1/customers/vx/payment-profile", json=profile)
    problem = refused.json()
    assert (refused.status_code, problem["title"], problem["errors"][0]["pointer"]) == (422, title, pointer)
    assert "4242" not in refused.text and "3782" not in refused.text
    assert till.client.get("/v1/customers/vx/payment-profile").json()["version"] == 0


def test_a_profile_keeps_tokens_and_accounts(till: Till) -> None:
    said = {
        "unapplied_cash": None,
        "ibans": ["DE89370400440532013000"],
        "method": {"provider": "test", "token": "4242424242424241"},  # not the check digit of a card
        "autopay": True,
    }
    put = till.client.put("/v1/customers/vx/payment-profile", json=said)
    assert put.json() == said | {"version": 1}
    assert till.client.put("/v1/customers/vx/payment-profile", json=said).json()["version"] == 1
