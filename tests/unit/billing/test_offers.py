"""What an offer says of itself: its discount by reason, and the same lines for other terms."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given as given_any
from hypothesis import strategies as st

from services.billing.domain.agreement import AgreedDiscount, AgreedLine, RampPhase
from services.billing.domain.coupon import AgreedCoupon
from services.billing.domain.flat_charges import FlatCharges
from services.billing.domain.pricing.validation import PercentTooHigh
from services.billing.domain.quote.alternatives import (
    AlternativeRepeated,
    AlternativeTerms,
    AlternativeUnknown,
    TooManyAlternatives,
    alternative,
)
from services.billing.domain.quote.events import QuoteAccepted, QuoteApprovalRequested
from services.billing.domain.quote.state import TooManyLines
from services.billing.domain.quote_totals import quote_totals
from services.billing.domain.quote_validation import DiscountsDoNotAddUp, ReasonRepeated, validate_line
from services.billing.domain.schedule import term_of
from shared.errors import DomainError
from shared.money import Money
from tests.unit.billing.offers import accept, after, draft, events_of, given, line, revise, send, submit
from tests.unit.billing.prices import per_unit

USD = "USD"
THREE_YEARS = AlternativeTerms(term_months=36, uplift_percent=Decimal(4), discount_percent=Decimal(3))
LOCKED = AlternativeTerms(term_months=24)


def reasons(**percents: str) -> dict[str, Any]:
    parts = tuple(AgreedDiscount(reason=reason, percent=Decimal(each)) for reason, each in percents.items())
    return {"discounts": parts, "discount_percent": sum((part.percent for part in parts), Decimal(0))}


def off(made: AgreedLine) -> dict[str, int]:
    return {reason: amount.minor for reason, amount in quote_totals([made], USD).term.discounts.items()}


def yearly(made: AgreedLine) -> list[int]:
    """The net flat price of a month in each year of the term."""
    charges = FlatCharges(line=made, currency=USD, anchor=made.starts_on)
    term = term_of(made.starts_on, made.term_months)
    days = (date(made.starts_on.year + year, 1, 1) for year in range(made.term_months // 12))
    return [charges.of_period(made.flat[0], charges.rhythm().holding(day, term)).net.minor for day in days]


def test_a_discount_is_told_by_reason_and_a_coupon_by_its_code() -> None:
    coupon = AgreedCoupon(code="HELLO", name="Hello", amount=Decimal(100), invoices=1)
    made = line(**reasons(volume="7.5", goodwill="2.5"), coupons=(coupon,))
    assert off(made) == {"volume": 135000, "goodwill": 45000, "coupon:HELLO": 10000}


def test_a_discount_without_reasons_is_agreed() -> None:
    assert off(line("10")) == {"agreed": 180000}
    assert off(line()) == {}


@given_any(st.lists(st.integers(1, 30), min_size=1, max_size=3), st.integers(1, 99_999))
def test_the_parts_are_the_whole_discount_of_each_line(percents: list[int], cents: int) -> None:
    parts = reasons(**{f"r{number}": str(each) for number, each in enumerate(percents)})
    charge = replace(line().charges[0], price=per_unit(str(Decimal(cents) / 100)))
    priced = line(charges=(charge,), **parts)
    for invoice in quote_totals([priced], USD).lines[0].first_invoices:
        for each in invoice.lines:
            assert each.list_amount - each.discount == each.net
            assert Money.total(each.discounts.values(), USD) == each.discount
    term = quote_totals([priced], USD).term
    assert Money.total(term.discounts.values(), USD) == term.discount


@pytest.mark.parametrize(
    ("parts", "error", "field"),
    [
        (reasons(volume="5") | {"discount_percent": Decimal(6)}, DiscountsDoNotAddUp, "/discounts"),
        (
            {"discounts": (AgreedDiscount(reason="a", percent=Decimal(1)),) * 2, "discount_percent": Decimal(2)},
            ReasonRepeated,
            "/discounts",
        ),
    ],
)
def test_parts_that_are_not_the_discount_are_refused(
    parts: dict[str, Any], error: type[DomainError], field: str
) -> None:
    with pytest.raises(error) as caught:
        validate_line(line(**parts))
    assert caught.value.field == field


def test_a_price_rises_each_year_from_what_it_was_and_the_longer_term_is_cheaper() -> None:
    [made] = alternative([line()], THREE_YEARS, USD).lines
    assert [made.on(date(year, 1, 1)).charges[0].price.unit_amount for year in (2013, 2014, 2015)] == [
        Decimal("1500.00"),
        Decimal("1560.00"),
        Decimal("1622.40"),
    ]
    assert yearly(made) == [145500, 151320, 157373]
    assert off(made) == {"multi_year": 12 * (4500 + 4680 + 4867)}


def test_a_locked_price_stays_and_the_discount_of_the_line_with_its_reasons() -> None:
    [made] = alternative([line(**reasons(volume="10"))], LOCKED, USD).lines
    assert yearly(made) == [135000, 135000]
    assert made.discounts == (AgreedDiscount(reason="volume", percent=Decimal(10)),)


def test_the_ramp_of_a_line_goes_on_inside_an_alternative() -> None:
    phases = (
        RampPhase(after_months=6, quantity=2),
        RampPhase(after_months=12, discount_percent=Decimal(5), prices={"platform": per_unit("1700")}),
        RampPhase(after_months=30, quantity=9),
    )
    [made] = alternative([line(ramp=phases, term_months=40)], THREE_YEARS, USD).lines
    assert [phase.after_months for phase in made.ramp] == [6, 12, 24, 30]
    at_12 = made.on(date(2014, 1, 1))
    assert (at_12.quantity, at_12.charges[0].price.unit_amount, at_12.discount_percent) == (2, Decimal(1700), 8)
    assert made.on(date(2015, 1, 1)).charges[0].price.unit_amount == Decimal("1768.00")
    [shorter] = alternative([line(ramp=phases, term_months=40)], AlternativeTerms(term_months=6), USD).lines
    assert shorter.ramp == ()


@pytest.mark.parametrize(
    ("wanted", "error", "field"),
    [
        ((AlternativeTerms(term_months=12),), AlternativeRepeated, "/alternatives/0/term_months"),
        ((LOCKED, LOCKED), AlternativeRepeated, "/alternatives/1/term_months"),
        (
            (AlternativeTerms(term_months=24, discount_percent=Decimal(98)),),
            PercentTooHigh,
            "/alternatives/0/discount_percent",
        ),
        (
            (AlternativeTerms(term_months=24, uplift_percent=Decimal(101)),),
            PercentTooHigh,
            "/alternatives/0/uplift_percent",
        ),
        (tuple(AlternativeTerms(term_months=24 + n) for n in range(6)), TooManyAlternatives, "/alternatives"),
    ],
)
def test_what_is_wrong_with_an_alternative_is_named(wanted: Any, error: type[DomainError], field: str) -> None:
    with pytest.raises(error) as caught:
        given()(draft(line("3"), alternatives=wanted))
    assert caught.value.field == field


def test_the_lines_of_alternatives_count_among_those_of_the_quote() -> None:
    terms = tuple(AlternativeTerms(term_months=24 + n) for n in range(5))
    assert given()(draft(*[line()] * 16, alternatives=terms))
    with pytest.raises(TooManyLines) as caught:
        given()(draft(*[line()] * 17, alternatives=terms))
    assert caught.value.field == "/alternatives"


def test_the_alternative_that_the_customer_chooses_is_what_was_agreed() -> None:
    offered = (draft(alternatives=(LOCKED, THREE_YEARS)), submit(), send())
    [accepted] = given(*offered)(accept(term_months=36))
    assert isinstance(accepted, QuoteAccepted)
    assert (accepted.term_months, accepted.alternative, accepted.annual.booked) == (36, 36, Money(12 * 157373, USD))
    assert after(*offered, accept(term_months=36)).lines == alternative([line()], THREE_YEARS, USD).lines
    for own in (None, 12):
        [plain] = given(*offered)(accept(term_months=own))
        assert (plain.term_months, plain.alternative) == (12, None)
        assert after(*offered, accept(term_months=own)).lines == (line(),)
    with pytest.raises(AlternativeUnknown):
        given(*offered)(accept(term_months=48))


def test_the_discount_of_an_alternative_needs_approval_as_well() -> None:
    [asked] = given(draft(line("4"), alternatives=(THREE_YEARS,)))(submit())
    assert isinstance(asked, QuoteApprovalRequested)
    assert (asked.level, asked.discount_percent) == ("manager", Decimal(7))


def test_a_revision_makes_the_alternatives_anew_and_takes_them_away_only_where_it_says_so() -> None:
    offered = draft(alternatives=(LOCKED,))
    assert after(offered, revise(line("5"))).alternatives == (alternative([line("5")], LOCKED, USD),)
    assert after(offered, revise(line("5"), alternatives=())).alternatives == ()
    assert events_of(offered, revise(line(), alternatives=(LOCKED,)))[1:] == []
