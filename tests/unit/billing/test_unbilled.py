"""What is earned and not invoiced: by the day, to the cent, and all of it by the day on which it is invoiced."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from services.billing.domain import unbilled
from services.billing.domain.billed_items import Billed, items_of_bill
from services.billing.domain.contract_value import items_of, usage_of
from services.billing.domain.coupon import AgreedCoupon
from services.billing.domain.invoice.compose import compose
from services.billing.domain.period_total import PeriodTotal
from services.billing.domain.plan import Charge, MinimumCommitment
from services.billing.domain.subscription.commands import RequestBill
from services.billing.domain.subscription.events import Bill, UsageItem
from services.billing.domain.usage_period import UsagePeriod
from shared.money import Money
from tests.unit.billing.test_subscription import CALLS, CREATE, FEE, LINE, START, Story, new_york

NEW_YEAR = date(2013, 1, 1)


def story(
    unit_amount: str,
    minimum: MinimumCommitment | None = None,
    charges: tuple[Charge, ...] = (),
    coupons: tuple[AgreedCoupon, ...] = (),
) -> Story:
    """A fee that is charged when the month is over, calls at 1.00, and more."""
    fee = replace(FEE, in_advance=False, price=replace(FEE.price, unit_amount=Decimal(unit_amount)))
    line = replace(LINE, charges=(fee, CALLS, *charges), minimum=minimum, coupons=coupons)
    told = Story(START)
    told.events = []
    told.events = told.when(replace(CREATE, line=line))
    told.events += told.when(START)
    return told


def known(items: Iterable[UsageItem], quantity: int) -> dict[UUID, UsagePeriod]:
    def period(item: UsageItem) -> UsagePeriod:
        totals = (PeriodTotal(group="", quantity=Decimal(quantity), count=quantity, digest=""),)
        ends_at = datetime(2013, 2, 1, tzinfo=UTC)
        return UsagePeriod(subscription_id=CREATE.subscription_id, item=item, ends_at=ends_at, totals=totals)

    return {item.period_id: period(item) for item in items}


def billed(told: Story, *waiting: Bill) -> Billed:
    places = {(item.key, item.starts_on) for bill in waiting for item in items_of_bill(bill)}
    return Billed(told.state.billed_through, places)


def flat(told: Story, day: date, *waiting: Bill) -> int:
    return unbilled.flat_charges(items_of(told.state), billed(told, *waiting), day).total()


def used(told: Story, day: date, *waiting: Bill, are_over: bool = True) -> tuple[int, int]:
    """What seven calls in each period come to that has begun, and how many of these there are."""
    items = unbilled.usage_items(usage_of(told.state), billed(told, *waiting), day)
    found = unbilled.usage(told.state, items, known(items, 7), day, are_over=are_over)
    return found.total(), len(items)


def test_a_third_of_the_month_has_earned_a_third_of_the_fee() -> None:
    assert flat(story("1500"), date(2013, 1, 10)) == 48_387


def test_what_is_invoiced_is_not_unbilled_any_more_and_what_waits_for_its_invoice_is() -> None:
    told, last = story("1500"), date(2013, 1, 31)
    before = flat(told, last), used(told, last)
    [requested] = told.when(RequestBill(at=new_york(2013, 2, 1)))
    told.events += [requested]
    assert (flat(told, last, requested.bill), used(told, last, requested.bill)) == before
    assert (flat(told, last), used(told, last)) == (0, (0, 0))
    assert before == (150_000, (700, 1))


def test_what_a_running_period_lacks_of_its_minimum_may_still_be_used() -> None:
    told = story("1500", MinimumCommitment(code="least", name="Least", amount=Money(2000, "USD")))
    day = date(2013, 1, 10)
    assert (used(told, day, are_over=False), used(told, day)) == ((700, 1), (2000, 1))


def test_a_coupon_is_shared_over_all_that_is_invoiced_on_the_day_as_on_the_invoice() -> None:
    """At the end of January the fee of that month is unbilled; that of February is on the same invoice, and has its half."""
    coupon = AgreedCoupon(code="welcome", name="Welcome", amount=Decimal(500))
    ahead = replace(FEE, code="ahead")
    told = story("1500", charges=(ahead,), coupons=(coupon,))
    told.events += told.when(RequestBill(at=new_york(2013, 1, 1)))
    [requested] = told.when(RequestBill(at=new_york(2013, 2, 1)))
    line = next(
        line for line in compose(told.state, requested.bill, known(requested.bill.usage, 0)) if line.charge == "fee"
    )
    assert flat(told, date(2013, 1, 31)) == line.amount.minor == 125_000


@given(st.decimals("0.01", "9999.99", places=2), st.integers(0, 364))
def test_a_day_more_earns_never_less_and_a_whole_month_is_the_fee_to_the_cent(amount: Decimal, days: int) -> None:
    told, day = story(f"{amount:f}"), NEW_YEAR + timedelta(days=days)
    minor, tomorrow = int(amount * 100), day + timedelta(days=1)
    today = flat(told, day)
    assert day.month * minor >= today >= (day.month - 1) * minor
    assert flat(told, min(tomorrow, date(2013, 12, 31))) >= today
    if tomorrow.day == 1:
        assert today == day.month * minor
