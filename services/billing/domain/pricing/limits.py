"""Which numbers a price or a plan may hold: finite, not negative, and short enough that 60 digits stay exact."""

from __future__ import annotations

from decimal import Decimal

from shared.errors import DomainError

PLACES = 12
_TOO_LARGE = Decimal("1e15")


class NotANumber(DomainError):
    """NaN and infinity are no amounts."""


class TooManyPlaces(DomainError):
    """Unit prices have at most 12 decimal places."""


class NumberTooLarge(DomainError):
    """Amounts and quantities stay below 10^15."""


class NegativeNumber(DomainError):
    """Prices and sizes are not negative; what a customer gets back is a discount or a credit."""


class NotPositive(DomainError):
    """Sizes and bounds are above zero."""


def non_negative(value: Decimal | int | None, field: str) -> None:
    """A number that is not given is fine; whether it has to be is the model's question."""
    if value is None:
        return
    number = Decimal(value)
    if not number.is_finite():
        raise NotANumber("give a finite decimal number", field=field)
    if -int(number.as_tuple().exponent) > PLACES:
        raise TooManyPlaces(f"give at most {PLACES} decimal places", field=field)
    if number < 0:
        raise NegativeNumber("give zero or more", field=field)
    if number >= _TOO_LARGE:
        raise NumberTooLarge("give less than 10^15", field=field)


def positive(value: Decimal | int | None, field: str) -> None:
    non_negative(value, field)
    if value == 0:
        raise NotPositive("give more than zero", field=field)
