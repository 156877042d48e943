"""A price by the time of day and seats at their highest count, from the events and the amendment to the proved invoice."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from tests.integration.together.company import CALLS, METER, PLAN, SEATS, Company

HOURS = {
    "group": "hours",
    "zone": "Europe/Berlin",
    "windows": [{"name": "night", "starts": "22:00", "ends": "06:00"}],
    "otherwise": "day",
}
CHEAPER = {"where": {"hours": ["night"]}, "price": {"model": "per_unit", "unit_amount": "0.005"}}
AT_NIGHT = CALLS | {"group_by": ["hours"], "filtered_prices": [CHEAPER]}
MOST_SEATS = SEATS | {"in_advance": False, "high_water": True}


def lines(invoice: Any) -> list[tuple[str, str, int]]:
    return [(line["charge"], line["group"], line["amount_minor"]) for line in invoice["lines"]]


def test_calls_at_night_cost_less_and_the_month_has_the_most_seats_that_it_saw(company: Company) -> None:
    company.put("usage", "/v1/meters/calls", METER | {"clock": HOURS})
    company.settle()
    company.publish("night", PLAN | {"prices": {"EUR": [MOST_SEATS, AT_NIGHT]}})
    subscription = company.sell(plan="night", quantity=10)
    company.move(datetime(2031, 1, 11, 12, tzinfo=UTC))
    company.post("billing", f"/v1/subscriptions/{subscription}/amendments", {"quantity": 15})
    company.call("night", "2031-01-10T21:30:00Z", 1000)
    company.call("day", "2031-01-10T20:59:59Z", 1000)
    company.move(datetime(2031, 1, 20, 12, tzinfo=UTC))
    company.post("billing", f"/v1/subscriptions/{subscription}/amendments", {"quantity": 4})
    company.move(datetime(2031, 2, 2, tzinfo=UTC))
    (january,) = company.invoices()
    assert lines(january) == [("seats", "", 46_500), ("calls", "day", 1_000), ("calls", "night", 500)]
    company.assert_proved()
