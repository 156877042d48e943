"""Rates by count and rates by value: two kinds of number that cannot be multiplied with each other."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from shared.money import Money


@dataclass(frozen=True, slots=True)
class CountRate:
    """A share of a number of things, exact; None where there was nothing to share."""

    exact: Fraction | None

    @classmethod
    def of(cls, part: int, whole: int) -> CountRate:
        return cls(Fraction(part, whole) if whole else None)

    def __mul__(self, other: CountRate) -> CountRate:
        if not isinstance(other, CountRate):
            return NotImplemented
        return CountRate(_product(self.exact, other.exact))

    @property
    def text(self) -> str | None:
        return four_places(self.exact)


@dataclass(frozen=True, slots=True)
class ValueRate:
    """A share of an amount of money, exact; None where there was no money to share."""

    exact: Fraction | None

    @classmethod
    def of(cls, part: Money, whole: Money) -> ValueRate:
        """`part` over `whole`, which must be of one currency; raises CurrencyMismatch."""
        (part - whole)  # refuses to mix currencies
        return cls(Fraction(part.minor, whole.minor) if whole.minor else None)

    def __mul__(self, other: ValueRate) -> ValueRate:
        if not isinstance(other, ValueRate):
            return NotImplemented
        return ValueRate(_product(self.exact, other.exact))

    @property
    def text(self) -> str | None:
        return four_places(self.exact)


def _product(first: Fraction | None, second: Fraction | None) -> Fraction | None:
    return None if first is None or second is None else first * second


def four_places(exact: Fraction | None) -> str | None:
    """A rate as text with four places, rounded half away from zero once: 13/14 is "0.9286"; None stays None."""
    return None if exact is None else f"{Decimal(_nearest(exact * 10_000)).scaleb(-4):.4f}"


def money(exact_minor: Fraction, currency: str) -> Money:
    """An exact number of minor units, rounded half away from zero once."""
    return Money(_nearest(exact_minor), currency)


def _nearest(exact: Fraction) -> int:
    magnitude = int(abs(exact) + Fraction(1, 2))
    return magnitude if exact >= 0 else -magnitude
