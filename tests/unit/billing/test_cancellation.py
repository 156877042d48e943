"""Cancelling in the middle of a term: what is still billed, what is credited, and what nobody does any more."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.billing.domain.invoice import INVOICE
from services.billing.domain.invoice.commands import CreditInvoice, Number
from services.billing.domain.plan import Charge
from services.billing.domain.pricing.price import Price
from services.billing.domain.proration import prorate
from services.billing.domain.subscription.cancelling import OutsideTerm
from services.billing.domain.subscription.commands import (
    CancelSubscription,
    RenewTerm,
    RequestNonRenewal,
    WithdrawNonRenewal,
)
from services.billing.domain.subscription.events import BillRequested, CancellationScheduled, SubscriptionCancelled
from shared.errors import Conflict
from shared.money import Money
from shared.orders import Order
from shared.periods import Days
from tests.unit.billing.lifetime import Lifetime
from tests.unit.billing.test_subscription import CALLS, FEE, LINE, NEXT_QUOTE, new_york

TAXED = replace(FEE, tax_rates=("0.08875",))
ARREARS = replace(
    FEE, code="support", in_advance=False, price=Price(model="per_unit", unit_amount=FEE.price.unit_amount)
)
AGREED = replace(LINE, charges=(TAXED, CALLS))
NOON = timedelta(hours=12)


def cancel(at: datetime, **changed: Any) -> CancelSubscription:
    return CancelSubscription(**{"at": at, "when": "now", "credit": "unused_time", "reason": "too dear"} | changed)


def running(at: datetime, *charges: Charge, **changed: Any) -> Lifetime:
    """Agreed a month before it starts in January, and by now at an instant."""
    line = replace(AGREED, charges=charges or AGREED.charges, **changed)
    life = Lifetime(line, new_york(2012, 12, 1), used=[(new_york(2013, 1, day, 9), 10) for day in range(1, 32)])
    life.move(at)
    return life


def flat(life: Lifetime) -> list[tuple[str, int, int]]:
    """By day: what each invoice asks for before tax, and what of that was credited."""
    return [
        (i.header.bill.billing_on.isoformat(), i.totals.subtotal.minor, (i.credited - i.credited_tax).minor)
        for i in life.invoices
    ]


def test_the_rest_of_a_period_that_was_billed_is_credited_and_usage_is_billed_up_to_the_instant() -> None:
    at = new_york(2013, 1, 10) + NOON
    life = running(at)
    life.say(cancel(at))
    life.move(at)
    # 22 of 31 days at 1,500.00, and ten mornings of ten calls at 1.00
    assert flat(life) == [("2013-01-01", 150_000, 106_452), ("2013-01-10", 10_000, 0)]
    (note,) = life.invoices[0].unused
    assert [(line.starts_on, line.ends_on, line.corrects and line.corrects.line) for line in note.lines] == [
        (date(2013, 1, 10), date(2013, 2, 1), 1)
    ]
    assert note.taxes == {"0.08875": Money(9448, "USD")}
    assert life.differences() == []


def test_what_is_billed_in_arrears_ends_with_the_use() -> None:
    at = new_york(2013, 1, 11)
    life = running(at, ARREARS)
    life.say(cancel(at))
    life.move(new_york(2013, 12, 31))
    assert flat(life) == [("2013-01-11", 48_387, 0)]  # 10 of 31 days; an unbilled period has nothing to credit


def test_a_period_to_come_is_neither_billed_nor_credited() -> None:
    life = running(new_york(2013, 1, 10))
    life.say(cancel(life.now, when="period_end"))
    assert life.subscription.status == "active"
    life.move(new_york(2014, 6, 1))
    assert life.subscription.status == "cancelled"
    assert flat(life) == [("2013-01-01", 150_000, 0), ("2013-02-01", 31_000, 0)]


def test_a_day_in_a_later_period_credits_the_rest_of_that_period() -> None:
    life = running(new_york(2013, 1, 10), TAXED)
    life.say(cancel(life.now, when=date(2013, 3, 16)))
    life.move(new_york(2013, 6, 1))
    assert flat(life) == [
        ("2013-01-01", 150_000, 0),
        ("2013-02-01", 150_000, 0),
        ("2013-03-01", 150_000, 77_419),  # 16 of 31 days
    ]


def test_without_credit_what_was_billed_in_advance_stays() -> None:
    at = new_york(2013, 1, 10)
    life = running(at)
    life.say(cancel(at, credit="none"))
    life.move(new_york(2013, 6, 1))
    assert flat(life) == [("2013-01-01", 150_000, 0), ("2013-01-10", 9_000, 0)]


def test_who_never_started_owes_nothing() -> None:
    life = running(new_york(2012, 12, 20))
    life.say(cancel(life.now))
    life.move(new_york(2014, 6, 1))
    assert (life.invoices, life.subscription.status) == ([], "cancelled")
    assert [period.item.starts_on for period in life.periods if period.item.starts_on < period.item.ends_on] == []


def test_periods_that_were_asked_for_ahead_are_taken_back() -> None:
    at = new_york(2013, 1, 10) + NOON
    life = running(at)
    life.say(cancel(at))
    life.move(at)
    assert [(p.item.starts_on, p.item.ends_on, p.ends_at) for p in life.periods] == [
        (date(2013, 1, 1), date(2013, 1, 11), at),
        (date(2013, 2, 1), date(2013, 2, 1), new_york(2013, 2, 1)),
    ]


def test_an_invoice_that_is_still_reviewed_is_credited_when_it_is_issued() -> None:
    at = new_york(2013, 1, 3)
    life = running(at, TAXED, review_days=5)
    life.say(cancel(at))
    life.move(new_york(2013, 1, 5))
    assert [invoice.status for invoice in life.invoices] == ["draft"]
    life.move(new_york(2013, 1, 7))
    assert flat(life) == [("2013-01-01", 150_000, 140_323)]  # 29 of 31 days
    assert life.differences() == []


def test_what_a_person_gave_back_is_not_given_back_again() -> None:
    at = new_york(2013, 1, 10)
    life = running(at, TAXED)
    (invoice,) = life.invoices
    number = Number(legal_entity="Us", series="INV-CN", sequence=1)
    credit = CreditInvoice(number=number, on=at.date(), reason="goodwill")
    life.carry_out([Order(INVOICE, invoice.header.invoice_id, credit)])
    life.say(cancel(at))
    life.move(at)
    assert life.money == Money(0, "USD")


def test_the_last_word_counts_until_it_takes_effect() -> None:
    life = running(new_york(2013, 1, 10))
    [first] = life.say(cancel(life.now, when=date(2013, 5, 1)))
    assert life.say(cancel(life.now, when=date(2013, 5, 1))) == []
    life.say(cancel(life.now, when=date(2013, 7, 1)))
    assert isinstance(first, CancellationScheduled)
    life.move(new_york(2013, 5, 2))
    assert life.subscription.status == "active"
    [done] = life.say(cancel(life.now))
    assert isinstance(done, SubscriptionCancelled)
    life.move(new_york(2013, 8, 1))
    assert len([e for e in life.events["subscription", life.subscription.subscription_id] if e == done]) == 1


@pytest.mark.parametrize("day", [date(2013, 1, 9), date(2014, 1, 2)])
def test_a_day_outside_the_term_is_refused_by_its_field(day: date) -> None:
    life = running(new_york(2013, 1, 10))
    with pytest.raises(OutsideTerm) as refused:
        life.say(cancel(life.now, when=day))
    assert refused.value.field == "/on"


@pytest.mark.parametrize(
    "command",
    [
        cancel(new_york(2013, 2, 1)),
        RequestNonRenewal(reason="again"),
        WithdrawNonRenewal(),
        RenewTerm(term_number=2, line=AGREED, quote_id=NEXT_QUOTE, at=new_york(2016, 2, 1)),
    ],
)
@pytest.mark.parametrize("ending", ["cancelled", "expired"])
def test_what_has_ended_takes_no_command(ending: str, command: Any) -> None:
    life = running(new_york(2013, 1, 10))
    if ending == "cancelled":
        life.say(cancel(life.now))
    else:
        life.move(new_york(2015, 3, 1))
    assert life.subscription.status == ending
    with pytest.raises(Conflict):
        life.say(command)


def test_a_cancelled_subscription_is_not_reminded_ended_or_expired() -> None:
    life = running(new_york(2013, 1, 10))
    life.say(cancel(life.now))
    before = life.version
    life.move(new_york(2015, 6, 1))
    told = life.events["subscription", life.subscription.subscription_id][before:]
    assert [type(event) for event in told] == [BillRequested]


def test_non_renewing_subscriptions_can_be_cancelled_and_a_term_that_was_renewed_goes_too() -> None:
    life = running(new_york(2013, 12, 10), TAXED)
    life.say(RequestNonRenewal(reason="moving"))
    life.say(RenewTerm(term_number=2, line=AGREED, quote_id=NEXT_QUOTE, at=life.now))
    life.say(RequestNonRenewal(reason="moving"))
    life.say(cancel(life.now))
    life.move(new_york(2015, 1, 1))
    assert flat(life)[-1] == ("2013-12-01", 150_000, 106_452)


@given(
    day=st.dates(date(2013, 1, 1), date(2013, 12, 31)),
    hour=st.integers(0, 23),
    policy=st.sampled_from(["days", "seconds", "fixed_30", "none"]),
    discount=st.sampled_from(["0", "12.5", "33.333"]),
    credit=st.sampled_from(["none", "unused_time"]),
)
@settings(max_examples=30, deadline=None)
def test_a_credit_is_what_the_unused_days_cost_and_never_above_the_charge(
    day: date, hour: int, policy: Any, discount: str, credit: Any
) -> None:
    at = new_york(day.year, day.month, day.day, hour)
    life = running(at, TAXED, CALLS, proration=policy, discount_percent=Decimal(discount))
    life.say(cancel(at, credit=credit))
    life.move(at + timedelta(days=400))
    *_, billed = [invoice for invoice in life.invoices if invoice.header.bill.flat]
    (item,) = billed.header.bill.flat
    price = TAXED.price.unit_amount * (1 - Decimal(discount) / 100)
    wanted = prorate(
        price,
        "USD",
        policy,
        Days(item.nominal_starts_on, item.nominal_ends_on),
        Days(day, item.ends_on),
        "America/New_York",
    )
    net = billed.credited - billed.credited_tax
    is_whole = at == new_york(item.starts_on.year, item.starts_on.month, 1)
    is_credited = credit == "unused_time" and (policy != "none" or is_whole)
    (charged,) = [line.amount for line in billed.lines if line.kind == "flat"]
    unused = charged if is_whole else min(wanted, charged)  # nothing of a whole period was used, whatever its share is
    assert net == (unused if is_credited else Money(0, "USD"))
    assert Money(0, "USD") <= billed.credited <= billed.totals.total
    assert credit == "unused_time" or not any(invoice.credited.minor for invoice in life.invoices)
    assert life.differences() == []
    assert life.waiting == []
