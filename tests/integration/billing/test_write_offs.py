"""An invoice that nobody pays is written off, and recovered: told once, and looked at from every side."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integration.billing.till import OWED, Till
from tests.support.house import Service, settle

WHY = {"reason": "insolvent"}


@pytest.fixture
def till(billing: Service, tenant: str) -> Till:
    """INV-000001 was due on 2013-01-16; service stands suspended since 2013-02-06."""
    till = Till(billing, tenant)
    till.until("2013-02-07T05:00:00+00:00")
    return till


def write_off(till: Till, number: int = 1) -> dict[str, Any]:
    return till.post(f"/v1/invoices/{till.invoice(number)['invoice_id']}/write-off", **WHY)


def balances(till: Till) -> dict[str, int]:
    listed = till.client.get("/v1/ledger/balances", params={"at": "2013-02-07"}).json()["balances"]
    wanted = ("receivables", "write_off", "recovery")
    return {b["account"]: b["balance_minor"] for b in listed if b["account"] in wanted and b["balance_minor"]}


def test_a_loss_leaves_what_is_owed_and_comes_back_with_its_payment(till: Till) -> None:
    till.pay(50_000, invoice="INV-000001")
    lost = write_off(till)
    assert (lost["status"], lost["open_minor"], lost["written_off_minor"]) == ("written_off", 0, 100_000)
    assert lost["losses"] == [{"kind": "write_off", "on": "2013-02-07", "amount_minor": 100_000, "reason": "insolvent"}]
    assert balances(till) == {"receivables": OWED, "write_off": 100_000}
    [aged] = till.client.get("/v1/receivables/aged", params={"at": "2013-02-07"}).json()["totals"]
    assert aged["total_minor"] == OWED
    settle([till.billing])
    assert till.step() == "written_off"
    till.check_books()

    assert till.refused("/v1/payments", invoice="INV-000001", amount_minor=100_001, currency="USD")[0] == 422
    till.pay(40_000, invoice="INV-000001")
    assert (till.invoice()["status"], till.invoice()["written_off_minor"]) == ("written_off", 60_000)
    settle([till.billing])
    assert till.step() == "written_off"
    till.pay(60_000, invoice="INV-000001")
    assert (till.invoice()["status"], till.invoice()["written_off_minor"]) == ("paid", 0)
    assert balances(till) == {"receivables": OWED, "write_off": 100_000, "recovery": -100_000}
    settle([till.billing])
    assert till.step() == "clear"
    [losses] = [s for s in reconciled(till)["sums"] if s["name"] == "losses"]
    assert (losses["documents_minor"], losses["difference_minor"]) == (0, 0)
    till.check_books()


def test_a_credit_note_on_a_loss_is_no_loss_any_more_and_the_month_still_closes(till: Till) -> None:
    invoice = write_off(till)
    credited = till.post(f"/v1/invoices/{invoice['invoice_id']}/credit-notes", reason="never delivered")
    assert (credited["status"], credited["written_off_minor"]) == ("credited", 0)
    assert (credited["credit_note"]["forgiven_minor"], credited["refundable_minor"]) == (OWED, 0)
    assert balances(till) == {"receivables": OWED}
    settle([till.billing])
    assert till.step() == "clear"
    assert reconciled(till)["closes"]
    till.check_books()


def test_only_who_may_write_off_does_and_money_without_a_name_pays_what_is_owed(till: Till) -> None:
    path = f"/v1/invoices/{till.invoice()['invoice_id']}/write-off"
    clerk = till.billing.client(till.tenant, scopes=["billing:invoices", "billing:invoices:void"])
    assert clerk.post(path, json=WHY).status_code == 403
    write_off(till)
    assert till.post(path, **WHY)["losses"] == till.invoice()["losses"]
    till.pay(OWED)
    assert [till.invoice(number)["status"] for number in (1, 2)] == ["written_off", "paid"]
    assert till.refused(f"/v1/invoices/{till.invoice(2)['invoice_id']}/write-off", **WHY)[0] == 409


def reconciled(till: Till) -> dict[str, Any]:
    told: dict[str, Any] = till.client.get("/v1/reconciliation", params={"period": "2013-02"}).json()
    assert all(found["difference_minor"] == 0 for found in told["sums"]) and told["off"] == []
    return told
