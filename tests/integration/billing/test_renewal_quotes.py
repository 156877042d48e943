"""The quote of a renewal: drafted when renewals asks for it, then worked on by a person like any other."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from shared.ids import shown
from tests.integration.billing.shop import LINE, PLAN, Shop
from tests.support.house import Service, settle

NEXT = {"plan": "gate-use", "starts_on": "2032-01-01"}


@pytest.fixture
def shop(billing: Service, tenant: str) -> Shop:
    return Shop(billing, tenant).open()


@pytest.fixture
def draft(shop: Shop) -> dict[str, Any]:
    """Of a subscription whose plan has become dearer in the catalogue meanwhile."""
    shop.accept(shop.send(shop.draft()["quote_id"])["acceptance_token"])
    settle([shop.billing])
    [subscription] = shop.rita.get("/v1/subscriptions").json()["items"]
    ids = (UUID(hex=subscription[name].partition("_")[2]) for name in ("subscription_id", "customer_id"))
    opportunity_id = shown("opp", shop.hear_of_opportunity(*ids))
    shop.rita.put("/v1/plans/gate-use", json=PLAN | {"net_days": 90})
    settle([shop.billing])
    [quote] = shop.rita.get("/v1/quotes", params={"opportunity_id": opportunity_id}).json()["items"]
    assert quote["subscription_id"] == subscription["subscription_id"]
    drafted: dict[str, Any] = shop.rita.get(f"/v1/quotes/{quote['quote_id']}").json()
    return drafted


def test_a_renewal_quote_raises_the_flat_charges_and_knows_what_was_paid_before(draft: dict[str, Any]) -> None:
    assert (draft["status"], draft["purpose"], draft["requested_by"]) == ("draft", "renewal", "renewals")
    assert draft["annual"] == {
        "prior_minor": 1800000,
        "uplift_percent": "4",
        "list_minor": 1872000,
        "discount_minor": 0,
        "booked_minor": 1872000,
    }
    [line] = draft["lines"]
    assert (line["plan_version"], line["starts_on"]) == (1, "2032-01-01")
    assert [invoice["subtotal_minor"] for invoice in line["first_invoices"]] == [156000] * 3


def test_a_renewal_quote_is_valid_to_the_end_of_the_reinstatement_window(draft: dict[str, Any]) -> None:
    assert draft["valid_until"] == "2033-01-14T05:00:00Z"


def test_a_revised_renewal_keeps_the_prices_that_were_raised_for_it(shop: Shop, draft: dict[str, Any]) -> None:
    url = f"/v1/quotes/{draft['quote_id']}/revise"
    revised = shop.rita.post(url, json={"lines": [NEXT | {"discount_percent": "10", "term_months": 24}]}).json()
    assert (revised["annual"]["list_minor"], revised["annual"]["booked_minor"]) == (1872000, 1684800)
    assert (revised["lines"][0]["term_months"], revised["lines"][0]["net_days"]) == (24, 15)
    moved = shop.rita.post(url, json={"lines": [NEXT | {"plan_version": 2}]}).json()
    assert (moved["annual"]["list_minor"], moved["lines"][0]["net_days"]) == (1800000, 90)


def test_a_revised_renewal_keeps_its_cost_centre_with_every_plan_unless_it_says_another(
    shop: Shop, draft: dict[str, Any]
) -> None:
    url = f"/v1/quotes/{draft['quote_id']}/revise"
    said = [{"cost_centre": "rd"}, {"quantity": 2}, {"plan_version": 2}, {"plan_version": 2, "cost_centre": None}]
    told = [shop.rita.post(url, json={"lines": [NEXT | more]}).json()["lines"][0]["cost_centre"] for more in said]
    assert told == ["rd", "rd", "rd", None]


def test_a_renewal_starts_where_the_term_ends(shop: Shop, draft: dict[str, Any]) -> None:
    url = f"/v1/quotes/{draft['quote_id']}/revise"
    refused = shop.rita.post(url, json={"lines": [LINE]})
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/lines/0/starts_on")
    assert shop.rita.post(url, json={"lines": [NEXT, NEXT]}).json()["title"] == "one_term_renewed"


def test_the_customer_accepts_a_renewal_like_any_quote(shop: Shop, draft: dict[str, Any]) -> None:
    accepted = shop.accept(shop.send(draft["quote_id"])["acceptance_token"])
    assert (accepted.status_code, accepted.json()["customer"]) == (201, "F9")
    settle([shop.billing])
    assert len(shop.rita.get("/v1/subscriptions").json()["items"]) == 1
