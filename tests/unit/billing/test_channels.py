"""A price for each channel: what a tier of resellers pays, and nobody else."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

import pytest

from services.billing.domain.catalogue import PublishPlan, UnknownMeter, decide
from services.billing.domain.plan import NoPriceInChannel, NoPriceInCurrency
from services.billing.domain.plan_validation import CodeRepeated, NothingToSell, validate_plan
from services.billing.domain.pricing.limits import NegativeNumber
from services.billing.domain.quote.lines import agreed_line, renewed_line
from shared.errors import DomainError
from tests.unit.billing.offers import PLAN, PLAN_ID, POLICY
from tests.unit.billing.prices import flat, metered, per_unit

GOLD = (flat("platform", "1200.00", in_advance=True),)
SOLD = replace(PLAN, channel_prices={"gold": {"USD": GOLD}})
FIRST = date(2013, 1, 1)


def test_a_line_has_the_prices_of_its_channel_and_without_one_those_of_direct_sales() -> None:
    line = agreed_line(SOLD, "USD", POLICY, starts_on=FIRST, channel="gold")
    assert (line.charges, line.channel) == (GOLD, "gold")
    direct = agreed_line(SOLD, "USD", POLICY, starts_on=FIRST)
    assert (direct.charges, direct.channel) == (PLAN.prices["USD"], None)
    assert renewed_line(line, POLICY.uplift_percent, date(2014, 1, 1), "USD").channel == "gold"


@pytest.mark.parametrize(
    ("currency", "channel", "error"), [("USD", "silver", NoPriceInChannel), ("EUR", "gold", NoPriceInCurrency)]
)
def test_what_a_channel_pays_is_never_guessed(currency: str, channel: str, error: type[DomainError]) -> None:
    with pytest.raises(error):
        agreed_line(SOLD, currency, POLICY, starts_on=FIRST, channel=channel)


@pytest.mark.parametrize(
    ("prices", "error", "field"),
    [
        ({"USD": ()}, NothingToSell, "/channel_prices/gold/USD"),
        ({"USD": (flat("platform", "-1"),)}, NegativeNumber, "/channel_prices/gold/USD/0/price/unit_amount"),
        ({"USD": (flat("floor", "1"),)}, CodeRepeated, "/minimums/USD"),
    ],
)
def test_the_list_of_a_channel_is_checked_like_any_other(
    prices: dict[str, Any], error: type[DomainError], field: str
) -> None:
    with pytest.raises(error) as caught:
        validate_plan(replace(PLAN, channel_prices={"gold": prices}))
    assert caught.value.field == field


def test_a_meter_of_a_channel_is_one_that_usage_has_defined() -> None:
    sold = replace(PLAN, channel_prices={"gold": {"USD": (metered("gates", per_unit("1")),)}})
    command = PublishPlan(plan_id=UUID(int=1), plan=sold, meters={"departures": ("origin",)}, policies=("standard",))
    with pytest.raises(UnknownMeter) as caught:
        decide(None, replace(command, plan_id=PLAN_ID))
    assert caught.value.field == "/channel_prices/gold/USD/0/meter"
