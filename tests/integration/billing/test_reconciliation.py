"""The sums of a month close after any business, and where one does not, what is off is named."""

from __future__ import annotations

from typing import Any

import pytest

from services.billing.store import READ_MODELS, create_store
from shared.rebuild import rebuild
from tests.integration import stories
from tests.integration.billing.room import Room
from tests.support.house import Service

TENANT = "books-reconciled"


@pytest.fixture(scope="module")
def busy(billing: Service) -> Any:
    stories.billing(billing, TENANT)
    return billing.client(TENANT)


def told(client: Any, period: str) -> dict[str, Any]:
    answer = client.get("/v1/reconciliation", params={"period": period})
    assert answer.status_code == 200, answer.text
    said: dict[str, Any] = answer.json()
    return said


def test_after_business_every_sum_of_every_month_closes(busy: Any) -> None:
    months = [told(busy, month) for month in ("2030-12", "2031-01", "2031-02", "2031-03")]
    assert [(month["closes"], month["off"], month["off_count"]) for month in months] == [(True, [], 0)] * 4
    assert {s["name"] for s in months[1]["sums"]} == {"lines", "totals", "taxes", "payments", "losses", "credits"}
    for name, column in (("lines", "subtotal_minor"), ("totals", "total_minor"), ("taxes", "tax_minor")):
        found = sum(s["ledger_minor"] for month in months for s in month["sums"] if s["name"] == name)
        assert found == sum(_carried(busy, column)), name
    assert [s["ledger_minor"] for s in months[1]["sums"] if s["name"] == "payments"] == [_held(busy)]


def _held(client: Any) -> int:
    payments = client.get("/v1/payments").json()["items"]
    return sum(p["amount_minor"] - p["refunded_minor"] - p["charged_back_minor"] for p in payments)


def _carried(client: Any, column: str) -> list[int]:
    """Of all invoices, less what was credited."""
    invoices = client.get("/v1/invoices").json()["items"]
    of_note = {
        "subtotal_minor": lambda note: note["amount_minor"] - note["tax_minor"],
        "total_minor": lambda note: note["amount_minor"],
        "tax_minor": lambda note: note["tax_minor"],
    }[column]
    issued = [invoice for invoice in invoices if invoice["number"]]
    return [i[column] - sum(of_note(note) for note in i["credit_notes"]) for i in issued]


def test_a_void_invoice_closes_and_so_does_what_is_booked_later(billing: Service, tenant: str) -> None:
    room = Room(billing, tenant)
    room.live_until("2031-02-10")
    assert room.client.post("/v1/accounting-periods/2031-01/close").is_success
    late = {"invoice": "INV-000001", "amount_minor": 100, "currency": "USD", "received_at": "2031-01-20T12:00:00Z"}
    assert room.client.post("/v1/payments", json=late).is_success
    void = room.one(number="INV-000002")
    assert room.client.post(f"/v1/invoices/{void['invoice_id']}/void", json={"reason": "wrong customer"}).is_success
    january, february = told(room.client, "2031-01"), told(room.client, "2031-02")
    assert january["closes"] and february["closes"]
    [payments] = [s for s in january["sums"] if s["name"] == "payments"]
    assert (payments["documents_minor"], payments["booked_later_minor"]) == (100, 100)
    assert [s["ledger_minor"] for s in february["sums"] if s["name"] == "totals"] == [0]


def test_what_is_off_is_named(billing: Service, tenant: str) -> None:
    room = Room(billing, tenant)
    room.live_until("2031-01-10")
    with room.engine.begin() as tx:
        lost = "DELETE FROM ledger_postings WHERE tenant_id = %(tenant)s AND kind = 'invoice'"
        assert tx.exec_driver_sql(lost, {"tenant": room.tenant_id}).rowcount == 3
    found = told(room.client, "2031-01")
    assert (found["closes"], found["off_count"]) == (False, 3)
    assert [(o["name"], o["document"], o["documents_minor"], o["ledger_minor"]) for o in found["off"]] == [
        ("lines", "INV-000001", 150_000, 0),
        ("taxes", "INV-000001", 13_313, 0),
        ("totals", "INV-000001", 163_313, 0),
    ]
    rebuild(room.engine, create_store(), READ_MODELS, keep=True)
    assert told(room.client, "2031-01")["closes"]


def test_what_was_metered_is_billed_void_or_pending_to_the_last_event(busy: Any) -> None:
    [january] = told(busy, "2031-01")["usage"]
    assert (january["meter"], january["periods"], january["open_periods"]) == ("departures", 1, 0)
    assert (january["metered"], january["billed"], january["difference"]) == ("350", "350", "0")
    assert (january["metered_events"], january["billed_events"], january["difference_events"]) == (350, 350, 0)
    february, won = sorted(told(busy, "2031-02")["usage"], key=lambda of_meter: str(of_meter["meter"]))
    assert (february["open_periods"], february["metered"], february["billed"]) == (1, "0", "0")
    assert (won["meter"], float(won["difference"]), won["billed_events"]) == ("renewals.won", 0, 1)
    assert float(won["metered"]) == float(won["billed"]) == 1000


def test_usage_that_is_billed_otherwise_than_it_was_metered_is_named(billing: Service, tenant: str) -> None:
    room = Room(billing, tenant)
    room.close_usage()
    [waits] = told(room.client, "2031-01")["usage"]
    assert (waits["metered"], waits["pending"], waits["pending_events"]) == ("400", "400", 400)
    room.live_until("2031-02-10")
    [closes] = told(room.client, "2031-01")["usage"]
    assert (closes["billed"], closes["pending"], closes["billed_events"]) == ("400", "0", 400)
    with room.engine.begin() as tx:
        falsified = """
        UPDATE invoices SET document = jsonb_set(document, %(place)s, '"399"') WHERE tenant_id = %(tenant)s
        AND document #>> %(place)s = '400'"""
        places = [["lines", str(number), "quantity"] for number in range(4)]
        changed = [
            tx.exec_driver_sql(falsified, {"tenant": room.tenant_id, "place": place}).rowcount for place in places
        ]
        assert sum(changed) == 1
    found = told(room.client, "2031-01")
    assert not found["closes"] and found["usage"][0]["difference"] == "1"
    assert [(off["period_id"], off["metered"], off["billed"]) for off in found["usage_off"]] == [
        (f"per_{room.period_id.hex}", "400", "399")
    ]
    rebuild(room.engine, create_store(), READ_MODELS, keep=True)
    assert told(room.client, "2031-01")["closes"]
    void = next(invoice for invoice in room.invoices() if any(line["proof"] for line in invoice["lines"]))
    assert room.client.post(f"/v1/invoices/{void['invoice_id']}/void", json={"reason": "wrong"}).is_success
    [gone] = told(room.client, "2031-01")["usage"]
    assert (gone["billed"], gone["void"], gone["difference"]) == ("0", "400", "0")
