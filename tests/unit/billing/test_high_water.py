"""Seats that are charged at the highest count of each period, in arrears."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.billing.domain.plan_validation import validate_plan
from services.billing.domain.pricing.price import Percentage, Price
from services.billing.domain.pricing.rate import Rating
from services.billing.domain.pricing.validation import PartNotAllowed
from services.billing.domain.subscription.commands import RenewTerm
from tests.unit.billing.lifetime import Lifetime
from tests.unit.billing.offers import PLAN
from tests.unit.billing.prices import flat, metered, per_unit
from tests.unit.billing.test_amendments import amend, charge, money, plan
from tests.unit.billing.test_cancellation import cancel
from tests.unit.billing.test_subscription import NEXT_QUOTE, new_york

SEATS = charge("seats", "31.00", in_advance=False, high_water=True)
TEAM = plan("team", SEATS, quantity=10)


def running() -> Lifetime:
    life = Lifetime(TEAM, new_york(2012, 12, 1))
    life.move(new_york(2013, 1, 1, 12))
    return life


def changed(life: Lifetime, *changes: tuple[int, int, int]) -> Lifetime:
    """By month and day of 2013, and the seats from then on."""
    for month, day, seats in changes:
        life.move(new_york(2013, month, day, 9))
        life.say(amend(life.now, quantity=seats))
    return life


def charged(life: Lifetime) -> dict[str, int]:
    """What was charged on each billing day, in seats for a whole period."""
    return {day: sum(amount for _, amount in lines) // 3100 for day, lines, _ in money(life) if lines}


@pytest.mark.parametrize(
    ("changes", "seats"),
    [
        ([], (10, 10)),
        ([(1, 11, 15)], (15, 15)),
        ([(1, 11, 4)], (10, 4)),
        ([(1, 11, 15), (1, 20, 4)], (15, 4)),
        ([(1, 11, 3), (1, 20, 12), (1, 25, 5)], (12, 5)),
        ([(1, 31, 12), (2, 1, 2)], (12, 2)),
        ([(1, 11, 99), (1, 11, 12)], (12, 12)),
    ],
)
def test_a_period_costs_its_highest_count(changes: list[tuple[int, int, int]], seats: tuple[int, int]) -> None:
    life = changed(running(), *changes)
    life.move(new_york(2013, 3, 1))
    assert charged(life) == {"2013-02-01": seats[0], "2013-03-01": seats[1]}
    assert [credited for _, _, credited in money(life)] == [0] * len(life.invoices)
    assert life.differences() == []


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(2, 120), st.integers(1, 30)), max_size=6, unique_by=lambda change: change[0]))
def test_every_month_is_charged_once_at_its_highest_count(changes: list[tuple[int, int]]) -> None:
    start, life = new_york(2013, 1, 1, 9), running()
    counts, now = {month: [] for month in range(1, 6)}, 10
    days = dict(sorted(changes))
    for after in range(121):
        now = days.get(after, now)
        counts[(start + timedelta(days=after)).month].append(now)
    for after, seats in days.items():
        life.move(start + timedelta(days=after))
        life.say(amend(life.now, quantity=seats))
    life.move(new_york(2013, 5, 1))
    assert charged(life) == {f"2013-0{month + 1}-01": max(counts[month]) for month in range(1, 5)}
    assert life.differences() == []


def test_what_was_charged_stays_when_the_subscription_is_cancelled() -> None:
    life = changed(running(), (1, 11, 15))
    life.move(new_york(2013, 2, 15))
    life.say(cancel(life.now))
    life.move(new_york(2013, 3, 1))
    told = money(life)
    assert [lines for _, lines, _ in told] == [[("seats", 46_500)], [("seats", 23_250)]]  # 14 of 28 days
    assert [credited for _, _, credited in told] == [0, 0]
    assert life.differences() == []


def test_the_next_term_counts_from_its_own_line() -> None:
    life = changed(running(), (12, 10, 20))
    life.say(RenewTerm(term_number=2, line=replace(TEAM, quantity=7), quote_id=NEXT_QUOTE, at=life.now))
    life.move(new_york(2014, 2, 1))
    seats = charged(life)
    assert (seats["2014-01-01"], seats["2014-02-01"]) == (20, 7)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        (replace(flat("seats", "1", in_advance=True), high_water=True), "/prices/USD/0/in_advance"),
        (replace(metered("calls", per_unit("1")), high_water=True), "/prices/USD/0/high_water"),
    ],
)
def test_the_highest_count_is_known_afterwards(wrong: object, field: str) -> None:
    with pytest.raises(PartNotAllowed) as caught:
        validate_plan(replace(PLAN, prices={"USD": (wrong,)}, minimums={}))  # type: ignore[dict-item]
    assert caught.value.field == field


@pytest.mark.parametrize(
    ("confirmed", "fee"),
    [("0", "0"), ("99999.99", "0"), ("100000", "0"), ("100001", "0.08"), ("250000", "12000"), ("9000000", "40000")],
)
def test_an_outcome_share_is_a_percentage_above_a_baseline_up_to_a_cap(confirmed: str, fee: str) -> None:
    share = Percentage(rate=Decimal("0.08"), free_value=Decimal(100_000))
    price = Price(model="percentage", percentage=share, maximum_amount=Decimal(40_000))
    validate_plan(replace(PLAN, prices={"USD": (metered("renewed_value", price),)}, minimums={}))
    assert Rating.of(price, "USD").period(Decimal(confirmed), 7).amount_money.major == Decimal(fee)
