"""Who may get a contract over HTTP, and what becomes of a transfer whose day has not come."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.integration.billing.shop import CUSTOMER, Shop
from tests.support.house import Service, settle
from tests.support.moving_clock import move_clock


@pytest.fixture
def shop(billing: Service, tenant: str) -> Shop:
    billing.client(tenant).put("/v1/test-clock", json={"now": "2030-12-15T05:00:00Z"})
    return Shop(billing, tenant).open()


def test_a_transfer_is_agreed_withdrawn_and_gone_with_a_cancellation(shop: Shop) -> None:
    accepted = shop.accept(shop.send(shop.draft()["quote_id"])["acceptance_token"]).json()
    settle([shop.billing])
    move_clock(shop.billing, shop.rita, datetime(2031, 1, 3, tzinfo=UTC))
    path = f"/v1/subscriptions/{accepted['subscriptions'][0]}"
    heir = CUSTOMER | {"purchase_order_required": True}
    assert shop.rita.put("/v1/customers/LX", json=heir).status_code == 200
    body = {"customer": "LX", "on": "2031-02-01", "purchase_order": "PO 7"}

    def say(what: str, form: Any = None) -> Any:
        return shop.rita.post(f"{path}/{what}", json=form or {})

    for wrong, status, where in (
        ({"purchase_order": None}, 422, "/purchase_order"),
        ({"customer": "nobody"}, 404, "/customer"),
        ({"customer": "F9"}, 422, "/customer"),
        ({"on": "2031-01-02"}, 422, "/on"),
    ):
        for route in ("transfer", "transfer/preview"):
            refused = say(route, body | wrong)
            assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (status, where)
    assert say("transfer", body).json()["transfer"]["customer"] == "LX"
    assert say("transfer", body | {"on": "2031-02-02"}).json()["transfer"]["on"] == "2031-02-02"
    assert say("pause", {"reason": "holidays"}).status_code == 409
    assert say("transfer/withdraw").json()["transfer"] is None
    assert say("transfer", body).json()["transfer"]["has_taken_effect"] is False
    gone = say("cancellation", {"reason": "budget_lost"}).json()
    assert (gone["status"], gone["transfer"]) == ("cancelled", None)
    assert say("transfer", body).status_code == 409
    settle([shop.billing])
