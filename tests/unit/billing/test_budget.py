"""A budget tells what is reached once, offers are held against what is left, and amounts follow the cost centre by day."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.billing.domain.agreed_one_off import AgreedOneOff, OneOffs
from services.billing.domain.amended_line import LineChange, amended_line
from services.billing.domain.billed_items import Billed
from services.billing.domain.budget import BUDGET
from services.billing.domain.budget.commands import NoteBilled, SetBudget, WithdrawBudget
from services.billing.domain.budget.events import BudgetFacts, BudgetReached, BudgetSet, BudgetWithdrawn
from services.billing.domain.budget.period import MalformedPeriod, days_of_period
from services.billing.domain.budget.spending import Room, committed, cost_centres_of, over_budget
from services.billing.domain.budget.state import Budget, BudgetNotFound, MalformedBudget
from services.billing.domain.contract_value import ContractItems, FeeValue, FlatValue
from services.billing.domain.quote.approval import DEFAULT_APPROVAL, GivenAway, OverBudget
from services.billing.domain.quote.state import Quote
from shared.periods import Days
from tests.unit.billing.gate_use import agreed
from tests.unit.billing.offers import CUSTOMER_ID, after, draft, line
from tests.unit.billing.prices import per_unit
from tests.unit.billing.till import usd

AT = datetime(2013, 1, 5, tzinfo=UTC)
YEAR = Days(date(2013, 1, 1), date(2014, 1, 1))
FACTS = BudgetFacts(customer_id=CUSTOMER_ID, customer_key="F9", cost_centre="rd", period="2013", days=YEAR)


def put(amount: int = 100_000, *percents: int) -> SetBudget:
    return SetBudget(facts=FACTS, amount=usd(amount), alert_percents=percents or (80, 100), reason="agreed", at=AT)


def told(budget: Budget | None, *commands: Any) -> tuple[list[Any], Budget | None]:
    """All events, and what the budget is then."""
    found = []
    for command in commands:
        events = BUDGET.decide(budget, command)
        for event in events:
            budget = BUDGET.evolve(budget, event)
        found += events
    return found, budget


def billed(*amounts: int) -> list[NoteBilled]:
    return [NoteBilled(billed=usd(amount), at=AT) for amount in amounts]


@pytest.mark.parametrize(
    ("name", "start", "end"),
    [
        ("2026", date(2026, 1, 1), date(2027, 1, 1)),
        ("2026-Q1", date(2026, 1, 1), date(2026, 4, 1)),
        ("2026-Q4", date(2026, 10, 1), date(2027, 1, 1)),
        ("2028-02", date(2028, 2, 1), date(2028, 3, 1)),
        ("2026-12", date(2026, 12, 1), date(2027, 1, 1)),
    ],
)
def test_a_period_is_a_year_a_quarter_or_a_month(name: str, start: date, end: date) -> None:
    assert days_of_period(name) == Days(start, end)


@pytest.mark.parametrize("name", ["", "26", "2026-Q5", "2026-13", "2026-00", "2026-1", "1826", "2026-Q1 "])
def test_no_other_name_is_one(name: str) -> None:
    with pytest.raises(MalformedPeriod) as refused:
        days_of_period(name)
    assert refused.value.field == "/period"


def test_each_percentage_is_told_once_and_the_highest_speaks_for_those_below() -> None:
    events, _ = told(None, put(), *billed(79_999, 80_000, 99_999, 80_000, 150_000, 0, 100_000))
    reached = [(event.percent, event.billed.minor) for event in events if isinstance(event, BudgetReached)]
    assert reached == [(80, 80_000), (100, 150_000)]
    [both] = told(None, put(), *billed(100_000))[0][1:]
    assert both.percent == 100


def test_one_that_is_set_anew_tells_again_and_the_same_again_says_nothing() -> None:
    events, _ = told(None, put(), *billed(90_000), put(), put(95_000), *billed(90_000))
    assert [type(event) for event in events] == [BudgetSet, BudgetReached, BudgetSet, BudgetReached]


def test_what_is_withdrawn_tells_nothing_until_it_is_put_again() -> None:
    gone = WithdrawBudget(reason="merged", at=AT)
    events, budget = told(None, put(), gone, gone, *billed(100_000), put())
    assert [type(event) for event in events] == [BudgetSet, BudgetWithdrawn, BudgetSet]
    assert budget is not None and budget.status == "active"


@pytest.mark.parametrize("command", [*billed(1), WithdrawBudget(reason="none", at=AT)])
def test_nothing_happens_to_a_budget_that_nobody_put(command: Any) -> None:
    with pytest.raises(BudgetNotFound):
        BUDGET.decide(None, command)


@pytest.mark.parametrize(
    ("command", "field"),
    [
        (put(0), "/amount_minor"),
        (put(1, 100, 80), "/alert_percents"),
        (put(1, 80, 80), "/alert_percents"),
        (put(1, 0), "/alert_percents"),
        (put(1, *range(1, 12)), "/alert_percents"),
    ],
)
def test_what_is_wrong_with_a_budget_is_named(command: SetBudget, field: str) -> None:
    with pytest.raises(MalformedBudget) as refused:
        BUDGET.decide(None, command)
    assert refused.value.field == field


@given(
    st.lists(st.integers(1, 300), min_size=1, max_size=10, unique=True).map(sorted),
    st.integers(1, 10**6),
    st.lists(st.integers(-(10**6), 4 * 10**6), max_size=20),
)
def test_whatever_is_billed_and_credited_percentages_rise_and_each_is_reached(
    percents: list[int], amount: int, sums: list[int]
) -> None:
    events, _ = told(None, put(amount, *percents), *billed(*sums))
    reached = [event.percent for event in events if isinstance(event, BudgetReached)]
    assert reached == sorted(set(reached))
    most = max(sums, default=0)
    expected = [percent for percent in percents if Decimal(percent) / 100 * amount <= most]
    assert reached[-1:] == expected[-1:]


def offer(*cost_centres: str | None) -> Quote:
    """A fee of 1,500.00 a month in advance from 2013-01-01, for a year, for each of them."""
    return after(draft(*(line(cost_centre=name) for name in cost_centres)))


def room(left: int, days: Days = YEAR, cost_centre: str = "rd") -> Room:
    return Room(cost_centre, "2013", days, usd(left))


def over(quote: Quote, *rooms: Room, today: date = date(2012, 12, 3)) -> list[tuple[str, int]]:
    found = over_budget(quote, rooms, [each.starts_on for each in quote.lines], today)
    return [(each.cost_centre, each.amount.minor) for each in found]


def test_an_offer_is_held_against_what_is_left_in_the_days_of_the_budget() -> None:
    quarter = Days(date(2013, 4, 1), date(2013, 7, 1))
    assert over(offer("rd"), room(1_800_000)) == []
    assert over(offer("rd"), room(1_799_999)) == [("rd", 1)]
    assert over(offer("rd"), room(300_000, quarter)) == [("rd", 150_000)]
    assert over(offer("rd", "rd", "ops"), room(1_800_000), room(0, cost_centre="ops")) == [
        ("rd", 1_800_000),
        ("ops", 1_800_000),
    ]
    assert over(offer(None), room(0)) == []
    assert over(offer("rd"), room(0, Days(date(2015, 1, 1), date(2016, 1, 1)))) == []


def test_what_an_offer_charges_once_counts_on_its_first_day() -> None:
    item = AgreedOneOff(
        code="setup", description="Set-up", quantity=Decimal(2), price=per_unit("10"), cost_centre="ops"
    )
    quote = replace(offer("rd"), one_offs=OneOffs(items=(item,)))
    assert cost_centres_of(quote) == ["ops", "rd"]
    january, february = Days(date(2013, 1, 1), date(2013, 2, 1)), Days(date(2013, 2, 1), date(2013, 3, 1))
    assert over(quote, room(1_000, january, "ops"), room(0, february, "ops")) == [("ops", 1_000)]


def test_a_budget_that_is_gone_beyond_needs_the_level_that_the_matrix_names_and_nobody_without_one() -> None:
    exceeded = (OverBudget(cost_centre="rd", period="2013", amount=usd(1)),)
    given_away = GivenAway(discount_percent=Decimal(0), discount=usd(0), over_budget=exceeded)
    asking = replace(DEFAULT_APPROVAL, over_budget="director")
    assert DEFAULT_APPROVAL.level_needed(given_away) is None
    assert (asking.level_needed(given_away), asking.beyond(given_away)) == ("director", ("budget",))
    assert asking.level_needed(replace(given_away, over_budget=())) is None


def test_what_is_agreed_counts_where_it_is_due_and_is_on_no_invoice() -> None:
    def flat(month: int, minor: int | None, **said: Any) -> FlatValue:
        day = date(2013, month, 1)
        told: dict[str, Any] = {"stands": minor, "foreseen": minor, "is_cut": False, "due_on": day, "cost_centre": "rd"}
        return FlatValue(key="fee", starts_on=day, ends_on=date(2013, month, 28), revenue_class="new", **told | said)

    once = FeeValue(
        key="once",
        starts_on=date.min,
        earned_on=date(2013, 1, 1),
        revenue_class="new",
        minor=7,
        due_on=date(2013, 3, 1),
        cost_centre="ops",
    )
    flats = (flat(1, 100), flat(2, 100), flat(3, 100), flat(4, 100, cost_centre=None), flat(5, 100, due_on=None))
    items, january = ContractItems(flats=flats, fees=(), once=(once,)), Billed({"fee": date(2013, 1, 28)})
    assert committed(items, january, YEAR, date(2013, 2, 1)) == {"rd": 200, "ops": 7}
    march = Days(date(2013, 3, 1), date(2013, 4, 1))
    assert committed(items, january, march, date(2013, 2, 1)) == {"rd": 100, "ops": 7}
    # What was due in February and has not been billed by March is billed next.
    assert committed(items, january, march, date(2013, 3, 2)) == {"rd": 200, "ops": 7}
    cut = ContractItems(flats=(flat(1, 100, foreseen=40, is_cut=True, cut_on=date(2013, 1, 20)),), fees=())
    assert committed(cut, january, YEAR, date(2013, 1, 15)) == {"rd": -60}


def test_a_cost_centre_is_changed_and_taken_off_by_an_amendment_and_stays_with_another_plan() -> None:
    sold, day = replace(agreed(), cost_centre="rd"), date(2013, 3, 1)
    assert amended_line(sold, LineChange(cost_centre="ops"), day) == replace(sold, cost_centre="ops")
    assert amended_line(sold, LineChange(cost_centre=""), day).cost_centre is None
    other = replace(agreed(), plan="other")
    assert amended_line(sold, LineChange(plan=other), day).cost_centre == "rd"
    assert amended_line(sold, LineChange(quantity=3), day).cost_centre == "rd"
