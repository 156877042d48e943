"""Coupons on invoices: percentages and amounts, for so many invoices, shared over lines and explained."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integration.billing.room import Room
from tests.integration.billing.shop import DEPARTURES, FEE, LINE, Shop
from tests.integration.billing.test_late_usage import LATE, assert_sound
from tests.support.house import Service

TEN = {"name": "Ten percent", "percent": "10"}
HUNDRED = {"name": "A hundred", "amounts": {"USD": "100.00", "EUR": "90.00"}, "invoices": 1}


def sold(billing: Service, tenant: str, coupons: dict[str, dict[str, Any]], **plan: Any) -> Room:
    clerk = billing.client(tenant)
    assert clerk.put("/v1/test-clock", json={"now": "2030-12-01T05:00:00Z"}).status_code == 200
    for code, coupon in coupons.items():
        assert clerk.put(f"/v1/coupons/{code}", json=coupon).status_code == 200
    return Room(billing, tenant, {"coupons": list(coupons)}, **plan)


def discounts(invoice: dict[str, Any]) -> list[tuple[str, int, list[tuple[str, int]]]]:
    return [
        (line["charge"], line["amount_minor"], [(each["coupon"], each["amount_minor"]) for each in line["discounts"]])
        for line in invoice["lines"]
    ]


def test_coupons_are_taken_off_in_sequence_before_the_minimum_and_the_tax(billing: Service, tenant: str) -> None:
    room = sold(billing, tenant, {"hundred": HUNDRED | {"invoices": 2}, "ten": TEN})
    room.live_until("2031-03-01")
    january, february = (room.one(issued_on=f"2031-0{month}-01", kind="regular") for month in (1, 2))
    assert discounts(january) == [("platform_fee", 126_000, [("hundred", 10_000), ("ten", 14_000)])]
    assert january["tax_minor"] == 11_183
    # 1,500.00 of February and 10,575.00 of January's usage: a hundred and then a tenth, by largest remainder.
    fee, usage = discounts(february)
    assert fee == ("platform_fee", 133_882, [("hundred", 1_242), ("ten", 14_876)])
    assert usage == ("departures", 943_868, [("hundred", 8_758), ("ten", 104_874)])
    path = f"/v1/invoices/{february['invoice_id']}/lines/2/explain"
    assert room.client.get(path).json()["reading"][-4:-1] == [
        "rounded to 1057500 minor units of USD, residue 0.000000000000",
        "less 8758 by coupon hundred",
        "less 104874 by coupon ten",
    ]
    assert_sound(room)


def test_a_coupon_for_one_invoice_is_gone_with_the_next(billing: Service, tenant: str) -> None:
    room = sold(billing, tenant, {"hundred": HUNDRED})
    room.live_until("2031-02-01")
    assert [
        bool(line["discounts"]) for day in ("2031-01-01", "2031-02-01") for line in room.one(issued_on=day)["lines"]
    ] == [
        True,
        False,
        False,
    ]
    assert room.verified()


def test_a_period_has_an_amount_once_whatever_is_amended_in_it(billing: Service, tenant: str) -> None:
    room = sold(billing, tenant, {"hundred": HUNDRED | {"invoices": None}})
    room.live_until("2031-01-11")
    [subscription] = room.client.get("/v1/subscriptions").json()["items"]
    path = f"/v1/subscriptions/{subscription['subscription_id']}/amendments"
    change = {"effective": "now", "quantity": 2}
    [foreseen] = room.client.post(f"{path}/preview", json=change).json()["bills"]
    assert room.client.post(path, json=change).status_code == 200
    room.live_until("2031-01-12")
    first, amended = (room.one(issued_on=day, kind="regular") for day in ("2031-01-01", "2031-01-11"))
    # 21 of 31 days of 1,400.00 are credited, and with them 67.74 of the hundred; 21 days of 3,000.00 have that off.
    assert [line["amount_minor"] for note in first["credit_notes"] for line in note["lines"]] == [94_839]
    assert discounts(amended) == [("platform_fee", 203_226 - 6_774, [("hundred", 6_774)])]
    assert foreseen["total_minor"] == amended["total_minor"]
    told = room.client.get(f"/v1/invoices/{amended['invoice_id']}/lines/1/explain").json()["reading"]
    assert "less 6774 by coupon hundred" in told
    assert room.verified()


def test_what_usage_left_of_an_amount_is_for_the_rest_of_the_period(billing: Service, tenant: str) -> None:
    most = {"name": "Most of it", "amounts": {"USD": "12100.00"}}
    room = sold(billing, tenant, {"most": most})
    room.live_until("2031-02-11")
    [subscription] = room.client.get("/v1/subscriptions").json()["items"]
    path = f"/v1/subscriptions/{subscription['subscription_id']}/amendments"
    change = {"effective": "now", "quantity": 2}
    [foreseen] = room.client.post(f"{path}/preview", json=change).json()["bills"]
    assert room.client.post(path, json=change).status_code == 200
    room.live_until("2031-02-12")
    february, amended = (room.one(issued_on=day, kind="regular") for day in ("2031-02-01", "2031-02-11"))
    # 10,575.00 of January's usage and 1,500.00, of which 18 of 28 days are not used: 12,100.00 less 11,110.72 are left.
    assert sum(each for _, _, taken in discounts(february) for _, each in taken) == 1_207_500
    assert discounts(amended) == [("platform_fee", 192_857 - 98_928, [("most", 98_928)])]
    assert foreseen["total_minor"] == amended["total_minor"]
    room.revise_usage(LATE, JFK=700)
    assert_sound(room)
    assert room.verified()


def test_late_usage_shares_an_amount_anew_and_the_documents_add_up(billing: Service, tenant: str) -> None:
    room = sold(billing, tenant, {"hundred": HUNDRED | {"invoices": 2}, "ten": TEN})
    room.live_until("2031-02-01")
    room.revise_usage(LATE, JFK=700)
    correction = room.one(kind="correction")
    number = next(line["number"] for line in correction["lines"] if line["charge"] == "departures")
    told = room.client.get(f"/v1/invoices/{correction['invoice_id']}/lines/{number}/explain").json()["reading"]
    assert "less 9107 by coupon hundred" in told
    # 1,500.00 and 300 x 30 + 400 x 15.75, less a hundred, less a tenth.
    assert sum(i["subtotal_minor"] for i in room.invoices() if i["issued_on"] != "2031-01-01") == 1_503_000
    assert_sound(room)


def test_a_coupon_of_some_charges_leaves_the_others_alone(billing: Service, tenant: str) -> None:
    room = sold(billing, tenant, {"ten": TEN | {"charges": ["departures"]}})
    room.live_until("2031-02-01")
    assert [taken for _, _, taken in discounts(room.one(issued_on="2031-02-01"))] == [[], [("ten", 105_750)]]


def test_nobody_pays_less_than_nothing_and_the_minimum_counts_what_is_left(billing: Service, tenant: str) -> None:
    room = sold(billing, tenant, {"all": {"name": "Free", "percent": "100", "charges": ["departures"]}})
    room.live_until("2031-02-01")
    february = room.one(issued_on="2031-02-01")
    assert [(line["charge"], line["amount_minor"]) for line in february["lines"]] == [
        ("platform_fee", 150_000),
        ("departures", 0),
        ("true_up", 500_000),
    ]
    assert room.verified()


def test_a_quote_previews_what_its_coupons_take_off(billing: Service, tenant: str) -> None:
    prices = {"USD": [FEE | {"tax_rates": []}, DEPARTURES]}
    assert billing.client(tenant).put("/v1/coupons/hundred", json=HUNDRED).status_code == 200
    [line] = Shop(billing, tenant).open(prices=prices).draft(coupons=["hundred"])["lines"]
    first, second, _ = line["first_invoices"]
    assert [invoice["total_minor"] for invoice in (first, second)] == [140_000, 150_000]
    assert (line["term"]["list_minor"], line["term"]["discount_minor"]) == (12 * 150_000, 10_000)
    assert (line["annual_minor"], line["per_period"]["net_minor"]) == (12 * 150_000, 150_000)
    assert [(coupon["code"], coupon["amount"], coupon["invoices"]) for coupon in line["coupons"]] == [
        ("hundred", "100.00", 1)
    ]


@pytest.mark.parametrize(
    ("coupon", "code", "pointer"),
    [
        ({"percent": "101"}, "percent_too_high", "/percent"),
        ({"percent": "-1"}, "negative_number", "/percent"),
        ({"percent": "0"}, "not_positive", "/percent"),
        ({"amounts": {"USD": "-5"}}, "negative_number", "/amounts/USD"),
        ({"amounts": {"USD": "0.001"}}, "too_many_places", "/amounts/USD"),
        ({"amounts": {"EUX": "1"}}, "unknown_currency", "/currency"),
        ({"percent": "5", "amounts": {"USD": "1"}}, "reduction_unclear", "/percent"),
        ({}, "reduction_unclear", "/percent"),
        ({"percent": "5", "invoices": 0}, "not_positive", "/invoices"),
    ],
)
def test_a_coupon_that_says_nothing_clear_is_refused_by_name(
    billing: Service, tenant: str, coupon: dict[str, Any], code: str, pointer: str
) -> None:
    answer = billing.client(tenant).put("/v1/coupons/c", json={"name": "C"} | coupon)
    assert (answer.status_code, answer.json()["title"]) == (422, code)
    assert answer.json()["errors"][0]["pointer"] == pointer


def test_a_quote_gives_no_coupon_that_is_not_there_for_it(billing: Service, tenant: str) -> None:
    shop = Shop(billing, tenant).open()
    for code, coupon in {
        "past": TEN | {"redeem_until": "2020-01-01"},
        "euro": {"name": "Euro", "amounts": {"EUR": "5"}},
        "other": TEN | {"charges": ["seats"]},
    }.items():
        assert shop.rita.put(f"/v1/coupons/{code}", json=coupon).status_code == 200
    refusals = {}
    for code in ("past", "euro", "other", "nowhere"):
        line = {"plan": "gate-use", "starts_on": "2031-01-01", "coupons": [code]}
        answer = shop.rita.post("/v1/quotes", json={"customer": "F9", "lines": [line]}).json()
        refusals[code] = (answer["title"], answer["errors"][0]["pointer"])
    at = "/lines/0/coupons/0"
    assert refusals == {
        "past": ("coupon_expired", at),
        "euro": ("no_price_in_currency", at),
        "other": ("coupon_fits_nothing", at),
        "nowhere": ("coupon_not_found", at),
    }


def test_a_coupon_is_answered_as_it_was_put_and_listed(billing: Service, tenant: str) -> None:
    clerk = billing.client(tenant)
    put = clerk.put("/v1/coupons/hundred", json=HUNDRED).json()
    assert (put["code"], put["amounts"], put["version"]) == ("hundred", {"USD": "100.00", "EUR": "90.00"}, 1)
    assert clerk.put("/v1/coupons/hundred", json=HUNDRED).json()["version"] == 1
    assert clerk.get("/v1/coupons").json()["items"] == [put] == [clerk.get("/v1/coupons/hundred").json()]


def test_a_coupon_is_named_once_on_a_line(billing: Service, tenant: str) -> None:
    room = sold(billing, tenant, {"ten": TEN, "hundred": HUNDRED})
    line = LINE | {"coupons": ["ten", "hundred", "ten"]}
    answer = room.client.post("/v1/quotes", json={"customer": "F9", "lines": [line]})
    [error] = answer.json()["errors"]
    assert (answer.status_code, error["code"], error["pointer"]) == (422, "coupon_repeated", "/lines/0/coupons/2")
