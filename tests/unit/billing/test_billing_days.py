"""Other billing days during a term: longer or shorter periods, of the calendar or from another day; no day is left out."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from services.billing.domain.amended_line import LineChange
from services.billing.domain.plan import Charge
from services.billing.domain.subscription.cancelling import OutsideTerm
from services.billing.domain.subscription.commands import AmendSubscription, PauseSubscription, ResumeSubscription
from shared.errors import DomainError
from shared.periods import start_of_day
from tests.unit.billing.lifetime import Lifetime
from tests.unit.billing.test_cancellation import AGREED, ARREARS, NOON, TAXED, flat, running
from tests.unit.billing.test_subscription import new_york
from tests.unit.billing.test_transfers import transferred

ZONE = "America/New_York"
WEEKLY, YEARLY = (
    replace(AGREED, plan=every, every=every, calendar=False, charges=(TAXED,)) for every in ("week", "year")
)


def amended(life: Lifetime, at: datetime, **change: Any) -> None:
    life.move(at)
    life.say(AmendSubscription(at=at, when="now", change=LineChange(**change)))
    life.move(at)


def test_from_the_calendar_to_a_day_of_ones_own_and_back() -> None:
    life = running(new_york(2013, 1, 5), TAXED)
    amended(life, new_york(2013, 1, 20) + NOON, calendar=False, anchor=date(2013, 1, 20))
    amended(life, new_york(2013, 3, 10) + NOON, calendar=True)
    life.move(new_york(2013, 4, 1))
    assert flat(life) == [
        ("2013-01-01", 150_000, 58_065),  # 12 of 31 days
        ("2013-01-20", 150_000, 0),
        ("2013-02-20", 150_000, 53_571),  # 10 of 28 days
        ("2013-03-10", 106_452, 0),  # 22 of 31 days
        ("2013-04-01", 150_000, 0),
    ]
    assert life.differences() == []


def test_from_weeks_to_a_year_that_begins_on_the_day_of_the_change_and_ends_with_the_term() -> None:
    line = replace(WEEKLY, starts_on=date(2013, 1, 1))
    life = Lifetime(line, new_york(2012, 12, 1))
    amended(life, new_york(2013, 1, 11), plan=YEARLY, anchor=date(2013, 1, 11))
    life.move(new_york(2013, 12, 31))
    assert flat(life)[1:] == [
        ("2013-01-08", 150_000, 85_714),  # 4 of 7 days
        ("2013-01-11", 145_890, 0),  # 355 of 365 days
    ]
    assert life.differences() == []


changes = st.one_of(
    st.builds(lambda calendar: {"calendar": calendar}, st.booleans()),
    st.builds(lambda days: {"anchor": date(2012, 12, 1) + timedelta(days=days)}, st.integers(0, 500)),
    st.builds(lambda quantity: {"quantity": quantity}, st.integers(1, 5)),
    st.builds(
        lambda every, calendar: {"plan": replace(AGREED, plan=every, every=every, calendar=calendar)},
        st.sampled_from(["day", "week", "month", "quarter", "half_year", "year"]),
        st.booleans(),
    ),
    st.just("pause"),
)


@settings(deadline=None, max_examples=40)
@given(
    told=st.lists(st.tuples(st.integers(0, 80), changes), max_size=5),
    charge=st.sampled_from([TAXED, ARREARS]),
    over=st.none() | st.integers(1, 40),
)
def test_whatever_is_changed_each_day_of_the_term_is_charged_once(
    told: list[tuple[int, Any]], charge: Charge, over: int | None
) -> None:
    life = Lifetime(replace(AGREED, charges=(charge,)), new_york(2012, 12, 1))
    day, rested = date(2013, 1, 1), set()
    for later, change in told:
        day += timedelta(days=later)
        at = start_of_day(day, ZONE) + NOON
        if change == "pause":
            day += timedelta(days=3)
            rested |= _pause(life, at, day)
        else:
            _amend(life, at, change, charge)
    life.move(max(life.now, start_of_day(day, ZONE) + NOON))
    lives = [life]
    if over is not None and (on := day + timedelta(days=over)) < life.subscription.last.ends_on:
        lives.append(transferred(life, on))
    for each in lives:
        each.move(new_york(2014, 4, 1))
        assert each.differences() == []
        assert all(invoice.credited <= invoice.totals.total for invoice in each.invoices)
    charged = sum((each.days_charged(charge.code) for each in lives), start=lives[0].days_charged("none"))
    year = {date(2013, 1, 1) + timedelta(days=n) for n in range(365)}
    assert charged == dict.fromkeys(year - rested, 1)


def _pause(life: Lifetime, at: datetime, until: date) -> set[date]:
    life.move(at)
    on = life.subscription.day(at)
    try:
        life.say(PauseSubscription(at=at, until=None, reason="holidays"))
    except DomainError:  # not on the last days of the term
        return set()
    life.move(start_of_day(until, ZONE))
    life.say(ResumeSubscription(at=life.now))
    life.move(life.now)
    return {on + timedelta(days=n) for n in range((life.subscription.resumptions[-1].on - on).days)}


def _amend(life: Lifetime, at: datetime, change: dict[str, Any], charge: Charge) -> None:
    if "plan" in change:
        change = {"plan": replace(change["plan"], charges=(charge,))}
    try:
        amended(life, at, **change)
    except OutsideTerm:
        assert at >= new_york(2014, 1, 1)
