"""The catalogue over HTTP, fed with meters and policies through the broker."""

from __future__ import annotations

from copy import deepcopy
from typing import Any
from uuid import uuid4

import pytest

from tests.integration.billing.shop import DEPARTURES, FEE, PLAN, Shop
from tests.support.house import Service, settle


@pytest.fixture
def shop(billing: Service, tenant: str) -> Shop:
    shop = Shop(billing, tenant)
    shop.hear_of_meter()
    shop.hear_of_policy()
    settle([billing])
    return shop


def refused(shop: Shop, plan: dict[str, Any]) -> tuple[int, str, str]:
    answer = shop.rita.put("/v1/plans/gate-use", json=plan)
    return answer.status_code, answer.json()["title"], answer.json()["errors"][0]["pointer"]


def changed(path: str, value: Any) -> dict[str, Any]:
    """The plan with one value replaced, by its JSON pointer."""
    plan = deepcopy(PLAN)
    *parents, name = [int(part) if part.isdecimal() else part for part in path.strip("/").split("/")]
    part: Any = plan
    for parent in parents:
        part = part[parent]
    part[name] = value
    return plan


def test_a_plan_is_answered_in_the_form_it_was_sent_in(shop: Shop) -> None:
    published = shop.rita.put("/v1/plans/gate-use", json=PLAN)
    plan = published.json()
    assert (published.status_code, published.headers["etag"], plan["code"], plan["version"]) == (
        200,
        '"1"',
        "gate-use",
        1,
    )
    assert plan["plan_id"].startswith("pln_")
    assert {name: plan[name] for name in PLAN if name not in ("prices", "minimums")} == {
        name: value for name, value in PLAN.items() if name not in ("prices", "minimums")
    }
    assert plan["prices"]["USD"][0]["price"]["unit_amount"] == "1500.00"
    assert plan["prices"]["USD"][1]["price"]["tiers"][1]["up_to"] is None
    assert plan["minimums"]["USD"]["amount"] == "5000.00"


def test_what_was_answered_can_be_put_again_and_changes_nothing(shop: Shop) -> None:
    plan = shop.rita.put("/v1/plans/gate-use", json=PLAN).json()
    again = {name: value for name, value in plan.items() if name not in ("plan_id", "code", "version")}
    assert shop.rita.put("/v1/plans/gate-use", json=again).json() == plan


def test_every_version_stays_readable(shop: Shop) -> None:
    shop.rita.put("/v1/plans/gate-use", json=PLAN)
    assert shop.rita.put("/v1/plans/gate-use", json=PLAN | {"name": "Dearer"}).json()["version"] == 2
    assert shop.rita.get("/v1/plans/gate-use").json()["name"] == "Dearer"
    assert shop.rita.get("/v1/plans/gate-use?version=1").json()["name"] == "Gate use"
    assert shop.rita.get("/v1/plans/gate-use?version=3").status_code == 404
    listed = shop.rita.get("/v1/plans").json()["items"]
    assert [(plan["code"], plan["version"]) for plan in listed] == [("gate-use", 2)]


def test_an_unknown_plan_is_not_found_and_another_tenants_neither(shop: Shop) -> None:
    shop.rita.put("/v1/plans/gate-use", json=PLAN)
    assert shop.rita.get("/v1/plans/lounge").status_code == 404
    other = shop.billing.client(f"other-{uuid4().hex}")
    assert other.get("/v1/plans/gate-use").status_code == 404
    assert other.get("/v1/plans").json()["items"] == []


@pytest.mark.parametrize(
    ("path", "value", "problem"),
    [
        ("/prices/USD/1/meter", "arrivals", "unknown_meter"),
        ("/prices/USD/1/group_by/0", "gate", "unknown_group"),
        ("/renewal_policy", "unheard_of", "unknown_renewal_policy"),
        ("/prices/USD/1/code", "platform_fee", "code_repeated"),
        ("/prices", {}, "nothing_to_sell"),
        ("/prices/USD/0/price/unit_amount", "-1", "negative_number"),
        ("/prices/USD/0/price/unit_amount", 1500.5, "floating_amount"),
        ("/prices/USD/0/price/unit_price", "1", "invalid_request"),
        ("/prices/USD/0/price/model", "guesswork", "invalid_request"),
        ("/minimums/USD/amount", "5000.001", "too_many_places"),
        ("/term_months", 0, "not_positive"),
        ("/net_days", 10**30, "invalid_request"),
        ("/features/gates", 10**30, "invalid_request"),
        ("/surprise", True, "invalid_request"),
    ],
)
def test_what_is_wrong_with_a_plan_is_named(shop: Shop, path: str, value: Any, problem: str) -> None:
    status, title, pointer = refused(shop, changed(path, value))
    assert (status, title) == (422, problem)
    assert path.startswith(pointer)
    assert shop.rita.get("/v1/plans/gate-use").status_code == 404


def test_a_newer_meter_brings_new_groups(shop: Shop) -> None:
    by_gate = changed("/prices/USD/1/group_by", ["origin", "gate"])
    assert shop.rita.put("/v1/plans/gate-use", json=by_gate).status_code == 422
    shop.hear_of_meter(groups=("origin", "gate"), version=2)
    settle([shop.billing])
    assert shop.rita.put("/v1/plans/gate-use", json=by_gate).status_code == 200


def test_publishing_needs_its_own_scope(shop: Shop) -> None:
    reader = shop.billing.client(shop.tenant, scopes=["billing:read"])
    assert reader.put("/v1/plans/gate-use", json=PLAN).status_code == 403


def test_a_stale_if_match_is_refused(shop: Shop) -> None:
    for name in ("first", "second"):
        shop.rita.put("/v1/plans/gate-use", json=PLAN | {"name": name})
    late = shop.rita.put("/v1/plans/gate-use", json=PLAN, headers={"If-Match": '"1"'})
    assert (late.status_code, late.json()["title"]) == (412, "stream_moved")


def test_one_plan_may_have_prices_in_several_currencies(shop: Shop) -> None:
    both = changed("/prices/JPY", [FEE | {"price": {"model": "per_unit", "unit_amount": "150000"}}, DEPARTURES])
    assert sorted(shop.rita.put("/v1/plans/gate-use", json=both).json()["prices"]) == ["JPY", "USD"]


def test_a_plan_may_name_a_product_that_exists(billing: Service, tenant: str) -> None:
    shop = Shop(billing, tenant).open()
    refused = shop.rita.put("/v1/plans/gate-use", json=PLAN | {"product": "gates"})
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/product")
    put = shop.rita.put("/v1/products/gates", json={"name": "Gates"})
    assert (put.status_code, put.json()["version"]) == (200, 1)
    assert shop.rita.put("/v1/products/gates", json={"name": "Gates"}).json() == put.json()
    assert shop.rita.put("/v1/plans/gate-use", json=PLAN | {"product": "gates"}).json()["product"] == "gates"
    assert [p["code"] for p in shop.rita.get("/v1/products").json()["items"]] == ["gates"]
