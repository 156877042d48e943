"""What a quote comes to, and what it will be billed at."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.billing.domain.agreement import AgreedLine
from services.billing.domain.flat_charges import FlatCharges
from services.billing.domain.plan import NoPriceInCurrency
from services.billing.domain.plan_validation import LimitExceeded
from services.billing.domain.pricing.limits import NegativeNumber, NotPositive
from services.billing.domain.pricing.validation import PercentTooHigh
from services.billing.domain.quote_totals import Breakdown, quote_totals
from services.billing.domain.quote_validation import validate_line
from services.billing.domain.reinstatement import NegativePercent, reinstatement_fee
from services.billing.domain.schedule import term_of
from services.billing.domain.uplift import uplifted
from shared.errors import DomainError
from shared.money import Money
from shared.periods import Days
from tests.unit.billing.gate_use import PLAN, agreed, uplifted_line
from tests.unit.billing.prices import flat, per_unit, price, tiers

USD = "USD"
YEAR_2014 = Days(date(2014, 1, 1), date(2015, 1, 1))


def dollars(*minor: int, **discounts: int) -> Breakdown:
    off = {reason: Money(each, USD) for reason, each in discounts.items()}
    return Breakdown(*(Money(each, USD) for each in minor), off)


def test_a_quote_tells_period_term_and_year() -> None:
    quote = quote_totals([agreed()], USD)
    assert quote.lines[0].per_period == dollars(150000, 0, 150000, 13313, 163313)
    assert quote.term == dollars(1800000, 0, 1800000, 12 * 13313, 1800000 + 12 * 13313)
    assert quote.annual_value == Money(1800000, USD)


def test_the_renewal_is_worth_four_percent_more() -> None:
    quote = quote_totals([uplifted_line()], USD, anchors=[date(2013, 1, 1)])
    assert quote.lines[0].per_period.net == Money(156000, USD)
    assert quote.annual_value == Money(1872000, USD)


def test_quantity_and_discount_are_in_the_breakdown() -> None:
    quote = quote_totals([agreed(quantity=3, discount_percent=Decimal("12.5"))], USD)
    assert quote.lines[0].per_period == dollars(450000, 56250, 393750, 34945, 428695, agreed=56250)
    assert quote.annual_value == Money(12 * 393750, USD)


def test_the_first_three_invoices_are_previewed() -> None:
    invoices = quote_totals([agreed()], USD).lines[0].first_invoices
    usage = ("departures", "distance", "aircraft", "destinations", "cancellations", "delay_minutes")
    assert [(each.issued_on, each.due_on, each.totals.total.minor, each.metered) for each in invoices] == [
        (date(2013, 1, 1), date(2013, 1, 16), 163313, ()),
        (date(2013, 2, 1), date(2013, 2, 16), 163313, usage),
        (date(2013, 3, 1), date(2013, 3, 16), 163313, usage),
    ]


def test_arrears_are_billed_when_their_period_has_ended() -> None:
    line = agreed(charges=(flat("support", "10", tax_rates=()),), term_months=2)
    invoices = quote_totals([line], USD).lines[0].first_invoices
    assert [(each.issued_on, each.totals.total.minor) for each in invoices] == [
        (date(2013, 1, 1), 0),
        (date(2013, 2, 1), 1000),
        (date(2013, 3, 1), 1000),
    ]


def test_a_yearly_charge_of_a_monthly_plan_is_billed_once_a_year() -> None:
    yearly = flat("insurance", "1200", every="year", in_advance=True)
    quote = quote_totals([agreed(charges=(yearly,), calendar=False, term_months=24)], USD)
    assert quote.lines[0].per_period.net == Money(0, USD)
    assert quote.term.net == Money(240000, USD)
    assert quote.annual_value == Money(120000, USD)


def test_a_term_that_starts_within_a_calendar_month_is_prorated_at_both_ends() -> None:
    line = agreed(starts_on=date(2013, 1, 11), charges=(flat("fee", "310", in_advance=True),), term_months=1)
    invoices = quote_totals([line], USD).lines[0].first_invoices
    assert [(each.issued_on, each.totals.total.minor) for each in invoices] == [
        (date(2013, 1, 11), 21000),
        (date(2013, 2, 1), 11071),
        (date(2013, 2, 11), 0),
    ]


def test_a_full_february_is_not_prorated_by_thirty_days() -> None:
    line = agreed(charges=(flat("fee", "30", in_advance=True),), proration="fixed_30")
    february = quote_totals([line], USD).lines[0].first_invoices[1]
    assert february.totals.total == Money(3000, USD)


def test_a_quote_of_several_lines_adds_them_up() -> None:
    quote = quote_totals([agreed(), agreed(quantity=2)], USD)
    assert quote.term == quote.lines[0].term + quote.lines[1].term
    assert quote.annual_value == Money(3 * 1800000, USD)


@given(
    st.integers(1, 50),
    st.decimals(0, 100, places=2),
    st.dates(date(2013, 1, 1), date(2030, 1, 1)),
    st.integers(1, 36),
    st.booleans(),
)
def test_every_day_of_the_term_is_billed_once(
    quantity: int, discount: Decimal, start: date, months: int, calendar: bool
) -> None:
    both_ways = (flat("ahead", "100", in_advance=True), flat("behind", "30"), flat("quarterly", "50", every="quarter"))
    line = agreed(
        charges=both_ways,
        quantity=quantity,
        discount_percent=discount,
        starts_on=start,
        term_months=months,
        calendar=calendar,
    )
    charges, term = FlatCharges(line=line, currency=USD, anchor=start), term_of(start, months)
    billing_days = [*(period.part.start for period in charges.rhythm().within(term)), term.end]
    lines = [flat_line for day in billing_days for flat_line in charges.due(day, term)]
    assert sum(len(flat_line.period) for flat_line in lines) == len(line.flat) * len(term)
    assert Money.total((flat_line.net for flat_line in lines), USD) == quote_totals([line], USD).term.net


def test_a_currency_without_a_price_is_refused() -> None:
    with pytest.raises(NoPriceInCurrency) as refusal:
        agreed(currency="EUR")
    assert refusal.value.field == "/currency"


def test_uplift_rounds_each_flat_charge_once_and_leaves_usage_alone() -> None:
    charges = (flat("seat", "9.99"), *PLAN.metered_charges_in(USD))
    raised = uplifted(charges, Decimal(4), USD)
    assert raised[0].price.unit_amount == Decimal("10.39")
    assert raised[1:] == charges[1:]


def test_uplift_raises_every_amount_of_a_stepped_price_and_no_size() -> None:
    steps = price(
        "graduated", fixed_amount="10", tiers=tiers(("10", "9.99", "5"), (None, "0.004")), minimum_amount="20"
    )
    pack = price("package", package={"size": "5", "amount": "20", "free": "1"}, discount={"percent": "10"})
    raised = [c.price for c in uplifted([replace(flat("a", "1"), price=of) for of in (steps, pack)], Decimal(4), USD)]
    assert raised == [
        price(
            "graduated",
            fixed_amount="10.40",
            tiers=tiers(("10", "10.39", "5.20"), (None, "0.00416")),
            minimum_amount="20.80",
        ),
        price("package", package={"size": "5", "amount": "20.80", "free": "1"}, discount={"percent": "10"}),
    ]


def test_uplift_makes_credits_dearer_and_not_what_is_paid_in_them() -> None:
    tokens = per_unit("100", credit={"code": "token", "unit_amount": "0.005"})
    (raised,) = uplifted([replace(flat("a", "1"), price=tokens)], Decimal(10), USD)
    assert raised.price == per_unit("100", credit={"code": "token", "unit_amount": "0.0055"})


def test_a_stepped_fee_is_annualised_and_discounted_as_a_whole() -> None:
    seats = replace(
        flat("seats", "1", in_advance=True), price=price("graduated", tiers=tiers(("5", "20"), (None, "15.55")))
    )
    quote = quote_totals([agreed(charges=(seats,), quantity=12, discount_percent=Decimal(10))], USD)
    assert quote.annual_value == Money(12 * 18797, USD)
    assert quote.term.list_amount == Money(12 * 20885, USD)


def test_a_negative_uplift_is_refused() -> None:
    with pytest.raises(NegativeNumber):
        uplifted(PLAN.charges_in(USD), Decimal(-1), USD)


@pytest.mark.parametrize(
    ("line", "error", "field"),
    [
        (replace(agreed(), quantity=0), NotPositive, "/lines/0/quantity"),
        (replace(agreed(), term_months=0), NotPositive, "/lines/0/term_months"),
        (replace(agreed(), term_months=121), LimitExceeded, "/lines/0/term_months"),
        (replace(agreed(), discount_percent=Decimal(101)), PercentTooHigh, "/lines/0/discount_percent"),
        (replace(agreed(), discount_percent=Decimal(-1)), NegativeNumber, "/lines/0/discount_percent"),
    ],
    ids=["no quantity", "no term", "endless", "more than all off", "negative discount"],
)
def test_a_bad_quote_line_is_refused_and_the_field_is_named(
    line: AgreedLine, error: type[DomainError], field: str
) -> None:
    with pytest.raises(error) as refusal:
        validate_line(line, "/lines/0")
    assert refusal.value.field == field


def test_reinstatement_after_nineteen_days_costs_a_fifth_of_what_lapsed() -> None:
    lapsed = Days(date(2014, 1, 1), date(2014, 1, 20))
    assert reinstatement_fee(Money(1872000, USD), Decimal(20), lapsed, YEAR_2014) == Money(19489, USD)


def test_reinstatement_never_costs_more_than_a_year() -> None:
    lapsed = Days(date(2014, 1, 1), date(2020, 1, 1))
    assert reinstatement_fee(Money(1872000, USD), Decimal(50), lapsed, YEAR_2014) == Money(1872000, USD)


def test_renewing_before_the_end_costs_no_reinstatement() -> None:
    early = Days(date(2014, 1, 1), date(2013, 12, 20))
    assert reinstatement_fee(Money(1872000, USD), Decimal(20), early, YEAR_2014) == Money(0, USD)


def test_a_negative_reinstatement_percentage_is_refused() -> None:
    with pytest.raises(NegativePercent):
        reinstatement_fee(Money(1, USD), Decimal(-1), YEAR_2014, YEAR_2014)
