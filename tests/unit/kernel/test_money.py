"""Money keeps every minor unit, and rounds once, half away from zero."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from math import floor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.money import CurrencyMismatch, Money, UnknownCurrency, exponent

minors = st.integers(-(10**15), 10**15)
weights = st.lists(st.integers(0, 10**9), min_size=1, max_size=30).filter(any)
decimals = st.decimals(-(10**12), 10**12, allow_nan=False, allow_infinity=False, places=12)


def half_away_from_zero(exact: Fraction) -> int:
    size = floor(abs(exact) + Fraction(1, 2))
    return size if exact >= 0 else -size


@given(minors, weights)
def test_a_split_loses_no_cent(minor: int, shares: list[int]) -> None:
    assert Money.total(Money(minor, "EUR").split(shares), "EUR") == Money(minor, "EUR")


@given(minors, weights)
def test_nobody_gets_a_whole_cent_more_or_less_than_their_share(minor: int, shares: list[int]) -> None:
    for part, weight in zip(Money(minor, "EUR").split(shares), shares, strict=True):
        assert abs(part.minor - Fraction(minor * weight, sum(shares))) < 1


@given(minors, weights)
def test_equal_weights_differ_by_one_cent_at_most_and_the_first_get_it(minor: int, shares: list[int]) -> None:
    parts = [part.minor for part in Money(minor, "EUR").split([1] * len(shares))]
    assert parts == sorted(parts, reverse=True)
    assert parts[0] - parts[-1] <= 1


@given(decimals, st.sampled_from(["JPY", "EUR", "KWD"]))
def test_rounding_agrees_with_exact_fractions(major: Decimal, currency: str) -> None:
    expected = half_away_from_zero(Fraction(major) * 10 ** exponent(currency))
    assert Money.rounded(major, currency).minor == expected


@given(st.integers(-(10**12), 10**12), decimals)
def test_a_product_is_rounded_once_at_its_end(minor: int, factor: Decimal) -> None:
    assert Money(minor, "EUR").times(factor).minor == half_away_from_zero(minor * Fraction(factor))


@pytest.mark.parametrize(("major", "minor"), [("0.005", 1), ("-0.005", -1), ("0.0049999", 0), ("2.675", 268)])
def test_half_a_cent_goes_away_from_zero(major: str, minor: int) -> None:
    assert Money.rounded(Decimal(major), "EUR") == Money(minor, "EUR")


@pytest.mark.parametrize(("currency", "places"), [("EUR", 2), ("JPY", 0), ("KWD", 3), ("CLF", 4)])
def test_a_currency_has_the_places_of_iso_4217(currency: str, places: int) -> None:
    assert exponent(currency) == places
    assert Money(123456, currency).major == Decimal(123456).scaleb(-places)


@pytest.mark.parametrize("code", ["eur", "", "EURO", "978", "E\0R"])
def test_what_is_no_currency_is_refused(code: str) -> None:
    with pytest.raises(UnknownCurrency):
        exponent(code)


def test_currencies_never_meet() -> None:
    for meet in (Money.__add__, Money.__sub__, Money.__lt__, Money.__le__):
        with pytest.raises(CurrencyMismatch):
            meet(Money(1, "EUR"), Money(1, "USD"))


def test_money_reads_as_people_write_it() -> None:
    assert [str(Money(-5, "EUR")), str(Money(1234, "JPY")), str(Money(1, "KWD"))] == [
        "-0.05 EUR",
        "1234 JPY",
        "0.001 KWD",
    ]
