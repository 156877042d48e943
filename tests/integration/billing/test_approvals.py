"""Approval over HTTP: the tenant's limits of percentage, amount and margin, and the levels of its approvers."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integration.billing.shop import FEE, PLAN, Shop
from tests.support.house import Service

APPROVAL = {
    "own": {"discount_percent": "5", "discount_amount": {"USD": "500"}, "margin_percent": "40"},
    "manager": {"discount_percent": "15", "margin_percent": "25"},
    "director": {"discount_percent": "30", "margin_percent": "10"},
    "approvers": {"mia": "manager", "dora": "director"},
}
COSTED = PLAN | {"prices": {"USD": [FEE | {"unit_cost": "1000.00"}]}, "minimums": {}}


@pytest.fixture
def shop(billing: Service, tenant: str) -> Shop:
    return Shop(billing, tenant).open()


def test_the_limits_of_the_tenant_say_who_has_to_agree_and_a_lower_level_does_not_suffice(shop: Shop) -> None:
    assert shop.rita.put("/v1/settings", json={"approval": APPROVAL}).status_code == 200
    assert shop.rita.put("/v1/plans/gate-use", json=COSTED).json()["prices"]["USD"][0]["unit_cost"] == "1000.00"
    quote = shop.draft(discount_percent="15")
    url = f"/v1/quotes/{quote['quote_id']}"
    assert shop.rita.post(f"{url}/submit").json()["approval"] == {
        "level": "director",
        "discount_percent": "15",
        "discount_minor": 270000,
        "margin_percent": "21.5686",
        "beyond": ["discount_percent", "discount_amount", "margin_percent"],
        "over_budget": [],
        "requested_by": "rita",
    }
    mia = shop.billing.client(shop.tenant, subject="mia")
    for decision, body in (("approve", None), ("refuse", {"reason": "no"})):
        refused = mia.post(f"{url}/{decision}", json=body)
        assert (refused.status_code, refused.json()["title"]) == (403, "approver_level_too_low")
    assert shop.dora.post(f"{url}/approve").json()["approved_by"] == "dora"


def test_the_settings_keep_five_percent_until_they_are_changed(shop: Shop) -> None:
    approval = shop.rita.get("/v1/settings").json()["approval"]
    assert approval["own"] == {"discount_percent": "5", "discount_amount": {}, "margin_percent": None}
    assert (approval["director"]["discount_percent"], approval["approvers"]) == ("25", {})


@pytest.mark.parametrize(
    ("changes", "title", "where"),
    [
        ({"own": {"discount_percent": "16"}}, "limits_out_of_order", "/approval/manager/discount_percent"),
        ({"own": {"discount_amount": {"XXQ": "1"}, "discount_percent": "5"}}, "unknown_currency", "/currency"),
        ({"approvers": {"mia": "boss"}}, "invalid_request", "/approval/approvers/mia"),
        ({"manager": {"discount_percent": 15.5}}, "invalid_request", "/approval/manager/discount_percent"),
    ],
)
def test_what_is_wrong_with_a_matrix_is_named(shop: Shop, changes: dict[str, Any], title: str, where: str) -> None:
    refused = shop.rita.put("/v1/settings", json={"approval": APPROVAL | changes})
    problem = refused.json()
    assert (refused.status_code, problem["title"], problem["errors"][0]["pointer"]) == (422, title, where)
