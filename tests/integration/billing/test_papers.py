"""An offer of several lines with its papers over HTTP: accepted in one request, with a purchase order."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.integration.billing.shop import CUSTOMER, FEE, LINE, PLAN, Shop
from tests.support.house import Service, settle
from tests.support.moving_clock import move_clock

SECURITY = {"code": "data_security_terms", "title": "Data security", "text": "As in annex 2.", "justification": None}
SPECIFICATION = {"title": "Specification 3", "address": "https://example.com/spec-3.pdf", "sha256": "ab" * 32}
FLAT = PLAN | {"prices": {"USD": [FEE]}, "minimums": {}}


@pytest.fixture
def shop(billing: Service, tenant: str) -> Shop:
    billing.client(tenant).put("/v1/test-clock", json={"now": "2030-12-20T00:00:00Z"})
    return Shop(billing, tenant).open()


def test_one_request_accepts_the_papers_and_starts_a_subscription_for_each_line(shop: Shop) -> None:
    shop.rita.put("/v1/plans/lounge", json=FLAT)
    shop.rita.put("/v1/customers/F9", json=CUSTOMER | {"purchase_order_required": True})
    shop.rita.put("/v1/settings", json={"required_clauses": ["data_security_terms"]})
    lines = [LINE | {"plan": "lounge"}, LINE | {"plan": "lounge", "quantity": 2}]
    quote = shop.rita.post("/v1/quotes", json={"customer": "F9", "lines": lines}).json()
    url = f"/v1/quotes/{quote['quote_id']}"
    refused = shop.rita.post(f"{url}/submit")
    assert (refused.status_code, refused.json()["title"]) == (422, "clause_missing")
    papers = {"clauses": [SECURITY], "documents": [SPECIFICATION]}
    revised = shop.rita.post(f"{url}/revise", json={"lines": lines} | papers).json()
    assert (revised["clauses"], revised["documents"], revised["subscriptions"]) == ([SECURITY], [SPECIFICATION], [])
    token = shop.send(quote["quote_id"])["acceptance_token"]
    assert shop.accept(token).json()["title"] == "purchase_order_missing"
    accepted = shop.accept(token, purchase_order="4711").json()
    assert {name: accepted[name] for name in papers} == papers
    _then_everything_names_the_purchase_order(shop, url, accepted["subscriptions"])
    assert shop.rita.get(f"{url}/versions/1").json()["clauses"] == []
    assert shop.rita.get(f"{url}/versions/2").json()["documents"] == [SPECIFICATION]


def _then_everything_names_the_purchase_order(shop: Shop, url: str, subscriptions: list[str]) -> None:
    move_clock(shop.billing, shop.rita, datetime(2031, 1, 1, 6, tzinfo=UTC))
    settle([shop.billing])
    listed = shop.rita.get("/v1/subscriptions", params={"customer": "F9"}).json()["items"]
    quantities = {each["subscription_id"]: each["terms"][0]["quantity"] for each in listed}
    assert [quantities[id_] for id_ in subscriptions] == [1, 2]
    assert [each["terms"][0]["purchase_order"] for each in listed] == ["4711", "4711"]
    assert shop.rita.get(url).json()["subscriptions"] == subscriptions
    invoices = shop.rita.get("/v1/invoices", params={"customer": "F9"}).json()["items"]
    assert [(each["purchase_order"], each["status"]) for each in invoices] == [("4711", "issued")] * 2


@pytest.mark.parametrize(
    ("papers", "title", "where"),
    [
        ({"documents": [SPECIFICATION | {"sha256": "AB" * 32}]}, "invalid_request", "/documents/0/sha256"),
        ({"documents": [SPECIFICATION | {"address": "file:///etc/passwd"}]}, "invalid_request", "/documents/0/address"),
        ({"documents": [SPECIFICATION] * 2}, "paper_repeated", "/documents"),
        ({"clauses": [SECURITY | {"code": "A b"}]}, "invalid_request", "/clauses/0/code"),
        ({"clauses": [SECURITY] * 2}, "paper_repeated", "/clauses"),
    ],
)
def test_what_is_wrong_with_the_papers_is_named(shop: Shop, papers: dict[str, Any], title: str, where: str) -> None:
    refused = shop.rita.post("/v1/quotes", json={"customer": "F9", "lines": [LINE]} | papers)
    problem = refused.json()
    assert (refused.status_code, problem["title"], problem["errors"][0]["pointer"]) == (422, title, where)
