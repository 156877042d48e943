"""Bank statements through the API: matched, waiting for a person, counted once, and all or nothing."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.integration.billing.till import OWED, Till
from tests.support.house import Service
from tests.unit.billing.test_statement_files import changed, document

HEAD = "statement,account,reference,booked_on,amount,currency,text,payer_account"
IBAN = "DE89370400440532013000"


@pytest.fixture
def till(billing: Service, tenant: str) -> Till:
    till = Till(billing, tenant)
    assert till.client.put("/v1/customers/vx/payment-profile", json={"ibans": [IBAN]}).status_code == 200
    till.until("2013-02-10T05:00:00+00:00")
    return till


def send(till: Till, content: str | bytes, kind: str = "text/csv") -> Any:
    return till.client.post("/v1/bank-statements", content=content, headers={"Content-Type": kind})


def lines(*entries: tuple[str, str, str, str]) -> str:
    """Reference, amount in dollars, text, account of the payer."""
    rows = [f"2013-7,US64,{ref},2013-02-09,{amount},USD,{text},{payer}" for ref, amount, text, payer in entries]
    return "\n".join([HEAD, *rows, ""])


def entries(till: Till, **wanted: str) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = till.client.get("/v1/bank-statement-entries", params=wanted).json()["items"]
    return sorted(listed, key=lambda entry: str(entry["reference"]))


def test_entries_pay_what_they_name_and_the_others_wait(till: Till) -> None:
    statement = lines(
        ("1", "1500.00", "Invoice inv 1", ""),
        ("2", "20.00", "rent", IBAN),
        ("3", "7.00", "a gift", ""),
        ("4", "-9.00", "bank fee", ""),
    )
    taken = send(till, statement)
    assert taken.status_code == 201, taken.text
    assert taken.json() == {
        "statements": ["2013-7"],
        "imported": 4,
        "known": 0,
        "matched": 2,
        "unmatched": 1,
        "outgoing": 1,
        "pending": 0,
    }
    assert (till.invoice(1)["status"], till.invoice(2)["open_minor"]) == ("paid", OWED - 2000)
    by_number, by_payer, gift, fee = entries(till)
    assert (by_number["match"]["rule"], by_number["match"]["confidence"]) == ("invoice_and_amount", 100)
    assert (by_payer["match"]["rule"], by_payer["match"]["invoices"]) == ("payer", ["INV-000002"])
    assert (gift["status"], gift["suggestion"], fee["status"]) == ("unmatched", None, "outgoing")
    paid = till.client.get(f"/v1/payments/{by_number['payment_id']}").json()
    assert (paid["provider"], paid["received_on"], paid["reference"]) == ("bank", "2013-02-09", "Invoice inv 1")
    till.check_books()


def test_a_statement_that_comes_again_is_counted_once(till: Till) -> None:
    statement = lines(("1", "10.00", "INV-000001", ""), ("2", "7.00", "a gift", ""))
    with ThreadPoolExecutor(3) as threads:
        answers = list(threads.map(lambda _: send(till, statement), range(3)))
    assert {answer.status_code for answer in answers} <= {201, 409}
    again = send(till, statement)
    assert (again.json()["imported"], again.json()["known"]) == (0, 2)
    longer = send(till, lines(("1", "10.00", "INV-000001", ""), ("3", "5.00", "INV-000001", "")))
    assert (longer.json()["imported"], longer.json()["known"]) == (1, 1)
    assert till.invoice()["open_minor"] == OWED - 1500 and len(till.payments()) == 2
    other = send(till, lines(("1", "11.00", "INV-000001", "")))
    assert (other.status_code, other.json()["title"]) == (409, "entry_differs")
    till.check_books()


def test_nothing_of_a_file_that_is_wrong_is_taken_and_every_wrong_line_is_named(till: Till) -> None:
    statement = lines(
        ("1", "10.00", "INV-000001", ""), ("2", "ten", "x", ""), ("1", "1.00", "x", ""), ("4", "1.001", "", "")
    )
    refused = send(till, statement)
    assert refused.status_code == 422
    assert [error["pointer"] for error in refused.json()["errors"]] == ["/entries/3/amount", "/entries/5/amount"]
    twice = send(till, lines(("1", "10.00", "INV-000001", ""), ("1", "1.00", "x", "")))
    assert [error["pointer"] for error in twice.json()["errors"]] == ["/entries/3/reference"]
    assert (entries(till), till.payments(), till.invoice()["open_minor"]) == ([], [], OWED)
    assert send(till, statement, "application/pdf").status_code == 415
    assert send(till, statement, "application/xml").json()["errors"][0]["pointer"] == "/entries/0/"


def test_camt_is_taken_like_csv_and_an_intraday_copy_of_an_entry_is_the_same_entry(till: Till) -> None:
    entry = changed('Ccy="EUR">1250.07', 'Ccy="USD">1500.00')
    first = send(till, document(entry), "application/xml")
    assert (first.status_code, first.json()["matched"]) == (201, 1), first.text
    later = document(entry, entry.replace("B-1", "B-2").replace("INV-000001", "?")).replace(b"2031-1<", b"2031-2<")
    second = send(till, later, "text/xml").json()
    assert (second["known"], second["imported"], second["matched"]) == (1, 1, 1)
    assert (till.invoice(1)["status"], till.invoice(2)["status"]) == ("paid", "paid")
    till.check_books()


def test_a_person_says_who_paid_and_it_becomes_a_payment(till: Till) -> None:
    assert send(till, lines(("1", "15.00", "thanks for all the fish", ""))).json()["unmatched"] == 1
    [waiting] = entries(till, status="unmatched")
    path = f"/v1/bank-statement-entries/{waiting['entry_id']}"
    assert till.refused(f"{path}/match", customer="nobody") == (404, "customer_not_found", "/customer")
    assert till.refused(f"{path}/match") == (404, "invoice_not_found", "/invoice")
    too_much = [{"invoice": "INV-000002", "amount_minor": 1501}]
    assert till.refused(f"{path}/match", allocations=too_much) == (422, "allocations_refused", "/allocations")
    matched = till.post(f"{path}/match", allocations=[{"invoice": "INV-000002", "amount_minor": 1000}])
    assert (matched["status"], matched["match"]["rule"], matched["match"]["customer"]) == ("matched", "person", "vx")
    [payment] = till.payments()
    assert (payment["payment_id"], payment["unapplied_minor"]) == (matched["payment_id"], 500)
    assert till.refused(f"{path}/match", customer="vx")[:2] == (409, "invalid_transition")
    assert till.refused(f"{path}/set-aside", reason="x")[:2] == (409, "invalid_transition")
    till.check_books()


def test_what_is_not_ours_is_set_aside_with_a_reason(till: Till) -> None:
    send(till, lines(("1", "15.00", "wrong account", ""), ("2", "-15.00", "sent back", "")))
    [waiting] = entries(till, status="unmatched")
    path = f"/v1/bank-statement-entries/{waiting['entry_id']}"
    assert till.refused(f"{path}/set-aside")[0] == 422
    aside = till.post(f"{path}/set-aside", reason="was not meant for us")
    assert (aside["status"], aside["reason"]) == ("set_aside", "was not meant for us")
    assert entries(till, status="unmatched") == [] and till.payments() == []
    [out] = entries(till, status="outgoing")
    assert till.refused(f"/v1/bank-statement-entries/{out['entry_id']}/match", customer="vx")[0] == 409
    till.check_books()


def test_a_guess_is_shown_and_not_acted_upon(till: Till) -> None:
    till.client.put("/v1/customers/acme-air", json={"name": "Acme", "zone": "UTC", "currency": "USD"})
    send(till, lines(("1", "12.00", "from vx", ""), ("2", "12.00", "from ACME-AIR.", "")))
    of_two_letters, named = entries(till, status="unmatched")
    assert of_two_letters["suggestion"] is None  # these stand in any text
    assert named["suggestion"] == {"rule": "customer", "confidence": 50, "customer": "acme-air", "invoices": []}
    assert till.payments() == []
