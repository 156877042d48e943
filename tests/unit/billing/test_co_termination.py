"""A line that ends with a subscription that is there already."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from services.billing.domain.amended_line import LineChange
from services.billing.domain.pricing.price import Price
from services.billing.domain.quote.co_termination import EndsBefore, ending_with
from services.billing.domain.quote_totals import quote_totals
from services.billing.domain.subscription.commands import AmendSubscription, CancelSubscription, RenewTerm
from tests.unit.billing.lifetime import Lifetime
from tests.unit.billing.test_cancellation import AGREED, TAXED, flat, running
from tests.unit.billing.test_subscription import NEXT_QUOTE, new_york

YEARLY = replace(TAXED, price=Price(model="per_unit", unit_amount=Decimal(2400)), every=None, tax_rates=())
ADDED = replace(AGREED, plan="more", charges=(YEARLY,), every="year", calendar=False, term_months=36)


def first() -> Lifetime:
    """Of the year from the 1st of March 2026 on."""
    line = replace(AGREED, charges=(TAXED,), every="year", calendar=False, starts_on=date(2026, 3, 1))
    life = Lifetime(line, new_york(2026, 2, 1))
    life.move(new_york(2026, 9, 1))
    return life


def test_what_is_added_in_october_costs_151_of_365_days_and_renews_with_the_first() -> None:
    other = first().subscription
    line = ending_with(replace(ADDED, starts_on=date(2026, 10, 1)), other, "/lines/0/ends_with")
    assert (line.days.end, line.term_months, line.anchor) == (date(2027, 3, 1), 12, date(2026, 3, 1))
    assert quote_totals([line], "USD").term.net.minor == 99_288
    added = Lifetime(line, new_york(2026, 9, 2))
    added.move(new_york(2027, 2, 1))
    assert flat(added) == [("2026-10-01", 99_288, 0)]
    assert added.subscription.last.ends_on == other.last.ends_on
    renewal = replace(line, starts_on=line.days.end, ends_on=None)
    added.say(RenewTerm(term_number=2, line=renewal, quote_id=NEXT_QUOTE, at=added.now))
    added.move(new_york(2027, 3, 1))
    assert flat(added)[1:] == [("2027-03-01", 240_000, 0)]
    assert added.subscription.last.ends_on == date(2028, 3, 1)
    assert added.differences() == []


def test_nothing_ends_with_what_has_ended_or_will_before_it_starts() -> None:
    life = first()
    with pytest.raises(EndsBefore):
        ending_with(replace(ADDED, starts_on=date(2027, 3, 1)), life.subscription, "/ends_with")
    life.say(CancelSubscription(at=life.now, when="now", credit="none", reason="too dear"))
    with pytest.raises(EndsBefore):
        ending_with(replace(ADDED, starts_on=date(2026, 10, 1)), life.subscription, "/ends_with")


def test_amendments_that_are_agreed_ahead_are_a_ramp() -> None:
    """Each counts from its day, and all of them are worth something from the day on which they were agreed."""
    life = running(new_york(2013, 1, 10), TAXED)
    for month, quantity in ((2, 2), (3, 4), (4, 3)):
        life.say(AmendSubscription(at=life.now, when=date(2013, month, 1), change=LineChange(quantity=quantity)))
    life.move(new_york(2013, 4, 1) + timedelta(hours=1))
    assert flat(life) == [
        ("2013-01-01", 150_000, 0),
        ("2013-02-01", 300_000, 0),
        ("2013-03-01", 600_000, 0),
        ("2013-04-01", 450_000, 0),
    ]
    assert life.differences() == []
