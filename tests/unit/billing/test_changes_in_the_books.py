"""Nothing stays deferred for days that an amendment or a cancellation gave back, and contracts are worth what is left."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.billing.domain.agreement import AgreedLine
from services.billing.domain.invoice import INVOICE
from services.billing.domain.invoice.commands import CreditInvoice, Number
from services.billing.domain.ledger.posting import Entry
from services.billing.domain.recurring import annual, move
from services.billing.domain.subscription.bill_parts import LateInvoice
from services.billing.domain.subscription.commands import AssessLateFee
from shared.money import Money
from shared.orders import Order
from shared.periods import local_day, plus_months
from tests.unit.billing.ledger_books import balances, of_stream
from tests.unit.billing.lifetime import Lifetime
from tests.unit.billing.test_amendments import STORAGE, TEAM, amend, charge, plan
from tests.unit.billing.test_cancellation import cancel
from tests.unit.billing.test_subscription import new_york
from tests.unit.billing.worth import agreed, outstanding

PERCENT = Decimal(5)
NOON = timedelta(hours=12)
MONTHS = [plus_months(date(2013, 1, 1), number) - timedelta(days=1) for number in range(1, 26)]
YEARLY = replace(TEAM, charges=(charge("seats", "1234.56", tax_rates=("0.08875",)),), every="year", quantity=1)


def living(at: datetime, line: AgreedLine = YEARLY) -> Lifetime:
    life = Lifetime(line, new_york(2012, 12, 1))
    life.move(at)
    return life


def entries(life: Lifetime) -> list[Entry]:
    return [e for (category, _), events in life.events.items() if category == "invoice" for e in of_stream(events)]


def on(found: list[Entry], account: str) -> list[int]:
    """What stands on an account at the end of each month; credit is positive."""
    return [-balances(found, until=day)[account] for day in MONTHS]


def billed(life: Lifetime) -> int:
    """Flat charges of what was issued, less what of them was credited."""
    lines = (line for i in life.invoices if i.facts for line in i.lines if line.kind == "flat")
    return sum(line.amount.minor for line in lines) - sum((i.credited - i.credited_tax).minor for i in life.invoices)


def test_a_year_that_is_cancelled_in_march_is_earned_to_the_day_and_nothing_is_left() -> None:
    at = new_york(2013, 3, 12) + NOON
    life = living(at)
    life.say(cancel(at))
    life.move(at)
    found = entries(life)
    assert [e.kind for e in found if e.kind != "recognition"] == ["invoice", "credit_note"]
    assert all(entry.is_balanced for entry in found)
    january, february, *rest = on(found, "revenue")
    assert (january, february) == (10_485, 19_956)  # 31 and 59 of 365 days of 1,234.56
    assert set(rest) == {23_676}  # 70 of them
    assert on(found, "deferred_revenue")[2:] == [0] * len(rest)


@given(
    day=st.dates(date(2013, 1, 1), date(2013, 12, 31)),
    hour=st.integers(0, 23),
    review_days=st.sampled_from([0, 0, 40]),
    policy=st.sampled_from(["days", "seconds", "fixed_30", "none"]),
    minor=st.integers(1, 999_999),
    length=st.sampled_from(["month", "quarter", "year"]),
    amended=st.booleans(),
)
@settings(max_examples=60, deadline=None)
def test_from_the_month_of_a_credit_on_nothing_of_its_invoice_is_deferred_or_earned(
    day: date, hour: int, review_days: int, policy: Any, minor: int, length: Any, amended: bool
) -> None:
    at = new_york(day.year, day.month, day.day, hour)
    price = charge("seats", str(Money(minor, "USD").major), tax_rates=("0.08875",))
    life = living(at, replace(YEARLY, charges=(price,), every=length, proration=policy, review_days=review_days))
    before = len(life.invoices)
    life.say(amend(at, quantity=3) if amended else cancel(at))
    life.move(at + timedelta(days=60))
    for invoice in life.invoices[:before]:
        found = list(of_stream(life.events["invoice", invoice.header.invoice_id]))
        assert all(entry.is_balanced for entry in found)
        assert balances(found)["deferred_revenue"] == 0
        if invoice.unused:
            last = max(note.lines[0].starts_on for note in invoice.unused)
            last = max(last, *(entry.effective_on for entry in found if entry.kind == "credit_note"))
            after = [n for n, month in enumerate(MONTHS) if month >= last]
            assert {on(found, "deferred_revenue")[n] for n in after} == {0}
            assert {on(found, "revenue")[n] for n in after} == {(invoice.totals.subtotal - net_credit(invoice)).minor}


def net_credit(invoice: Any) -> Money:
    credited: Money = invoice.credited - invoice.credited_tax
    return credited


@pytest.mark.parametrize("policy", ["days", "seconds"])
def test_what_is_credited_in_full_after_a_cancellation_leaves_nothing(policy: Any) -> None:
    at = new_york(2013, 3, 12) + NOON
    life = living(at, replace(YEARLY, proration=policy))
    life.say(cancel(at))
    life.move(new_york(2013, 5, 20))
    (invoice,) = life.invoices
    number = Number(legal_entity="Us", series="INV-CN", sequence=2)
    command = CreditInvoice(number=number, on=local_day(life.now, "America/New_York"), reason="goodwill")
    life.carry_out([Order(INVOICE, invoice.header.invoice_id, command)])
    found = entries(life)
    assert balances(found) == {}
    assert on(found, "revenue")[4:] == [0] * 21
    assert on(found, "deferred_revenue")[2:] == [0] * 23


def test_recurring_revenue_follows_the_day_of_an_amendment_and_ends_with_a_cancellation() -> None:
    life = living(new_york(2013, 3, 11), TEAM)
    before = life.subscription
    life.say(amend(life.now, when=date(2013, 4, 16), quantity=15, add=(STORAGE,)))
    life.move(new_york(2013, 4, 16))
    after = life.subscription
    days = [date(2013, 3, 11), date(2013, 4, 15), date(2013, 4, 16)]
    assert [annual(after, day) for day in days] == [372_000, 372_000, 12 * (46_500 + 1_860)]
    assert annual(before, days[-1]) == 372_000
    assert move(annual(before, days[0]), annual(after, days[-1])) == "expansion"
    life.say(amend(life.now, quantity=2, remove=("storage",)))
    assert annual(life.subscription, days[-1]) == 12 * 6_200
    life.say(cancel(life.now))
    assert annual(life.subscription, days[-1]) == 0


def test_a_contract_is_worth_what_was_agreed_when_it_was_agreed() -> None:
    life = living(new_york(2013, 1, 11), TEAM)
    assert (agreed(life.subscription), outstanding(life.subscription, ())) == ({"new": 372_000}, {"new": 341_000})
    life.say(amend(life.now, when=date(2013, 7, 1), plan=plan("scale", charge("platform", "62.00"))))
    assert agreed(life.subscription) == {"new": 6 * 31_000 + 6 * 62_000}
    life.say(cancel(life.now, when=date(2013, 10, 1)))
    worth = agreed(life.subscription)
    assert worth == {"new": 6 * 31_000 + 3 * 62_000}
    life.move(new_york(2013, 12, 1))
    assert (agreed(life.subscription), billed(life)) == (worth, worth["new"])
    assert not any(outstanding(life.subscription, ()).values())


def test_what_will_be_credited_is_less_to_come() -> None:
    life = living(new_york(2013, 1, 11))
    life.say(cancel(life.now, when=date(2013, 10, 20)))
    # 73 of 365 days of a year that was invoiced in advance
    assert outstanding(life.subscription, ()) == {"new": -24_691}
    life.move(new_york(2013, 10, 20))
    assert not any(outstanding(life.subscription, ()).values())


@given(
    days=st.lists(st.integers(0, 360), min_size=1, max_size=4),
    quantities=st.lists(st.integers(1, 50), min_size=4, max_size=4),
    ends=st.booleans(),
    length=st.sampled_from(["month", "quarter", "year"]),
    asked=st.integers(0, 400),
    review_days=st.sampled_from([0, 20]),
)
@settings(max_examples=40, deadline=None)
def test_what_was_invoiced_and_what_is_to_come_are_what_was_agreed(
    days: list[int], quantities: list[int], ends: bool, length: Any, asked: int, review_days: int
) -> None:
    """To the minor unit for each document and run: each of them is rounded by itself."""
    line = replace(YEARLY, every=length, review_days=review_days)
    life, start = living(new_york(2013, 1, 1), line), date(2013, 1, 1)
    for number, day in enumerate(sorted(set(days))):
        if ends and number == len(set(days)) - 1:
            life.say(cancel(life.now, when=start + timedelta(days=day)))
        else:
            life.say(amend(life.now, when=start + timedelta(days=day), quantity=quantities[number]))
    worth = agreed(life.subscription)
    life.move(new_york(2013, 1, 1) + timedelta(days=asked))
    drafts = [invoice.header.bill for invoice in life.invoices if not invoice.facts]
    left = outstanding(life.subscription, [*life.waiting, *drafts])
    assert agreed(life.subscription) == worth
    assert abs(billed(life) + left["new"] - worth["new"]) <= 2 * len(days)


def test_who_pays_late_after_a_cancellation_pays_a_fee() -> None:
    life = living(new_york(2013, 3, 12))
    life.say(cancel(life.now))
    life.move(life.now)
    (invoice,) = life.invoices
    late = LateInvoice(
        invoice_id=invoice.header.invoice_id, number=invoice.issued.number, open=invoice.open, percent=PERCENT
    )
    [assessed] = life.say(AssessLateFee(late=late, at=life.now))
    assert assessed.fee.amount == invoice.open.times(PERCENT.scaleb(-2))
    assert life.say(AssessLateFee(late=late, at=life.now)) == []
