"""Prices by channel over HTTP: a quote names its channel, and is refused where the plan is not sold through it."""

from __future__ import annotations

import pytest

from tests.integration.billing.shop import FEE, LINE, Shop
from tests.support.house import Service, settle

GOLD = {"gold": {"USD": [FEE | {"price": {"model": "per_unit", "unit_amount": "1200.00"}}]}}


@pytest.fixture
def shop(billing: Service, tenant: str) -> Shop:
    return Shop(billing, tenant).open(channel_prices=GOLD)


def test_a_reseller_pays_the_price_of_its_tier_and_revises_at_it(shop: Shop) -> None:
    plan = shop.rita.get("/v1/plans/gate-use").json()
    assert plan["channel_prices"]["gold"]["USD"][0]["price"]["unit_amount"] == "1200.00"
    form = {"customer": "F9", "lines": [LINE]}
    quote = shop.rita.post("/v1/quotes", json=form | {"channel": "gold"}).json()
    assert (quote["channel"], quote["term"]["net_minor"]) == ("gold", 12 * 120000)
    revision = {"lines": [LINE | {"quantity": 2}]}
    revised = shop.rita.post(f"/v1/quotes/{quote['quote_id']}/revise", json=revision).json()
    assert revised["term"]["net_minor"] == 24 * 120000
    accepted = shop.accept(shop.send(quote["quote_id"])["acceptance_token"]).json()
    settle([shop.billing])
    url = f"/v1/subscriptions/{accepted['subscriptions'][0]}"
    assert shop.rita.get(url).json()["terms"][0]["base_minor"] == 24 * 120000
    direct = shop.rita.post("/v1/quotes", json=form).json()
    assert (direct["channel"], direct["term"]["net_minor"]) == (None, 12 * 150000)


def test_a_channel_without_prices_is_sold_nothing(shop: Shop) -> None:
    refused = shop.rita.post("/v1/quotes", json={"customer": "F9", "lines": [LINE], "channel": "silver"})
    problem = refused.json()
    assert (refused.status_code, problem["title"]) == (422, "no_price_in_channel")
    assert problem["errors"][0]["pointer"] == "/lines/0/plan"
