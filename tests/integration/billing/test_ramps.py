"""Ramps: quantity, discount and prices that change within a term, as quoted, billed, corrected and renewed."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integration.billing.room import Room
from tests.integration.billing.shop import LINE, Shop
from tests.integration.billing.test_late_usage import LATE, assert_sound
from tests.support.house import Service, settle

CHEAPER = {"model": "per_unit", "unit_amount": "10.00"}
RAMP: list[dict[str, Any]] = [
    {"after_months": 1, "quantity": 3, "prices": {"departures": CHEAPER}},
    {
        "after_months": 2,
        "discount_percent": "0",
        "prices": {"platform_fee": {"model": "per_unit", "unit_amount": "1000"}},
    },
]
RAMPED = {"quantity": 1, "discount_percent": "5", "ramp": RAMP}


def lines(room: Room, day: str) -> dict[str, tuple[int, str]]:
    invoice = room.one(issued_on=day, kind="regular")
    return {line["charge"]: (line["amount_minor"], line["starts_on"]) for line in invoice["lines"]}


def test_each_period_is_billed_at_the_phase_in_which_it_begins(billing: Service, tenant: str) -> None:
    room = Room(billing, tenant, RAMPED, minimums={})
    room.live_until("2031-02-01")
    room.live_until("2031-03-01")
    assert lines(room, "2031-01-01") == {"platform_fee": (142_500, "2031-01-01")}
    assert lines(room, "2031-02-01") == {
        "platform_fee": (3 * 142_500, "2031-02-01"),
        "departures": (300 * 3000 + 100 * 1575, "2031-01-01"),
    }
    assert lines(room, "2031-03-01") == {
        "platform_fee": (3 * 100_000, "2031-03-01"),
        "departures": (400 * 1000, "2031-02-01"),
    }
    assert_sound(room)


def test_late_usage_has_the_price_of_its_own_phase_and_says_so(billing: Service, tenant: str) -> None:
    room = Room(billing, tenant, RAMPED, minimums={})
    room.live_until("2031-02-01")
    room.revise_usage(LATE, JFK=410)
    correction = room.one(kind="correction")
    assert correction["subtotal_minor"] == 10 * 1575
    told = room.client.get(f"/v1/invoices/{correction['invoice_id']}/lines/1/explain").json()
    assert told["price"]["price"]["model"] == "graduated"
    fee = room.one(issued_on="2031-02-01", kind="regular")
    told = room.client.get(f"/v1/invoices/{fee['invoice_id']}/lines/1/explain").json()
    assert told["reading"][:2] == ["3 at 1500.00 above: 4500.00 USD", "less 5 percent"]
    assert_sound(room)


def test_a_quote_previews_its_ramp_and_what_a_year_comes_to_at_last(billing: Service, tenant: str) -> None:
    quote = Shop(billing, tenant).open().draft(**RAMPED)
    [line] = quote["lines"]
    nets = [invoice["subtotal_minor"] for invoice in line["first_invoices"]]
    assert nets == [142_500, 3 * 142_500, 300_000]
    assert line["term"]["net_minor"] == 142_500 + 3 * 142_500 + 10 * 300_000
    assert line["annual_minor"] == quote["annual"]["booked_minor"] == quote["annual"]["list_minor"] == 12 * 300_000
    assert [(phase["after_months"], phase["quantity"]) for phase in line["ramp"]] == [(1, 3), (2, None)]


def test_a_discount_in_a_later_phase_needs_the_same_approval(billing: Service, tenant: str) -> None:
    shop = Shop(billing, tenant).open()
    quote = shop.draft(ramp=[{"after_months": 6, "discount_percent": "20"}])
    submitted = shop.rita.post(f"/v1/quotes/{quote['quote_id']}/submit").json()
    assert (submitted["status"], submitted["approval"]["level"]) == ("pending", "director")


@pytest.mark.parametrize(
    ("ramp", "code", "pointer"),
    [
        ([{"after_months": 0, "quantity": 2}], "phase_out_of_order", "0/after_months"),
        ([{"after_months": 12, "quantity": 2}], "phase_out_of_order", "0/after_months"),
        ([{"after_months": 2, "quantity": 2}] * 2, "phase_out_of_order", "1/after_months"),
        ([{"after_months": 2}], "nothing_changes", "0"),
        ([{"after_months": 2, "quantity": 0}], "not_positive", "0/quantity"),
        ([{"after_months": 2, "discount_percent": "101"}], "percent_too_high", "0/discount_percent"),
        ([{"after_months": 2, "prices": {"seats": CHEAPER}}], "part_not_allowed", "0/prices/seats"),
        (
            [{"after_months": 2, "prices": {"departures": {"model": "volume"}}}],
            "part_missing",
            "0/prices/departures/tiers",
        ),
        (
            [{"after_months": 2, "prices": {"platform_fee": {"model": "dynamic"}}}],
            "flat_price_too_clever",
            "0/prices/platform_fee/model",
        ),
        (
            [{"after_months": 2, "prices": {"departures": CHEAPER | {"unit_amount": 0.1}}}],
            "invalid_request",
            "0/prices",
        ),
    ],
)
def test_an_ill_formed_ramp_is_refused_by_name(
    billing: Service, tenant: str, ramp: list[dict[str, Any]], code: str, pointer: str
) -> None:
    shop = Shop(billing, tenant).open()
    answer = shop.rita.post("/v1/quotes", json={"customer": "F9", "lines": [LINE | {"ramp": ramp}]})
    assert (answer.status_code, answer.json()["title"]) == (422, code), answer.text
    assert answer.json()["errors"][0]["pointer"] == f"/lines/0/ramp/{pointer}"


def test_a_subscription_shows_what_its_term_will_be_and_what_is_taken_off(billing: Service, tenant: str) -> None:
    clerk = billing.client(tenant)
    assert clerk.put("/v1/test-clock", json={"now": "2030-12-01T05:00:00Z"}).status_code == 200
    ten = {"name": "Ten percent", "percent": "10", "invoices": 3}
    assert clerk.put("/v1/coupons/ten", json=ten).status_code == 200
    room = Room(billing, tenant, RAMPED | {"coupons": ["ten"]}, minimums={}, net_days=300)
    [listed] = clerk.get("/v1/subscriptions").json()["items"]
    [term] = listed["terms"]
    phases = [(phase["begins_on"], phase["quantity"], phase["discount_percent"]) for phase in term["ramp"]]
    assert phases == [("2031-02-01", 3, None), ("2031-03-01", None, "0")]
    assert {code: price["model"] for code, price in term["ramp"][0]["prices"].items()} == {"departures": "per_unit"}
    [coupon] = term["coupons"]
    assert {name: coupon[name] for name in ("code", "percent", "invoices")} == {
        "code": "ten",
        "percent": "10",
        "invoices": 3,
    }

    room.live_until("2031-02-10")
    path = f"/v1/subscriptions/{listed['subscription_id']}"
    answer = clerk.post(f"{path}/amendments", json={"quantity": 5})
    assert answer.is_success, answer.text
    settle([billing])
    [term] = clerk.get(path).json()["terms"]
    assert (term["quantity"], [phase["begins_on"] for phase in term["ramp"]]) == (5, ["2031-03-01"])
    room.live_until("2031-03-10")
    assert clerk.post(f"{path}/amendments", json={"quantity": 4}).is_success
    settle([billing])
    [term] = clerk.get(path).json()["terms"]
    assert (term["quantity"], term["ramp"], len(term["coupons"])) == (4, [], 1)
