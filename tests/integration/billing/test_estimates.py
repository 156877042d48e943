"""A bill that has waited long enough for usage is made of what was told by then, and settled when the period closes."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.integration.billing.test_progressive_billing import Gates, assert_sound, february, lines
from tests.support.house import Service
from tests.support.moving_clock import move_clock


class Waiting(Gates):
    """Usage of January is told by the tenth, and not closed."""

    def __init__(self, billing: Service, tenant: str, **plan: Any):
        super().__init__(billing, tenant, **{"estimate_after_days": 3, "progressive_billing": {}} | plan)

    def until(self, day: int) -> None:
        move_clock(self.billing, self.client, datetime(2031, 2, day, 5, tzinfo=UTC))

    def close_at(self, departures: int) -> None:
        self.close_usage(departures={"JFK": departures} if departures else {})


def test_what_was_told_is_billed_when_the_days_are_over_and_says_so(billing: Service, tenant: str) -> None:
    waiting = Waiting(billing, tenant)
    waiting.use(10, 70)
    waiting.until(3)
    assert [i for i in waiting.invoices() if i["issued_on"] == "2031-02-01"] == []
    waiting.until(4)
    assert lines(waiting.period) == [("usage", "70", 210_000)]
    assert (waiting.period["due_on"], waiting.period["lines"][1]["proof"]["revision"]) == ("2031-02-16", -1)
    path = f"/v1/invoices/{waiting.period['invoice_id']}/lines/2/explain"
    assert waiting.client.get(path).json()["reading"][-1].endswith("as told before the period was closed")
    assert_sound(waiting)


@pytest.mark.parametrize("policy", [{}, {"late_usage": "ignore_after", "late_usage_days": 0}])
@pytest.mark.parametrize("closed", [0, 40, 70, 100])
def test_the_closing_settles_the_estimate_whatever_late_usage_is_answered_with(
    billing: Service, tenant: str, closed: int, policy: dict[str, Any]
) -> None:
    waiting = Waiting(billing, tenant, **policy)
    waiting.use(10, 70)
    waiting.until(12)
    waiting.close_at(closed)
    assert waiting.carried() == closed * 3_000
    [correction] = waiting.corrections()
    answer = "unchanged" if closed == 70 else "billed" if closed > 70 else "credited"
    assert (correction["cause"], correction["revision"], correction["status"]) == ("estimated", 0, answer)
    assert_sound(waiting)


def test_a_draft_takes_the_closing_in_and_late_usage_follows_as_ever(billing: Service, tenant: str) -> None:
    waiting = Waiting(billing, tenant, review_days=20)
    waiting.use(10, 70)
    waiting.until(12)
    assert waiting.one(subtotal_minor=360_000)["status"] == "draft"
    waiting.close_at(100)
    assert waiting.one(subtotal_minor=450_000)["status"] == "draft"
    waiting.until(26)
    waiting.revise_usage(february(27), 1, JFK=110)
    assert waiting.carried() == 330_000
    assert_sound(waiting)


def test_of_a_period_of_which_nothing_was_told_nothing_is_billed_until_it_closes(billing: Service, tenant: str) -> None:
    waiting = Waiting(billing, tenant)
    waiting.until(5)
    assert lines(waiting.period) == []
    waiting.close_at(10)
    assert waiting.carried() == 30_000
    assert_sound(waiting)


def test_who_closes_in_time_has_no_estimate(billing: Service, tenant: str) -> None:
    waiting = Waiting(billing, tenant)
    waiting.use(10, 70)
    waiting.close_at(80)
    waiting.until(12)
    assert lines(waiting.period) == [("usage", "80", 240_000)]
    assert waiting.corrections() == []
    assert_sound(waiting)


def test_what_was_billed_ahead_comes_off_the_estimate_as_well(billing: Service, tenant: str) -> None:
    thresholds = {"USD": {"thresholds": ["1500.00"]}}
    waiting = Waiting(billing, tenant, progressive_billing=thresholds)
    waiting.use(9, 60)
    waiting.use(12, 70)
    waiting.until(12)
    assert lines(waiting.period) == [("usage", "70", 210_000), ("progressive", "-60", -180_000)]
    waiting.close_at(50)
    assert waiting.carried() == 150_000
    assert_sound(waiting)
