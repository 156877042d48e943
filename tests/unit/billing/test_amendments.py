"""Amending in the middle of a term: seats, plan and add-ons, now or later, with the money of each day."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.billing.domain.agreement import AgreedLine
from services.billing.domain.amended_line import ChargeTwice, LineChange, MinimumOfAddOn, NoSuchAddOn
from services.billing.domain.plan import Charge, MinimumCommitment
from services.billing.domain.pricing.price import Price
from services.billing.domain.proration import prorate
from services.billing.domain.subscription.amending import BeforeTheLast
from services.billing.domain.subscription.cancelling import OutsideTerm
from services.billing.domain.subscription.commands import AmendSubscription, RenewTerm
from services.billing.domain.subscription.events import AmendmentScheduled, SubscriptionAmended
from shared.decider import NotAllowedNow
from shared.money import Money
from shared.periods import Days
from tests.unit.billing.lifetime import Lifetime
from tests.unit.billing.test_cancellation import cancel
from tests.unit.billing.test_subscription import CALLS, LINE, NEXT_QUOTE, new_york

JANUARY = Days(date(2013, 1, 1), date(2013, 2, 1))


def charge(code: str, amount: str, **changed: Any) -> Charge:
    price = Price(model="per_unit", unit_amount=Decimal(amount))
    return Charge(**{"code": code, "name": code, "kind": "flat", "in_advance": True, "price": price} | changed)


def plan(code: str, *charges: Charge, **changed: Any) -> AgreedLine:
    return replace(LINE, **{"plan": code, "charges": charges, "features": {}} | changed)


SEATS = charge("seats", "31.00")
TEAM = plan("team", SEATS, CALLS, quantity=10, features={"api": None, "rooms": 2})
STORAGE = plan("storage", charge("storage", "6.20", tax_rates=("0.2",)), quantity=3, features={"rooms": 5})
LEAST = MinimumCommitment(code="minimum", name="Minimum", amount=Money(310_000, "USD"))
COMMITTED = replace(STORAGE, minimum=LEAST)


def amend(at: datetime, when: Any = "now", **change: Any) -> AmendSubscription:
    return AmendSubscription(at=at, when=when, change=LineChange(**change))


def running(at: datetime, line: AgreedLine = TEAM) -> Lifetime:
    life = Lifetime(line, new_york(2012, 12, 1), used=[(new_york(2013, 1, day, 9), 10) for day in range(1, 32)])
    life.move(at)
    return life


def money(life: Lifetime) -> list[tuple[str, list[tuple[str, int]], int]]:
    """By day: what each invoice charges for, line by line, and what of it was credited before tax."""
    return [
        (
            i.header.bill.billing_on.isoformat(),
            [(line.charge, line.amount.minor) for line in i.lines],
            (i.credited - i.credited_tax).minor,
        )
        for i in life.invoices
    ]


def test_more_seats_are_charged_for_the_rest_and_the_old_ones_credited() -> None:
    life = running(new_york(2013, 1, 11, 15))
    [amended] = life.say(amend(life.now, quantity=15))
    life.move(new_york(2013, 2, 1))
    assert isinstance(amended, SubscriptionAmended)
    assert (amended.before.minor, amended.facts.base.minor, amended.facts.quantity) == (372_000, 558_000, 15)
    assert money(life) == [
        ("2013-01-01", [("seats", 31_000)], 21_000),
        ("2013-01-11", [("seats", 31_500)], 0),  # 21 of 31 days
        ("2013-02-01", [("seats", 46_500), ("calls", 31_000)], 0),
    ]
    assert life.differences() == []


def test_usage_that_an_amendment_does_not_touch_is_metered_in_one_piece() -> None:
    life = running(new_york(2013, 1, 11))
    life.say(amend(life.now, quantity=15))
    life.move(life.now)
    assert [period.item.ends_on for period in life.periods] == [date(2013, 2, 1), date(2013, 3, 1)]


def test_another_plan_meters_and_prices_anew_from_the_day() -> None:
    dearer = replace(CALLS, price=Price(model="per_unit", unit_amount=Decimal(2)))
    life = running(new_york(2013, 1, 11, 15))
    life.say(amend(life.now, plan=plan("scale", charge("platform", "620.00"), dearer)))
    life.move(new_york(2013, 2, 1))
    assert money(life) == [
        ("2013-01-01", [("seats", 31_000)], 21_000),
        ("2013-01-11", [("platform", 420_000), ("calls", 10_000)], 0),
        ("2013-02-01", [("platform", 620_000), ("calls", 42_000)], 0),
    ]
    assert {line.plan for line in life.invoices[-1].lines} == {"scale"}
    assert life.differences() == []


def test_an_add_on_is_charged_by_itself_and_taken_back() -> None:
    life = running(new_york(2013, 1, 11))
    [added] = life.say(amend(life.now, add=(STORAGE,)))
    assert added.facts.features == {"api": None, "rooms": 7}
    life.move(new_york(2013, 1, 21))
    [removed] = life.say(amend(life.now, remove=("storage",)))
    assert removed.facts.features == {"api": None, "rooms": 2}
    life.move(new_york(2013, 2, 1))
    assert money(life) == [
        ("2013-01-01", [("seats", 31_000)], 0),
        ("2013-01-11", [("storage", 1_260)], 660),  # 21 and 11 of 31 days of 18.60
        ("2013-02-01", [("seats", 31_000), ("calls", 31_000)], 0),
    ]
    assert life.differences() == []


def test_an_add_on_stays_when_the_plan_is_another_one_and_has_a_quantity_of_its_own() -> None:
    life = running(new_york(2013, 1, 1))
    life.say(amend(life.now, add=(STORAGE,)))
    life.say(amend(life.now, plan=plan("scale", charge("platform", "620.00")), quantity=2))
    line = life.subscription.line_now(life.subscription.last)
    assert [(c.code, line.quantity_of(c.code)) for c in line.charges] == [("platform", 2), ("storage", 3)]


def test_at_the_end_of_the_period_nothing_is_credited() -> None:
    life = running(new_york(2013, 1, 11))
    [scheduled] = life.say(amend(life.now, when="period_end", quantity=5))
    assert isinstance(scheduled, AmendmentScheduled)
    assert life.subscription.line_now(life.subscription.last).quantity == 10
    life.move(new_york(2013, 2, 1))
    assert money(life)[-1] == ("2013-02-01", [("seats", 15_500), ("calls", 31_000)], 0)
    assert life.money.minor == 31_000 + 46_500


def test_where_the_plan_knows_no_parts_a_change_of_price_waits_for_the_next_period() -> None:
    life = running(new_york(2013, 1, 11), replace(TEAM, proration="none"))
    [amended] = life.say(amend(life.now, quantity=15))
    assert amended.facts.quantity == 15
    life.move(new_york(2013, 2, 1))
    assert [lines for _, lines, credited in money(life) if not credited] == [
        [("seats", 31_000)],
        [("seats", 46_500), ("calls", 31_000)],
    ]


def test_what_shares_a_minimum_shares_its_periods() -> None:
    dearer = replace(CALLS, code="rows", meter="rows")
    shared = replace(TEAM, charges=(CALLS, replace(dearer, price=CALLS.price)), minimum=LEAST)
    life = running(new_york(2013, 1, 11), shared)
    other = Price(model="per_unit", unit_amount=Decimal(2))
    life.say(amend(life.now, plan=plan("other", CALLS, replace(dearer, price=other), minimum=LEAST)))
    life.move(new_york(2013, 2, 1))
    assert [sum(amount for _, amount in lines) for _, lines, _ in money(life)] == [100_000, 210_000]


@pytest.mark.parametrize(
    ("command", "refusal", "field"),
    [
        (amend(new_york(2013, 1, 20), when=date(2013, 1, 25), quantity=3), BeforeTheLast, "/on"),
        (amend(new_york(2013, 1, 20), quantity=3), BeforeTheLast, "/effective"),
        (amend(new_york(2013, 1, 20), when=date(2014, 1, 1), quantity=3), OutsideTerm, "/on"),
        (amend(new_york(2013, 1, 20), when=date(2013, 1, 19), quantity=3), OutsideTerm, "/on"),
        (amend(new_york(2013, 1, 20), when=date(2013, 2, 10), remove=("storage",)), NoSuchAddOn, "/remove"),
        (amend(new_york(2013, 1, 20), when=date(2013, 2, 10), add=(replace(TEAM, plan="x"),)), ChargeTwice, "/add"),
        (amend(new_york(2013, 1, 20), when=date(2013, 2, 10), add=(COMMITTED,)), MinimumOfAddOn, "/add"),
    ],
)
def test_a_refusal_names_what_has_to_change(command: AmendSubscription, refusal: Any, field: str | None) -> None:
    life = running(new_york(2013, 1, 20))
    life.say(amend(life.now, when=date(2013, 2, 5), quantity=12))
    with pytest.raises(refusal) as refused:
        life.say(command)
    assert refused.value.field == field


def test_saying_the_same_again_changes_nothing() -> None:
    life = running(new_york(2013, 1, 20))
    life.say(amend(life.now, quantity=12))
    assert life.say(amend(life.now, quantity=12)) == []
    assert life.say(amend(life.now, when="period_end", quantity=12)) == []


def test_what_was_cancelled_is_not_amended_nor_is_a_day_behind_a_cancellation() -> None:
    life = running(new_york(2013, 1, 20))
    life.say(cancel(life.now, when=date(2013, 2, 10)))
    with pytest.raises(OutsideTerm):
        life.say(amend(life.now, when=date(2013, 2, 10), quantity=3))
    life.say(cancel(life.now))
    with pytest.raises(NotAllowedNow):
        life.say(amend(life.now, quantity=3))


def test_a_cancellation_credits_what_the_amendment_charged() -> None:
    life = running(new_york(2013, 1, 11), replace(TEAM, charges=(SEATS,)))
    life.say(amend(life.now, quantity=20))
    life.move(new_york(2013, 1, 21))
    life.say(cancel(life.now))
    life.move(new_york(2013, 3, 1))
    assert life.money.minor == 10 * 1000 + 10 * 2000
    assert life.differences() == []


def test_the_next_term_is_what_its_quote_says_whatever_was_amended_before() -> None:
    life = running(new_york(2013, 12, 10), replace(TEAM, charges=(SEATS,)))
    life.say(amend(life.now, quantity=20))
    life.say(RenewTerm(term_number=2, line=replace(TEAM, charges=(SEATS,)), quote_id=NEXT_QUOTE, at=life.now))
    life.move(new_york(2014, 1, 2))
    assert money(life)[-1] == ("2014-01-01", [("seats", 31_000)], 0)


quantities = st.integers(1, 40)
policies = st.sampled_from(["days", "seconds", "fixed_30"])
prices = st.sampled_from(["31.00", "9.99", "0.37", "100.01"])


@given(day=st.integers(1, 31), hour=st.integers(0, 23), quantity=quantities, policy=policies, price=prices)
@settings(max_examples=30, deadline=None)
def test_a_change_and_its_reversal_on_the_same_day_leave_zero(
    day: int, hour: int, quantity: int, policy: Any, price: str
) -> None:
    line = replace(TEAM, charges=(replace(charge("seats", price), tax_rates=("0.08875",)),), proration=policy)
    life = running(new_york(2013, 1, day, hour), line)
    before = life.money
    if quantity == 10:
        return
    life.say(amend(life.now, quantity=quantity))
    life.move(life.now)
    life.say(amend(life.now, quantity=10))
    life.move(life.now)
    assert life.money == before
    assert life.differences() == []


@given(
    days=st.lists(st.dates(date(2013, 1, 2), date(2013, 5, 30)), min_size=1, max_size=4, unique=True),
    counts=st.lists(quantities, min_size=4, max_size=4),
    ahead=st.lists(st.booleans(), min_size=4, max_size=4),
    policy=policies,
    price=prices,
)
@settings(max_examples=30, deadline=None)
def test_whether_said_ahead_or_on_the_day_the_same_amendments_come_to_the_same_money(
    days: list[date], counts: list[int], ahead: list[bool], policy: Any, price: str
) -> None:
    line = replace(TEAM, charges=(charge("seats", price), charge("fee", "50.00")), proration=policy)
    changes = [(day, count) for day, count in zip(sorted(days), counts, strict=False)]
    changes = [c for n, c in enumerate(changes) if c[1] != (changes[n - 1][1] if n else 10)]
    punctual, planned, mixed = (running(new_york(2013, 1, 1), line) for _ in range(3))
    for day, count in changes:
        punctual.move(new_york(day.year, day.month, day.day, 11))
        punctual.say(amend(punctual.now, quantity=count))
        planned.say(amend(planned.now, when=day, quantity=count))
    for (day, count), early in zip(changes, ahead, strict=False):
        if early:
            mixed.say(amend(mixed.now, when=day, quantity=count))
        else:
            mixed.move(new_york(day.year, day.month, day.day, 23))
            mixed.say(amend(mixed.now, quantity=count))
    for life in (punctual, planned, mixed):
        life.move(new_york(2013, 6, 1))
        assert life.differences() == []
    assert punctual.money == planned.money == mixed.money
    assert all(invoice.credited <= invoice.totals.total for invoice in planned.invoices)


@given(day=st.dates(date(2013, 1, 2), date(2013, 1, 31)), quantity=st.integers(11, 40), policy=policies, price=prices)
@settings(max_examples=30, deadline=None)
def test_credit_and_charge_are_each_the_rounded_part_of_their_price(
    day: date, quantity: int, policy: Any, price: str
) -> None:
    line = replace(TEAM, charges=(charge("seats", price),), proration=policy)
    life = running(new_york(2013, 1, 1), line)
    life.say(amend(life.now, when=day, quantity=quantity))
    life.move(new_york(2013, 1, 31, 23))
    rest = Days(day, JANUARY.end)

    def part(count: int) -> Money:
        return prorate(count * Decimal(price), "USD", policy, JANUARY, rest, "America/New_York")

    old, new = life.invoices
    assert old.credited == min(part(10), old.totals.total)
    assert new.totals.total == part(quantity)


def test_a_late_timer_bills_as_it_was_and_the_change_is_credited_behind_it() -> None:
    """The worker was away: the amendment is said before the bill of the first of the month was made."""
    life = running(new_york(2013, 1, 31))
    life.now = new_york(2013, 2, 10)
    life.say(amend(life.now, quantity=20))
    life.move(life.now + timedelta(days=1))
    punctual = running(new_york(2013, 2, 10))
    punctual.say(amend(punctual.now, quantity=20))
    punctual.move(punctual.now + timedelta(days=1))
    assert life.money == punctual.money
    assert life.differences() == []
