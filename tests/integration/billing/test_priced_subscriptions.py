"""A subscription at every kind of price: its invoice says what the evaluation of the price says, and proves it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.integration.billing.room import Room
from tests.integration.billing.shop import DEPARTURES, FEE
from tests.support.house import Service

LATE = datetime(2031, 2, 12, 5, tzinfo=UTC)
USAGE: dict[str, dict[str, Any]] = {
    "per_unit": {"unit_amount": "0.123456789012", "convert": {"divide_by": "7", "round": "up"}},
    "graduated": {"tiers": [{"up_to": "300", "unit_amount": "1", "flat_amount": "5"}, {"unit_amount": "0.333"}]},
    "volume": {"tiers": [{"up_to": "300", "unit_amount": "1"}, {"unit_amount": "0.5", "flat_amount": "3"}]},
    "package": {"package": {"size": "150", "amount": "99.99", "free": "10"}},
    "percentage": {"percentage": {"rate": "0.029", "free_value": "100"}, "discount": {"percent": "10"}},
    "graduated_percentage": {"tiers": [{"up_to": "300", "rate": "0.03"}, {"rate": "0.02"}], "maximum_amount": "10"},
    "dynamic": {"multiplier": "1.33333", "minimum_amount": "1000"},
    "block": {
        "block_mode": "all_tiers",
        "tiers": [
            {"blocks": 2, "block_size": "100", "block_amount": "7"},
            {"block_size": "250", "block_amount": "11.5"},
        ],
    },
}
SEATS: dict[str, dict[str, Any]] = {
    "per_unit": {"unit_amount": "9.90", "discount": {"quantity": "2"}},
    "graduated": {"tiers": [{"up_to": "5", "unit_amount": "20"}, {"unit_amount": "15.55"}]},
    "volume": {"tiers": [{"up_to": "5", "unit_amount": "20"}, {"unit_amount": "15.55"}]},
    "package": {"package": {"size": "5", "amount": "80"}},
    "block": {
        "block_mode": "top_tier",
        "tiers": [{"blocks": 1, "block_size": "5", "block_amount": "90"}, {"block_size": "10", "block_amount": "150"}],
    },
}


def opened(billing: Service, tenant: str, fee: dict[str, Any], usage: dict[str, Any], **line: Any) -> Room:
    prices = {"USD": [FEE | {"price": fee}, DEPARTURES | {"price": usage}]}
    room = Room(billing, tenant, line, prices=prices, minimums={})
    room.live_until("2031-02-01")
    return room


def evaluated(room: Room, price: dict[str, Any], usage: dict[str, Any]) -> dict[str, Any]:
    asked = {"currency": "USD", "price": price, "last_of_period": True, **usage}
    answer = room.client.post("/v1/prices/evaluate", json=asked)
    assert answer.status_code == 200, answer.text
    line: dict[str, Any] = answer.json()["lines"][0]
    return line


def line_of(invoice: dict[str, Any], charge: str) -> dict[str, Any]:
    [line] = [line for line in invoice["lines"] if line["charge"] == charge]
    return dict(line)


def told(room: Room, invoice: dict[str, Any], line: dict[str, Any]) -> list[str]:
    path = f"/v1/invoices/{invoice['invoice_id']}/lines/{line['number']}/explain"
    reading: list[str] = room.client.get(path).json()["reading"]
    return reading


TOKENS = {"code": "token", "unit_amount": "0.0123"}


@pytest.mark.parametrize("model", USAGE)
def test_usage_is_billed_as_it_is_evaluated(billing: Service, tenant: str, model: str) -> None:
    price = {"model": model, **USAGE[model]}
    room = opened(billing, tenant, {"model": "per_unit", "unit_amount": "10"}, price)
    invoice = room.one(issued_on="2031-02-01", kind="regular")
    line, expected = line_of(invoice, "departures"), evaluated(room, price, {"groups": {"JFK": "400"}})
    for name in ("group", "amount_minor", "tiers"):
        assert line[name] == expected[name]
    assert told(room, invoice, line)[1:-1] == expected["reading"]
    assert room.verified()


@pytest.mark.parametrize("model", USAGE)
def test_late_usage_is_billed_or_credited_by_the_same_price(billing: Service, tenant: str, model: str) -> None:
    price = {"model": model, **USAGE[model]}
    room = opened(billing, tenant, {"model": "per_unit", "unit_amount": "10"}, price)
    before = evaluated(room, price, {"groups": {"JFK": "400"}})["amount_minor"]
    room.revise_usage(LATE, JFK=700)
    after = evaluated(room, price, {"groups": {"JFK": "700"}})["amount_minor"]
    extra = [i["subtotal_minor"] for i in room.invoices() if i["kind"] == "correction"]
    assert sum(extra) == after - before
    assert room.verified()


@pytest.mark.parametrize("model", SEATS)
def test_seats_are_billed_as_they_are_evaluated(billing: Service, tenant: str, model: str) -> None:
    price = {"model": model, **SEATS[model]}
    per_flight = {"model": "per_unit", "unit_amount": "1"}
    room = opened(billing, tenant, price, per_flight, quantity=12)
    invoice = room.one(issued_on="2031-02-01", kind="regular")
    line, expected = line_of(invoice, "platform_fee"), evaluated(room, price, {"quantity": "12"})
    assert (line["kind"], line["amount_minor"], line["tiers"]) == ("flat", expected["amount_minor"], expected["tiers"])
    assert line["quantity"] == "12"
    assert told(room, invoice, line) == expected["reading"]
    assert room.verified()


def test_usage_and_seats_may_be_priced_in_units_of_the_seller_s_own(billing: Service, tenant: str) -> None:
    usage = {"model": "graduated", **USAGE["graduated"], "minimum_amount": "500", "credit": TOKENS}
    room = opened(billing, tenant, {"model": "per_unit", "unit_amount": "100", "credit": TOKENS}, usage)
    invoice = room.one(issued_on="2031-02-01", kind="regular")
    line, seats = line_of(invoice, "departures"), line_of(invoice, "platform_fee")
    # 300 x 1 + 5 + 100 x 0.333 tokens, lifted to 500 of them.
    assert (line["amount_minor"], line["credits"]["quantity"]) == (615, "500.000")
    assert told(room, invoice, line)[1:-1] == [
        "300 at 1 up to 300 and 5 flat: 305 token",
        "100 at 0.333 above: 33.300 token",
        "500.000 token at 0.0123: 6.1500000 USD",
        "rounded to 615 minor units of USD, residue 0.000000000000",
    ]
    assert (seats["amount_minor"], told(room, invoice, seats)[:2]) == (
        123,
        ["1 at 100 above: 100 token", "100 token at 0.0123: 1.2300 USD"],
    )
    room.revise_usage(LATE, JFK=1400)
    # 671.30 tokens instead of 500.
    assert room.one(kind="correction")["subtotal_minor"] == 826 - 615
    assert room.verified()


def test_a_discounted_part_of_a_month_of_seats_explains_itself(billing: Service, tenant: str) -> None:
    price = {"model": "graduated", **SEATS["graduated"]}
    fee = {"quantity": 12, "discount_percent": "2.5", "starts_on": "2031-01-11"}
    room = opened(billing, tenant, price, {"model": "per_unit", "unit_amount": "1"}, **fee)
    first = room.one(issued_on="2031-01-11", kind="regular")
    line = line_of(first, "platform_fee")
    # (5 x 20 + 7 x 15.55) less 2.5 % for 21 days of 31.
    assert line["amount_minor"] == 13794
    assert told(room, first, line) == [
        "5 at 20 up to 5: 100 USD",
        "7 at 15.55 above: 108.85 USD",
        "less 2.5 percent",
        "21 parts of 31, by the days from 2031-01-11",
        "rounded to 13794 minor units of USD, residue 0.002056451613",
    ]
    assert room.verified()


def test_airports_may_have_prices_of_their_own(billing: Service, tenant: str) -> None:
    busy = {"where": {"origin": ["JFK", "LGA"]}, "price": {"model": "per_unit", "unit_amount": "2.50"}}
    usage = DEPARTURES | {"filtered_prices": [busy]}
    room = Room(billing, tenant, prices={"USD": [FEE, usage]}, minimums={})
    shown = room.client.get("/v1/plans/gate-use").json()["prices"]["USD"][1]
    assert [filtered["where"] for filtered in shown["filtered_prices"]] == [busy["where"]]
    room.live_until("2031-02-01")
    room.revise_usage(LATE, JFK=400, EWR=100)
    lines = [line for invoice in room.invoices() for line in invoice["lines"] if line["charge"] == "departures"]
    assert {line["group"]: line["amount_minor"] for line in lines} == {"JFK": 100_000, "EWR": 300_000}
    assert room.verified()


def test_a_fee_per_event_counts_the_events_of_the_period(billing: Service, tenant: str) -> None:
    price = {"model": "percentage", "percentage": {"rate": "0.029", "fixed_per_event": "0.30"}}
    room = opened(billing, tenant, {"model": "per_unit", "unit_amount": "10"}, price)
    invoice = room.one(issued_on="2031-02-01", kind="regular")
    line = line_of(invoice, "departures")
    # 400 events of a value of 400 in all.
    assert line["amount_minor"] == 400 * 30 + 1160
    assert told(room, invoice, line)[1] == "400 at 0.029 above and 120.00 flat: 131.600 USD"
    assert room.verified()
