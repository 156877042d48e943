"""An absurd invoice stays a draft until somebody has looked at it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integration.billing.till import OWED, Till
from tests.support.house import Service, settle


@pytest.fixture
def till(billing: Service, tenant: str) -> Till:
    """Nothing above 1,499.99 is issued by itself; the fee of January is 1,500.00."""
    till = Till(billing, tenant)
    answer = till.client.put("/v1/settings", json={"invoice_bounds": {"USD": OWED - 1}})
    assert answer.status_code == 200, answer.text
    till.until("2013-01-02T05:00:00+00:00")
    return till


def held(till: Till) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = till.client.get("/v1/invoices", params={"held": True}).json()["items"]
    return listed


def test_it_is_held_by_the_clock_and_by_hand_and_issued_when_it_is_released(till: Till) -> None:
    [draft] = held(till)
    path = f"/v1/invoices/{draft['invoice_id']}"
    assert (draft["status"], draft["number"]) == ("draft", None)
    assert draft["held"] == {
        "reason": "the total is above the bound for invoices",
        "total_minor": OWED,
        "bound_minor": OWED - 1,
    }
    assert till.post(f"{path}/issue")["status"] == "draft"
    clerk = till.billing.client(till.tenant, scopes=["billing:invoices"])
    assert clerk.post(f"{path}/release", json={"reason": "I say so"}).status_code == 403
    till.check_books()
    issued = till.post(f"{path}/release", reason="a large order")
    assert (issued["status"], issued["number"], issued["held"]) == ("issued", "INV-000001", None)
    assert held(till) == []
    assert till.client.post(f"{path}/verify").json()["equal"]
    settle([till.billing])
    assert till.refused(f"{path}/release", reason="again")[0] == 409
    till.check_books()


def test_what_is_wrong_is_discarded_and_leaves_no_gap_in_the_numbers(till: Till) -> None:
    [draft] = held(till)
    assert till.post(f"/v1/invoices/{draft['invoice_id']}/discard", reason="wrong price")["held"] is None
    assert till.client.put("/v1/settings", json={}).status_code == 200
    till.until("2013-02-02T05:00:00+00:00")
    assert till.invoice(1)["issued_on"] == "2013-02-01"
    till.check_books()
