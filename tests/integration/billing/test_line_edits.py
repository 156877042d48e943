"""A draft that waits for a person: lines are added, adjusted and taken off, and nothing of that is lost."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integration.billing.till import OWED, Till
from tests.support.house import Service, settle

SETUP = {
    "code": "setup",
    "description": "Installation",
    "quantity": "2",
    "price": {
        "model": "graduated",
        "tiers": [{"up_to": "1", "unit_amount": "300"}, {"up_to": None, "unit_amount": "99.99"}],
    },
    "tax_rates": ["0.08875"],
    "revenue_class": "special_project_overdue",
    "reason": "as agreed with V. X.",
}


@pytest.fixture
def till(billing: Service, tenant: str) -> Till:
    """The fee of January, 1,500.00, is above the bound and stays a draft."""
    till = Till(billing, tenant)
    assert till.client.put("/v1/settings", json={"invoice_bounds": {"USD": 100}}).status_code == 200
    till.until("2013-01-02T05:00:00+00:00")
    return till


def explained(till: Till, invoice: dict[str, Any], line: int) -> dict[str, Any]:
    told: dict[str, Any] = till.client.get(f"/v1/invoices/{invoice['invoice_id']}/lines/{line}/explain").json()
    return told


def test_a_draft_is_changed_explained_verified_issued_booked_and_then_left_alone(till: Till) -> None:
    [draft] = till.client.get("/v1/invoices", params={"held": True}).json()["items"]
    lines = f"/v1/invoices/{draft['invoice_id']}/lines"
    till.post(lines, **SETUP)
    till.post(f"{lines}/1/adjust", by_minor=-50_000, reason="half of the month was out of order")
    mistaken = till.post(lines, **SETUP | {"reason": "twice"})
    stale = {"If-Match": f'"{mistaken["version"] - 1}"'}
    assert till.client.post(f"{lines}/3/remove", json={"reason": "twice"}, headers=stale).status_code == 412
    changed = till.post(f"{lines}/3/remove", reason="it was there already")
    assert [(line["number"], line["charge"], line["amount_minor"]) for line in changed["lines"]] == [
        (1, "fee", OWED - 50_000),
        (2, "setup", 39_999),
    ]
    assert (changed["tax_minor"], changed["total_minor"]) == (3_550, 143_549)
    assert [(edit["command"], edit["amount_minor"], edit["by"] != "") for edit in changed["edits"]] == [
        ("add_line", 39_999, True),
        ("adjust_line", -50_000, True),
        ("add_line", 39_999, True),
        ("remove_line", -39_999, True),
    ]
    assert till.refused(f"{lines}/2/adjust", by_minor=-40_000, reason="x") == (422, "below_zero", "/by_minor")
    fee, setup = (explained(till, changed, number) for number in (1, 2))
    assert [(e["command"], e["reason"]) for e in fee["edits"]] == [
        ("adjust_line", "half of the month was out of order")
    ]
    assert fee["reading"][-1] == "adjusted by -50000 in edit 2 of the draft"
    assert [(e["command"], e["reason"]) for e in setup["edits"]] == [("add_line", "as agreed with V. X.")]
    assert setup["price"]["price"]["tiers"][0]["unit_amount"] == "300"
    assert setup["reading"][:2] == ["1 at 300 up to 1: 300 USD", "1 at 99.99 above: 99.99 USD"]

    issued = till.post(f"/v1/invoices/{draft['invoice_id']}/release", reason="looked at")
    assert (issued["status"], issued["total_minor"]) == ("issued", 143_549)
    assert till.client.post(f"/v1/invoices/{draft['invoice_id']}/verify").json()["equal"]
    refused = till.client.post(lines, json=SETUP)
    assert (refused.status_code, refused.json()["title"]) == (409, "already_issued")
    assert "credit note" in refused.json()["detail"]
    settle([till.billing])
    mapping = till.client.get("/v1/reconciliation", params={"period": "2013-01"}).json()
    assert mapping["off"] == [] and till.client.get(f"{_conformance(issued)}").json()["conforms"]
    journal = till.client.get("/v1/ledger/journal.csv").text
    assert [row for row in journal.splitlines() if "special_project_overdue" in row and "deferred" in row] == []
    till.check_books()


def _conformance(invoice: dict[str, Any]) -> str:
    return f"/v1/subscriptions/{invoice['subscription_id']}/conformance"
