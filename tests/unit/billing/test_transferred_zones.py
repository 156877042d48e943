"""A contract that moved to another zone and is transferred: shares by the second know the instants of the days before."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from services.billing.domain.amended_line import LineChange
from services.billing.domain.plan import Charge
from services.billing.domain.subscription.commands import AmendSubscription
from services.billing.domain.subscription.transferring import taken_over
from shared.periods import start_of_day
from tests.unit.billing.lifetime import Lifetime
from tests.unit.billing.test_cancellation import AGREED, ARREARS, TAXED, flat
from tests.unit.billing.test_subscription import CALLS, PARTY, new_york
from tests.unit.billing.test_transfers import ZURICH, transfer
from tests.unit.billing.test_zone_changes import FEBRUARY, HOME, MARCH, TOKYO, ZONES, ZURICH_ZONE

FIRST, END = date(2013, 1, 1), date(2014, 1, 1)


def by_quarter(*charges: Charge) -> Lifetime:
    """Of a plan that is billed by the month, and prorated by the second."""
    agreed = tuple(charge if charge is CALLS else replace(charge, every="quarter") for charge in charges)
    line = replace(AGREED, charges=agreed, proration="seconds")
    life = Lifetime(line, new_york(2012, 12, 1))
    life.move(new_york(2013, 1, 5))
    return life


def move_zone(life: Lifetime, zone: str, on: date) -> None:
    life.move(max(life.now, life.subscription.instant(on - timedelta(days=10))))
    life.say(AmendSubscription(at=life.now, when=on, change=LineChange(zone=zone)))
    life.move(life.subscription.instant(on))


def transferred(life: Lifetime, on: date, to: Any = ZURICH) -> Lifetime:
    life.say(transfer(life.now, on, to=to))
    life.move(life.subscription.instant(on))
    assert life.subscription.transferred is not None
    over = taken_over(life.subscription, life.subscription.transferred)
    after = Lifetime(over.term.line, life.now, party=over.party, used=life.used, taken_over=over)
    after.move(life.now)
    return after


def test_both_share_the_seconds_of_a_quarter_that_two_zones_have() -> None:
    """From 1 January in New York, 05:00 UTC, to 1 April in Tokyo, 15:00 UTC on the day before, it has 2,146 hours; from
    15 February in Tokyo 1,080 of them are left: 150,000 x 1,080 / 2,146 = 75,489.28. With 2,160 hours it would be half."""
    before = by_quarter(TAXED, ARREARS)
    move_zone(before, TOKYO, FEBRUARY)
    after = transferred(before, date(2013, 2, 15))
    assert after.subscription.instant(date(2013, 2, 15)) == before.now == start_of_day(date(2013, 2, 15), TOKYO)
    after.move(start_of_day(date(2013, 4, 2), TOKYO))
    assert flat(before) == [("2013-01-01", 150_000, 75_489), ("2013-02-15", 74_511, 0)]
    assert flat(after) == [("2013-02-15", 75_489, 0), ("2013-04-01", 75_489 + 150_000, 0)]
    assert before.differences() == after.differences() == []


def test_it_moves_on_and_is_transferred_again_with_all_that_was_before() -> None:
    """A quarter that ends in Kathmandu has 2,149 hours and a quarter. Who had left by then was charged for 1,066 of 2,146."""
    before = by_quarter(ARREARS)
    move_zone(before, TOKYO, FEBRUARY)
    after = transferred(before, date(2013, 2, 15))
    move_zone(after, "Asia/Kathmandu", MARCH)
    last = transferred(after, date(2013, 3, 2), PARTY)
    last.move(new_york(2013, 4, 2))
    origin = last.subscription.origin
    assert origin is not None and origin.zone == HOME
    assert [(change.on, change.zone) for change in origin.zone_changes] == [
        (FEBRUARY, TOKYO),
        (MARCH, "Asia/Kathmandu"),
    ]
    assert 1066 + 363.25 + 720 == 2149.25
    shares = [round(150_000 * hours / whole) for hours, whole in ((1066, 2146), (363.25, 2149.25), (720, 2149.25))]
    assert [flat(life)[0][1] for life in (before, after, last)] == shares


def test_a_contract_that_never_moved_tells_nothing_of_zones() -> None:
    after = transferred(by_quarter(TAXED), date(2013, 2, 15))
    origin = after.subscription.origin
    assert origin is not None and (origin.zone, origin.zone_changes) == (None, ())
    assert after.subscription.first_zone == after.subscription.party.zone == HOME


@settings(deadline=None, max_examples=25)
@given(
    zones=st.lists(st.sampled_from(ZONES), min_size=1, max_size=4),
    days=st.integers(1, 40),
    charge=st.sampled_from([TAXED, ARREARS]),
    later=st.none() | st.sampled_from([TOKYO, ZURICH_ZONE]),
)
def test_whatever_zones_it_was_in_both_pay_what_one_would_have_paid(
    zones: list[str], days: int, charge: Charge, later: str | None
) -> None:
    before, untold = by_quarter(charge, CALLS), by_quarter(charge, CALLS)
    for month, zone in enumerate(zones, start=2):
        for life in (before, untold):
            move_zone(life, zone, date(2013, month, 1))
    on = before.subscription.day(before.now) + timedelta(days=days)
    after = transferred(before, on)
    if later is not None:
        for life in (after, untold):
            move_zone(life, later, date(2013, 10, 1))
    for life in (before, after, untold):
        life.move(max(life.now, new_york(2014, 4, 1)))
    both = before.days_charged(charge.code) + after.days_charged(charge.code)
    assert both == untold.days_charged(charge.code)
    assert set(both.values()) == {1} and (min(both), max(both)) == (FIRST, END - timedelta(days=1))
    documents = len(before.invoices) + len(after.invoices) + sum(len(i.unused) for i in before.invoices)
    assert abs(before.money.minor + after.money.minor - untold.money.minor) <= 2 * documents  # net and tax are rounded
    assert before.differences() == after.differences() == []
