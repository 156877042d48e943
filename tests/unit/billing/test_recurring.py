"""Recurring revenue counts what runs on a day, and each contract moves it in one direction."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from services.billing.domain.agreement import RampPhase
from services.billing.domain.recurring import annual, monthly, move
from services.billing.domain.subscription import SUBSCRIPTION
from tests.unit.billing.firm import AGREED, Firm

DAY = date(2013, 6, 1)


def test_flat_charges_count_for_a_year_while_a_term_runs_and_usage_does_not() -> None:
    firm = Firm()
    subscription = firm.state(SUBSCRIPTION, firm.id)
    term = subscription.last
    assert annual(subscription, DAY) == 12 * 1501
    assert annual(subscription, term.starts_on) == 12 * 1501
    assert annual(subscription, term.ends_on) == 0
    assert annual(None, DAY) == 0


@pytest.mark.parametrize("phase", ["lapsed", "expired"])
def test_what_is_not_sold_any_more_does_not_count(phase: str) -> None:
    firm = Firm()
    assert annual(replace(firm.state(SUBSCRIPTION, firm.id), phase=phase), DAY) == 0


def test_a_ramp_counts_as_it_is_on_the_day() -> None:
    ramp = (RampPhase(after_months=6, quantity=3, discount_percent=Decimal(0)),)
    firm = Firm(replace(AGREED, ramp=ramp))
    subscription = firm.state(SUBSCRIPTION, firm.id)
    start = subscription.anchor
    assert annual(subscription, start) == 12 * 1501
    assert annual(subscription, date(start.year, start.month + 6, start.day)) == 3 * 12 * 1501


@pytest.mark.parametrize(
    ("before", "after", "moved"),
    [(0, 5, "new"), (5, 0, "churn"), (5, 6, "expansion"), (5, 4, "contraction"), (5, 5, "unchanged")],
)
def test_a_contract_moves_it_in_one_direction(before: int, after: int, moved: str) -> None:
    assert move(before, after) == moved


def test_who_rests_is_not_lost_and_not_new_when_it_goes_on() -> None:
    assert (move(5, 0, is_paused=True), move(0, 5, was_paused=True)) == ("paused", "resumed")
    assert (move(5, 7, was_paused=True), move(0, 0, was_paused=True)) == ("expansion", "unchanged")


@pytest.mark.parametrize(("year", "month"), [(18, 2), (17, 1), (-18, -2), (12_000, 1000)])
def test_a_month_is_a_twelfth_rounded_half_away_from_zero(year: int, month: int) -> None:
    assert monthly(year) == month
