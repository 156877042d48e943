"""An offer for one, two or three years over HTTP: what it comes to, and the years that the customer chooses."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from tests.integration.billing.shop import LINE, Shop
from tests.support.house import Service, settle

TWO = {"term_months": 24}
THREE = {"term_months": 36, "uplift_percent": "4", "discount_percent": "3"}


@pytest.fixture
def shop(billing: Service, tenant: str) -> Shop:
    return Shop(billing, tenant).open()


def drafted(shop: Shop, line: dict[str, Any], *alternatives: dict[str, Any]) -> Any:
    form = {"customer": "F9", "lines": [LINE | line], "alternatives": list(alternatives)}
    return shop.rita.post("/v1/quotes", json=form)


def test_a_customer_takes_the_three_years_that_were_offered(shop: Shop) -> None:
    quote = drafted(shop, {"discounts": [{"reason": "volume", "percent": "2"}]}, TWO, THREE).json()
    assert (quote["lines"][0]["discount_percent"], quote["term"]["discounts"]) == ("2", {"volume": 36000})
    two, three = quote["alternatives"]
    assert (two["term"]["net_minor"], two["annual"]["booked_minor"]) == (24 * 147000, 12 * 147000)
    assert three["term"]["discounts"].keys() == {"volume", "multi_year"}
    assert three["lines"][0]["ramp"][1]["prices"]["platform_fee"]["unit_amount"] == "1622.40"
    sent = shop.send(quote["quote_id"])
    refused = shop.accept(sent["acceptance_token"], term_months=48)
    assert (refused.status_code, refused.json()["title"]) == (422, "alternative_unknown")
    assert shop.accept(sent["acceptance_token"], term_months=36).json()["term_months"] == 36
    settle([shop.billing])
    accepted = shop.rita.get(f"/v1/quotes/{quote['quote_id']}").json()
    assert (accepted["acceptance"]["alternative"], accepted["alternatives"]) == (36, quote["alternatives"])
    [subscription] = shop.rita.get("/v1/subscriptions", params={"customer": "F9"}).json()["items"]
    [term] = subscription["terms"]
    assert (term["starts_on"], term["ends_on"]) == ("2031-01-01", date(2034, 1, 1).isoformat())
    assert term["base_minor"] == three["annual"]["booked_minor"]


@pytest.mark.parametrize(
    ("line", "alternative", "title", "where"),
    [
        ({"discounts": [{"reason": "volume", "percent": 2.5}]}, TWO, "invalid_request", "/lines/0/discounts/0/percent"),
        (
            {"discount_percent": "3", "discounts": [{"reason": "volume", "percent": "2"}]},
            TWO,
            "discounts_do_not_add_up",
            "/lines/0/discounts",
        ),
        ({}, {"term_months": 12}, "alternative_repeated", "/alternatives/0/term_months"),
        ({}, {"term_months": 121}, "limit_exceeded", "/alternatives/0/term_months"),
        ({}, {"term_months": 24, "uplift_percent": "-1"}, "negative_number", "/alternatives/0/uplift_percent"),
        ({}, {"term_months": 24, "lines": []}, "invalid_request", "/alternatives/0/lines"),
    ],
)
def test_what_is_wrong_with_an_offer_is_named(
    shop: Shop, line: dict[str, Any], alternative: dict[str, Any], title: str, where: str
) -> None:
    refused = drafted(shop, line, alternative)
    problem = refused.json()
    assert (refused.status_code, problem["title"], problem["errors"][0]["pointer"]) == (422, title, where)
