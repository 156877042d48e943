"""What is earned and not invoiced: by the day, to the cent, and all of it by the day on which it is invoiced."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from services.billing.domain.subscription.commands import RequestBill
from services.billing.domain.subscription.events import UsageItem
from services.billing.domain.unbilled import Unbilled, unbilled, usage_items
from services.billing.domain.usage_period import PeriodTotal, UsagePeriod
from tests.unit.billing.test_subscription import CALLS, CREATE, FEE, LINE, START, Story, new_york

NEW_YEAR = date(2013, 1, 1)


def story(unit_amount: str) -> Story:
    """A fee that is charged when the month is over, and calls at 1.00."""
    fee = replace(FEE, in_advance=False, price=replace(FEE.price, unit_amount=Decimal(unit_amount)))
    told = Story(START)
    told.events = []
    told.events = told.when(replace(CREATE, line=replace(LINE, charges=(fee, CALLS), minimum=None)))
    told.events += told.when(START)
    return told


def known(told: Story, day: date, quantity: int, *, closed: bool) -> dict[UUID, UsagePeriod]:
    def period(item: UsageItem) -> UsagePeriod:
        totals = (PeriodTotal(group="", quantity=Decimal(quantity), count=quantity, digest=""),)
        ends_at = datetime(2013, 2, 1, tzinfo=UTC)
        return UsagePeriod(
            subscription_id=CREATE.subscription_id, item=item, ends_at=ends_at, closed=closed, totals=totals
        )

    return {item.period_id: period(item) for item in usage_items(told.state, [], day)}


def at(told: Story, day: date, quantity: int = 7, *, closed: bool = False) -> Unbilled:
    return unbilled(told.state, [], known(told, day, quantity, closed=closed), day)


def test_a_third_of_the_month_has_earned_a_third_of_the_fee_and_open_usage_nothing() -> None:
    found = at(story("1500"), date(2013, 1, 10))
    assert (found.flat.total(), found.usage.total(), found.open_periods) == (48_387, 0, 1)


def test_what_is_invoiced_is_not_unbilled_any_more_and_what_waits_for_its_invoice_is() -> None:
    told, last = story("1500"), date(2013, 1, 31)
    before = at(told, last, closed=True)
    [requested] = told.when(RequestBill(at=new_york(2013, 2, 1)))
    periods = known(told, last, 7, closed=True)
    told.events += [requested]
    assert unbilled(told.state, [requested.bill], periods, last) == before
    assert at(told, last).flat.total() == 0
    assert (before.flat.total(), before.usage.total()) == (150_000, 700)


@given(st.decimals("0.01", "9999.99", places=2), st.integers(0, 364))
def test_a_day_more_earns_never_less_and_a_whole_month_is_the_fee_to_the_cent(amount: Decimal, days: int) -> None:
    told, day = story(f"{amount:f}"), NEW_YEAR + timedelta(days=days)
    minor, tomorrow = int(amount * 100), day + timedelta(days=1)
    today = at(told, day).flat.total()
    assert day.month * minor >= today >= (day.month - 1) * minor
    assert at(told, min(tomorrow, date(2013, 12, 31))).flat.total() >= today
    if tomorrow.day == 1:
        assert today == day.month * minor
