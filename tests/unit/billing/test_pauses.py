"""Pausing in the middle of a term: no day of a pause is charged for, and the term may end later by as many."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.billing.domain.amended_line import LineChange
from services.billing.domain.plan import Charge, MinimumCommitment
from services.billing.domain.proration import prorate
from services.billing.domain.recurring import annual
from services.billing.domain.subscription import SUBSCRIPTION
from services.billing.domain.subscription.cancelling import OutsideTerm
from services.billing.domain.subscription.commands import (
    AmendSubscription,
    CancelSubscription,
    PauseSubscription,
    RenewTerm,
    RequestNonRenewal,
    ResumeSubscription,
)
from services.billing.domain.subscription.pausing import ChangePending
from services.billing.processes.foreseeing import foresee_pause
from shared.decider import NotAllowedNow
from shared.money import Money
from shared.periods import Days
from tests.unit.billing.lifetime import Lifetime
from tests.unit.billing.test_cancellation import AGREED, ARREARS, NOON, TAXED, flat, running
from tests.unit.billing.test_subscription import CALLS, LINE, NEXT_QUOTE, new_york
from tests.unit.billing.worth import agreed, outstanding


def pause(at: datetime, **changed: Any) -> PauseSubscription:
    return PauseSubscription(**{"at": at, "until": None, "reason": "holidays"} | changed)


def paused(at: datetime, *charges: Charge, until: date | None = None, extend: bool = False, **changed: Any) -> Lifetime:
    life = running(at, *charges, **changed)
    life.say(pause(at, until=until, extend=extend))
    life.move(at)
    return life


def resume(life: Lifetime, at: datetime) -> None:
    life.move(at)
    life.say(ResumeSubscription(at=at))
    life.move(at)


def test_the_days_of_a_pause_are_credited_where_they_were_charged_and_not_charged_where_they_were_not() -> None:
    life = paused(new_york(2013, 1, 10) + NOON, TAXED)
    assert life.subscription.status == "paused"
    resume(life, new_york(2013, 2, 15) + NOON)
    life.move(new_york(2013, 3, 1))
    assert flat(life) == [
        ("2013-01-01", 150_000, 106_452),  # 22 of 31 days
        ("2013-02-15", 75_000, 0),  # 14 of 28 days
        ("2013-03-01", 150_000, 0),
    ]
    assert life.invoices[0].unused[0].lines[0].starts_on == date(2013, 1, 10)
    assert life.differences() == []


def test_the_clock_resumes_on_the_day_to_which_it_was_paused() -> None:
    life = paused(new_york(2013, 1, 10), TAXED, until=date(2013, 1, 20))
    life.move(new_york(2013, 1, 19, 23))
    assert life.subscription.status == "paused"
    life.move(new_york(2013, 1, 20))
    assert life.subscription.status == "active"
    assert flat(life) == [("2013-01-01", 150_000, 106_452), ("2013-01-20", 58_065, 0)]  # 12 of 31 days


def test_without_a_day_it_is_over_on_the_last_day_of_the_term() -> None:
    life = paused(new_york(2013, 3, 1), TAXED)
    assert life.subscription.paused and life.subscription.paused.until == date(2013, 12, 31)
    life.move(new_york(2014, 1, 2))
    assert life.subscription.status == "lapsed"
    assert flat(life)[-1] == ("2013-12-31", 4_839, 0)


def test_usage_is_metered_and_billed_as_ever() -> None:
    life = paused(new_york(2013, 1, 10), TAXED, CALLS)
    life.move(new_york(2013, 2, 1))
    assert flat(life) == [("2013-01-01", 150_000, 106_452), ("2013-02-01", 31_000, 0)]


def test_nothing_is_committed_for_the_days_of_a_pause() -> None:
    minimum = MinimumCommitment(code="least", name="Minimum", amount=Money(310_000, "USD"), tax_rates=())
    life = paused(new_york(2013, 1, 11), CALLS, minimum=minimum, until=date(2013, 1, 16))
    life.move(new_york(2013, 2, 1))
    assert flat(life) == [("2013-02-01", 260_000, 0)]  # 26 of 31 days of it, usage included
    assert life.differences() == []


def test_what_is_billed_in_arrears_leaves_the_days_out() -> None:
    life = paused(new_york(2013, 1, 11), ARREARS, until=date(2013, 1, 21))
    life.move(new_york(2013, 2, 1))
    assert flat(life) == [("2013-01-11", 48_387, 0), ("2013-02-01", 53_226, 0)]  # 10 and 11 of 31 days


def test_where_the_plan_knows_no_parts_a_period_that_has_begun_stays_charged_and_is_charged_once() -> None:
    life = paused(new_york(2013, 1, 10), TAXED, proration="none", until=date(2013, 1, 20))
    life.move(new_york(2013, 2, 10))
    life.say(pause(life.now, until=date(2013, 4, 10)))
    life.move(new_york(2013, 5, 1))
    assert flat(life) == [(f"2013-{day}", 150_000, 0) for day in ("01-01", "02-01", "04-10", "05-01")]


def test_the_term_ends_later_by_the_days_of_the_pause_where_that_was_said() -> None:
    life = paused(new_york(2013, 3, 1), TAXED, CALLS, until=date(2013, 3, 11), extend=True)
    life.move(new_york(2014, 1, 2))
    assert (life.subscription.status, life.subscription.last.ends_on) == ("active", date(2014, 1, 11))
    life.move(new_york(2014, 2, 1))
    assert life.subscription.status == "lapsed"
    assert flat(life)[-2:] == [("2014-01-01", 48_387, 0), ("2014-01-11", 0, 0)]  # 10 of 31 days, and their usage
    assert max(period.item.ends_on for period in life.periods) == date(2014, 1, 11)
    assert life.differences() == []


def test_a_last_period_that_was_billed_before_its_term_was_extended_is_billed_for_the_rest() -> None:
    line = replace(AGREED, charges=(TAXED,), starts_on=date(2013, 1, 16))
    life = Lifetime(line, new_york(2012, 12, 1))
    life.move(new_york(2014, 1, 5))
    life.say(pause(life.now, until=date(2014, 1, 10), extend=True))
    life.move(new_york(2014, 3, 1))
    assert life.subscription.last.ends_on == date(2014, 1, 21)
    # 15 of 31 days less 11, then six from the 10th, and five more
    assert flat(life)[-3:] == [("2014-01-01", 72_581, 53_226), ("2014-01-10", 29_032, 0), ("2014-01-16", 24_194, 0)]


def test_a_renewal_that_is_won_during_a_pause_is_extended_in_its_turn() -> None:
    life = paused(new_york(2013, 11, 1), TAXED, until=date(2013, 12, 1), extend=True)
    life.say(RenewTerm(term_number=2, line=replace(LINE, charges=(TAXED,)), quote_id=NEXT_QUOTE, at=life.now))
    assert life.subscription.status == "paused"
    life.move(new_york(2015, 3, 1))
    assert [term.ends_on for term in life.subscription.terms] == [date(2014, 1, 1), date(2015, 1, 31)]
    assert life.differences() == []


def test_who_will_not_renew_is_so_after_the_pause_too() -> None:
    life = paused(new_york(2013, 3, 1), TAXED, until=date(2013, 3, 11))
    life.say(RequestNonRenewal(reason="budget_lost"))
    assert life.subscription.status == "paused"
    life.move(new_york(2013, 3, 11))
    assert life.subscription.status == "non_renewing"


def test_it_is_cancelled_without_being_resumed_first() -> None:
    life = paused(new_york(2013, 1, 10), TAXED, until=date(2013, 6, 1))
    life.move(new_york(2013, 2, 5))
    life.say(CancelSubscription(at=life.now, when="now", credit="none", reason="gone"))
    life.move(new_york(2014, 6, 1))
    assert life.subscription.status == "cancelled"
    assert flat(life) == [("2013-01-01", 150_000, 106_452)]


def test_what_cannot_be_paused_or_resumed() -> None:
    life = running(new_york(2013, 1, 10))
    for until in (date(2013, 1, 10), date(2014, 1, 1)):
        with pytest.raises(OutsideTerm):
            life.say(pause(life.now, until=until))
    with pytest.raises(NotAllowedNow):
        life.say(ResumeSubscription(at=life.now))
    life.say(AmendSubscription(at=life.now, when=date(2013, 2, 1), change=LineChange(quantity=2)))
    with pytest.raises(ChangePending):
        life.say(pause(life.now))
    life.move(new_york(2013, 2, 1))
    life.say(pause(life.now))
    for command in (pause(life.now), AmendSubscription(at=life.now, when="now", change=LineChange(quantity=3))):
        with pytest.raises(NotAllowedNow, match="while it is paused"):
            life.say(command)
    with pytest.raises(NotAllowedNow):
        running(new_york(2012, 12, 20)).say(pause(new_york(2012, 12, 20)))
    last_day = running(new_york(2013, 12, 31))
    with pytest.raises(OutsideTerm):
        last_day.say(pause(last_day.now))


def test_what_rests_is_no_recurring_revenue_and_what_it_is_worth_is_what_will_be_billed() -> None:
    life = paused(new_york(2013, 1, 10), TAXED, until=date(2013, 3, 1))
    assert annual(life.subscription, date(2013, 1, 11)) == 0
    assert sum(agreed(life.subscription).values()) == 43_548 + 10 * 150_000
    assert sum(outstanding(life.subscription, []).values()) == 10 * 150_000
    life.move(new_york(2013, 3, 1))
    assert annual(life.subscription, date(2013, 3, 1)) == 12 * 150_000
    assert sum(outstanding(life.subscription, []).values()) == 9 * 150_000


@settings(deadline=None, max_examples=15)
@given(
    at=st.integers(0, 200),
    length=st.integers(1, 130),
    policy=st.sampled_from(["days", "seconds", "fixed_30", "none"]),
    charge=st.sampled_from([TAXED, ARREARS]),
    extend=st.booleans(),
)
def test_what_a_preview_of_a_pause_says_is_what_it_comes_to(
    at: int, length: int, policy: Any, charge: Charge, extend: bool
) -> None:
    life = Lifetime(replace(AGREED, charges=(charge,), proration=policy), new_york(2012, 12, 1))
    life.move(new_york(2013, 1, 1) + timedelta(days=at, hours=3))
    before, paid = {invoice.header.invoice_id for invoice in life.invoices}, life.money
    command = pause(life.now, until=life.now.date() + timedelta(days=length), extend=extend)
    foreseen = foresee_pause(life.subscription, command, life.invoices)
    life.say(command)
    until = life.subscription.instant(life.subscription.pauses[-1].until)
    life.move(until)
    made = [invoice for invoice in life.invoices if invoice.header.invoice_id not in before]
    assert [each.invoice.lines for each in foreseen.bills] == [invoice.lines for invoice in made]
    credited = Money.total((carried.totals("USD").total for _, carried in foreseen.credits), "USD")
    billed = Money.total((each.invoice.totals.total for each in foreseen.bills), "USD")
    assert life.money == paid + billed - credited


days = st.integers(min_value=0, max_value=200)


@settings(deadline=None, max_examples=15)
@given(
    at=days,
    hours=st.integers(min_value=0, max_value=23),
    policy=st.sampled_from(["days", "seconds", "fixed_30", "none"]),
    price=st.decimals(min_value="0.01", max_value="9999", places=2),
)
def test_a_pause_and_its_resumption_on_the_same_day_leave_the_money_as_it_was(
    at: int, hours: int, policy: Any, price: Decimal
) -> None:
    charge = replace(TAXED, price=replace(TAXED.price, unit_amount=price))
    told, untold = (Lifetime(replace(AGREED, charges=(charge,), proration=policy), new_york(2012, 12, 1)) for _ in "ab")
    day = new_york(2013, 1, 1) + timedelta(days=at, hours=1)
    told.move(day)
    told.say(pause(day))
    resume(told, told.subscription.instant(told.subscription.day(day)) + timedelta(hours=max(hours, 2)))
    for life in (told, untold):
        life.move(new_york(2014, 2, 1))
    # What is left of a period is credited and charged again at the same price; the tax of both is rounded alike.
    assert told.money == untold.money
    assert told.differences() == []


@settings(deadline=None, max_examples=15)
@given(
    spans=st.lists(st.tuples(st.integers(1, 60), st.integers(0, 60)), min_size=1, max_size=3),
    policy=st.sampled_from(["days", "seconds"]),
    in_advance=st.booleans(),
    every=st.sampled_from(["month", "quarter", "year"]),
    extend=st.booleans(),
)
def test_the_year_less_its_pauses_is_charged_for_and_no_credit_is_above_its_charge(
    spans: list[tuple[int, int]], policy: Any, in_advance: bool, every: Any, extend: bool
) -> None:
    charge = replace(TAXED, tax_rates=(), in_advance=in_advance, every=every)
    life = Lifetime(replace(AGREED, charges=(charge,), proration=policy), new_york(2012, 12, 1))
    day, rested = date(2013, 1, 1), 0
    for before, length in spans:
        day += timedelta(days=before)
        life.move(life.subscription.instant(day) + NOON)
        life.say(pause(life.now, until=day + timedelta(days=length + 1), extend=extend))
        day, rested = day + timedelta(days=length), rested + length
        resume(life, life.subscription.instant(day) + NOON)
    life.move(new_york(2016, 1, 1))
    assert life.subscription.last.ends_on == date(2014, 1, 1) + timedelta(days=rested if extend else 0)
    assert all(invoice.credited <= invoice.totals.total for invoice in life.invoices)
    assert SUBSCRIPTION.replay(life.events["subscription", life.subscription.subscription_id]) == life.subscription
    assert life.differences() == []
    wanted = sum(
        prorate(Decimal(1500), "USD", policy, nominal, part, "America/New_York").minor
        for nominal in nominals(every, life.subscription.last.ends_on)
        for part in life.subscription.unpaused(within(nominal, life.subscription.last.ends_on))
    )
    documents = len(life.invoices) + sum(len(invoice.unused) for invoice in life.invoices)
    assert abs(life.money.minor - wanted) <= documents  # each document is rounded once


def nominals(every: str, end: date) -> list[Days]:
    months = {"month": 1, "quarter": 3, "year": 12}[every]
    starts = [date(2013 + n // 12, n % 12 + 1, 1) for n in range(0, 36, months)]
    return [Days(*pair) for pair in pairwise(starts) if pair[0] < end]


def within(nominal: Days, end: date) -> Days:
    return Days(nominal.start, min(nominal.end, end))
