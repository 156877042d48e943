"""Lines made from plans and from what was agreed before, and their value in a year."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from services.billing.domain.plan import NoPriceInCurrency
from services.billing.domain.quote.lines import agreed_line, annual_flat, annual_net, renewed_line
from shared.money import Money
from tests.unit.billing.offers import PLAN, POLICY, line
from tests.unit.billing.prices import flat

START = date(2014, 1, 1)


def test_a_line_is_the_plan_in_the_customers_currency_with_the_terms_of_renewal():
    made = agreed_line(PLAN, "USD", POLICY, starts_on=START)
    assert (made.charges, made.minimum, made.renewal) == (PLAN.prices["USD"], PLAN.minimums["USD"], POLICY)
    assert (made.term_months, made.quantity, made.discount_percent) == (12, 1, Decimal(0))
    assert agreed_line(PLAN, "USD", POLICY, starts_on=START, term_months=36).term_months == 36


def test_a_plan_without_a_price_in_the_currency_is_not_quoted():
    with pytest.raises(NoPriceInCurrency):
        agreed_line(PLAN, "EUR", POLICY, starts_on=START)


def test_a_renewed_line_raises_flat_amounts_and_nothing_else():
    renewed = renewed_line(line("10", 3), Decimal(4), START, "USD")
    assert renewed.charges[0].price.unit_amount == Decimal("1560.00")
    assert renewed.charges[1:] == line().charges[1:]
    assert replace(renewed, charges=line().charges, starts_on=date(2013, 1, 1)) == line("10", 3)


def test_each_raised_amount_is_rounded_once_half_away_from_zero():
    odd = replace(line(), charges=(flat("seat", "9.99"),))
    assert renewed_line(odd, Decimal("2.5"), START, "USD").charges[0].price.unit_amount == Decimal("10.24")


def test_a_year_counts_quantity_and_discount_and_the_period_of_each_charge():
    mixed = replace(line("10", 2), charges=(flat("monthly", "100"), flat("yearly", "50", every="year")))
    assert annual_flat([mixed], "USD") == Money(250_000, "USD")
    assert annual_net([mixed], "USD") == Money(225_000, "USD")


def test_several_lines_are_added_up():
    assert annual_flat([line(), line("50")], "USD") == Money(3_600_000, "USD")
    assert annual_net([line(), line("50")], "USD") == Money(2_700_000, "USD")
