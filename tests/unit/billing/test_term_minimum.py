"""A minimum for a term: what all its usage lacks is a line of the last bill of the term, so that both add up to it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from services.billing.domain.agreement import AgreedLine
from services.billing.domain.amended_line import LineChange
from services.billing.domain.coupon import AgreedCoupon
from services.billing.domain.invoice_line import InvoiceLine
from services.billing.domain.plan import MinimumCommitment
from services.billing.domain.schedule import term_of
from services.billing.domain.subscription.commands import (
    AmendSubscription,
    PauseSubscription,
    RenewTerm,
)
from services.billing.domain.taxation.rates import PlaceRates, Taxation, TaxRate
from services.billing.processes.invoicing import is_complete
from shared.money import Money
from shared.periods import Days
from tests.unit.billing.histories import FOR_THE_TERM, coupons, happenings, lived
from tests.unit.billing.lifetime import Lifetime
from tests.unit.billing.test_cancellation import AGREED, NOON, TAXED, cancel
from tests.unit.billing.test_subscription import CALLS, NEXT_QUOTE, new_york
from tests.unit.billing.test_transfers import transferred

YEAR = MinimumCommitment(
    code="commitment", name="Commitment", amount=Money(1_000_000, "USD"), tax_rates=("0.07",), true_up="term"
)
COMMITTED = replace(AGREED, charges=(CALLS,), minimum=YEAR)


def committed(at: datetime, **changed: Any) -> Lifetime:
    """310 calls at 1.00 in January 2013, and none afterwards."""
    return running(at, **{"charges": (CALLS,), "minimum": YEAR} | changed)


def running(at: datetime, **changed: Any) -> Lifetime:
    line = replace(AGREED, **changed)
    life = Lifetime(line, new_york(2012, 12, 1), used=[(new_york(2013, 1, day, 9), 10) for day in range(1, 32)])
    life.move(at)
    return life


def lines(life: Lifetime, kind: str) -> list[InvoiceLine]:
    return [line for invoice in life.invoices for line in invoice.lines if line.kind == kind]


def true_ups(life: Lifetime) -> list[tuple[str, str, int]]:
    """By the day that it is billed on: up to which day it counts, and how much it is."""
    return [
        (invoice.header.bill.billing_on.isoformat(), line.ends_on.isoformat(), line.rated.minor)
        for invoice in life.invoices
        for line in invoice.lines
        if line.kind == "true_up"
    ]


def test_the_last_bill_of_the_term_has_what_twelve_months_lack() -> None:
    life = committed(new_york(2013, 12, 31))
    assert [line.amount.minor for line in lines(life, "usage")][:2] == [31_000, 0] and true_ups(life) == []
    life.move(new_york(2014, 1, 1))
    assert true_ups(life) == [("2014-01-01", "2014-01-01", 969_000)]
    (line,) = lines(life, "true_up")
    assert (line.charge, line.starts_on, line.tax_rates, line.revenue_class) == (
        "commitment",
        date(2013, 1, 1),
        ("0.07",),
        "new",
    )
    assert life.differences() == []


def test_usage_above_it_has_no_true_up() -> None:
    life = committed(new_york(2014, 2, 1), minimum=replace(YEAR, amount=Money(31_000, "USD")))
    assert true_ups(life) == [] and life.subscription.counting == ()
    assert life.differences() == []


def test_each_term_has_its_own() -> None:
    life = committed(new_york(2013, 12, 1))
    line = replace(life.line, starts_on=date(2014, 1, 1))
    life.say(RenewTerm(term_number=2, line=line, quote_id=NEXT_QUOTE, at=life.now))
    life.used.append((new_york(2014, 1, 5), 1000))
    life.move(new_york(2015, 1, 1))
    assert true_ups(life) == [("2014-01-01", "2014-01-01", 969_000), ("2015-01-01", "2015-01-01", 900_000)]
    assert [line.term_number for line in lines(life, "true_up")] == [1, 2]
    assert life.differences() == []


def test_a_cancellation_commits_to_the_days_up_to_it() -> None:
    at = new_york(2013, 3, 15) + NOON
    life = committed(at)
    life.say(cancel(at))
    life.move(at)
    # 74 of 365 days, the one of the cancellation included: 2,027.3973
    assert true_ups(life) == [("2013-03-15", "2013-03-16", 202_740 - 31_000)]
    life.move(new_york(2014, 2, 1))
    assert len(true_ups(life)) == 1
    assert life.differences() == []


def test_a_cancellation_right_after_a_billing_day_trues_up_on_a_bill_of_its_own() -> None:
    at = new_york(2013, 3, 1)
    life = committed(at)
    life.say(cancel(at))
    life.move(new_york(2013, 4, 1))
    assert true_ups(life) == [("2013-03-01", "2013-03-01", 161_644 - 31_000)]  # 59 of 365 days
    assert life.invoices[-1].header.bill.usage == ()
    assert life.differences() == []


def test_its_tax_is_that_of_the_last_day_also_on_a_bill_of_its_own() -> None:
    at = new_york(2013, 3, 1)
    life = committed(at, minimum=replace(YEAR, tax_rates=(), tax_category="standard"))
    rates = (
        TaxRate(code="state", category="standard", rate="0.07", from_on=date(2000, 1, 1)),
        TaxRate(code="state", category="standard", rate="0.09", from_on=date(2013, 3, 1)),
    )
    life.taxation = Taxation(place="US", places=(PlaceRates(place="US", rates=rates),))
    life.say(cancel(at))
    life.move(new_york(2013, 4, 1))
    (line,) = lines(life, "true_up")
    assert [tax.rate for tax in line.taxes] == ["0.07"]
    assert life.differences() == []


def test_the_last_bill_waits_for_all_periods_of_the_term() -> None:
    life = committed(new_york(2014, 1, 1))
    bill = life.invoices[-1].header.bill
    usage = {item.period_id: life.states["usage_period", item.period_id] for item in bill.metered}
    assert len(usage) == 12 and is_complete(bill, usage)
    february = life.invoices[1].header.bill.usage[0].period_id
    assert not is_complete(bill, usage | {february: replace(usage[february], closed=False)})


def test_nothing_is_committed_for_the_days_of_a_pause_but_for_those_that_it_adds() -> None:
    for extend, ends_on, amount in ((False, "2014-01-01", 945_205), (True, "2014-01-21", 1_000_000)):
        life = committed(new_york(2013, 2, 1))
        life.say(PauseSubscription(at=life.now, until=date(2013, 2, 21), reason="holidays", extend=extend))
        life.move(new_york(2014, 2, 1))
        # 345 of 365 days: 9,452.0548
        assert true_ups(life) == [(ends_on, ends_on, amount - 31_000)]
        assert life.differences() == []


def test_a_first_term_that_ends_with_another_one_commits_to_its_days() -> None:
    life = committed(new_york(2013, 8, 1), ends_on=date(2013, 7, 1))
    assert true_ups(life) == [("2013-07-01", "2013-07-01", 495_890 - 31_000)]  # 181 of 365 days


def test_the_parts_of_an_amended_term_add_up() -> None:
    more = replace(YEAR, amount=Money(2_000_000, "USD"), name="More", tax_rates=())
    dearer = replace(CALLS, price=replace(CALLS.price, unit_amount=Decimal(2)))
    life = committed(new_york(2013, 1, 16))
    plan = replace(COMMITTED, plan="more", charges=(dearer,), minimum=more)
    life.say(AmendSubscription(at=life.now, when="now", change=LineChange(plan=plan)))
    life.move(new_york(2014, 1, 1))
    # 15 of 365 days of 10,000.00 and 350 of 20,000.00: 19,589.0411; 150 calls at 1.00 and 160 at 2.00
    assert true_ups(life) == [("2014-01-01", "2014-01-01", 1_958_904 - 15_000 - 32_000)]
    (line,) = lines(life, "true_up")
    assert (line.description, line.tax_rates, line.plan, line.amendment) == ("More", (), "more", 1)
    assert life.differences() == []


def test_a_change_that_leaves_the_minimum_as_it_is_neither_cuts_usage_nor_loses_a_cent() -> None:
    life = committed(new_york(2013, 1, 16), charges=(TAXED, CALLS))
    other = replace(CALLS, code="rows", meter="rows")
    plan = replace(COMMITTED, plan="more", charges=(TAXED, CALLS, other))
    life.say(AmendSubscription(at=life.now, when="now", change=LineChange(quantity=3, plan=plan)))
    life.move(new_york(2014, 1, 1))
    assert [line.rated.minor for line in lines(life, "usage")[:3]] == [31_000, 16_000, 0]
    assert true_ups(life) == [("2014-01-01", "2014-01-01", 1_000_000 - 31_000 - 16_000)]


def test_usage_before_a_minimum_was_agreed_does_not_count() -> None:
    life = committed(new_york(2013, 1, 16), minimum=None)
    life.say(AmendSubscription(at=life.now, when="now", change=LineChange(plan=replace(COMMITTED, plan="more"))))
    life.move(new_york(2014, 1, 1))
    assert true_ups(life) == [("2014-01-01", "2014-01-01", 958_904 - 16_000)]  # 350 of 365 days


def test_where_nothing_is_metered_any_more_the_end_of_the_term_has_the_true_up() -> None:
    life = committed(new_york(2013, 2, 1), charges=(TAXED, CALLS))
    plan = replace(AGREED, plan="flat", charges=(TAXED,))
    life.say(AmendSubscription(at=life.now, when="now", change=LineChange(plan=plan)))
    life.move(new_york(2014, 1, 1))
    assert true_ups(life) == [("2014-01-01", "2014-01-01", 84_932 - 31_000)]  # 31 of 365 days
    assert life.differences() == []


def test_where_the_plan_knows_no_parts_all_of_it_is_committed_to() -> None:
    at = new_york(2013, 3, 15) + NOON
    life = committed(at, proration="none")
    life.say(cancel(at))
    life.move(at)
    assert [amount for *_, amount in true_ups(life)] == [969_000]


def test_both_customers_of_a_contract_commit_to_their_days() -> None:
    for proration in ("days", "none"):
        before = committed(new_york(2013, 2, 10), proration=proration)
        after = transferred(before, date(2013, 3, 1))
        after.move(new_york(2014, 1, 1))
        (old,), (new,) = true_ups(before), true_ups(after)
        assert (old[2] + 31_000, new[2]) == (161_644, 838_356)  # 59 and 306 of 365 days
        assert before.differences() == after.differences() == []


def test_what_a_coupon_takes_off_usage_is_lifted_as_it_is_by_the_period() -> None:
    tenth = AgreedCoupon(code="tenth", name="A tenth", percent=Decimal(10))
    life = committed(new_york(2014, 1, 1), charges=(TAXED, CALLS), coupons=(tenth,))
    assert sum(line.amount.minor for line in lines(life, "usage")) == 27_900
    assert true_ups(life) == [("2014-01-01", "2014-01-01", 972_100)]
    assert life.differences() == []


def test_a_price_with_tax_in_it_is_lifted_with_tax_in_it() -> None:
    taxed = replace(CALLS, tax_rates=("0.07",))
    life = committed(new_york(2014, 1, 1), charges=(taxed,), tax_inclusive=True)
    assert true_ups(life) == [("2014-01-01", "2014-01-01", 969_000)]
    assert life.money == Money(1_000_000, "USD")
    assert life.differences() == []


def days_committed(life: Lifetime, term: Days) -> int:
    ended = life.subscription.cancelled
    days = Days(term.start, min(term.end, ended.metered_until) if ended else term.end)
    return sum(len(part) for part in life.subscription.unpaused(days)) if days.start < days.end else 0


def by_term(life: Lifetime) -> Iterator[tuple[Any, int, int]]:
    for term in life.subscription.terms:
        mine = [line for kind in ("usage", "true_up") for line in lines(life, kind) if line.term_number == term.number]
        used = sum(line.priced.minor for line in mine if line.kind == "usage")
        yield term, used, used + sum(line.priced.minor for line in mine if line.kind == "true_up")


agreed = st.builds(
    lambda charges, every, coupons, inclusive: replace(
        AGREED, charges=charges, every=every, coupons=coupons, tax_inclusive=inclusive, minimum=FOR_THE_TERM
    ),
    charges=st.sampled_from([(CALLS,), (TAXED, CALLS)]),
    every=st.sampled_from(["week", "month", "quarter", "year"]),
    coupons=coupons | st.just((AgreedCoupon(code="off", name="Off", amount=Decimal("99.99")),)),
    inclusive=st.booleans(),
)


@settings(max_examples=60)
@given(agreed, happenings)
def test_usage_and_true_up_are_the_greater_of_the_commitment_and_the_usage(
    line: AgreedLine, told: list[tuple[int, str, int, bool]]
) -> None:
    life = lived(line, told)
    for _ in range(2):  # a pause that ends on the way makes the term longer
        life.move(life.subscription.instant(life.subscription.last.ends_on))
    for term, used, together in by_term(life):
        full = len(term_of(term.starts_on, 12))
        exact = Fraction(500_001 * days_committed(life, Days(term.starts_on, term.ends_on)), full)
        assert together == max(used, int(exact + Fraction(1, 2)))
    assert life.differences() == []
