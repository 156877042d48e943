"""Money as whole minor units: 12.34 EUR is Money(1234, "EUR"). No float, no silent conversion."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal
from functools import cache

from iso4217 import Currency

from shared.errors import DomainError

# Wide enough for 12 places times 12 places of 15 digits; nothing is rounded before the last step.
EXACT = Context(prec=60)


class CurrencyMismatch(DomainError):
    """Two amounts of different currencies never meet."""


class UnknownCurrency(DomainError):
    """Not a code of ISO 4217."""


@cache
def exponent(currency: str) -> int:
    """Decimal places of a currency by ISO 4217: 2 for EUR, 0 for JPY, 3 for KWD."""
    try:
        places = Currency(currency).exponent
    except ValueError:
        raise UnknownCurrency("not a currency of ISO 4217, such as EUR", field="/currency") from None
    return 0 if places is None else places


@dataclass(frozen=True, slots=True)
class Money:
    """So many minor units of a currency of ISO 4217. Two currencies in one sum or comparison raise CurrencyMismatch."""

    minor: int
    currency: str

    @classmethod
    def rounded(cls, major: Decimal, currency: str) -> Money:
        """An exact amount in major units, rounded half away from zero to the minor unit."""
        scaled = major.scaleb(exponent(currency), EXACT)
        return cls(int(scaled.quantize(Decimal(1), ROUND_HALF_UP, EXACT)), currency)

    @classmethod
    def zero(cls, currency: str) -> Money:
        return cls(0, currency)

    @classmethod
    def total(cls, amounts: Iterable[Money], currency: str) -> Money:
        return sum(amounts, cls.zero(currency))

    @property
    def major(self) -> Decimal:
        """The same amount in major units, exact."""
        return Decimal(self.minor).scaleb(-exponent(self.currency), EXACT)

    def __add__(self, other: Money) -> Money:
        return Money(self.minor + self._same_currency(other), self.currency)

    def __sub__(self, other: Money) -> Money:
        return Money(self.minor - self._same_currency(other), self.currency)

    def __neg__(self) -> Money:
        return Money(-self.minor, self.currency)

    def __lt__(self, other: Money) -> bool:
        return self.minor < self._same_currency(other)

    def __le__(self, other: Money) -> bool:
        return self.minor <= self._same_currency(other)

    def __str__(self) -> str:
        return f"{self.major:.{exponent(self.currency)}f} {self.currency}"

    def times(self, factor: Decimal | int) -> Money:
        """Round half away from zero, once, at the end of the multiplication."""
        return Money.rounded(EXACT.multiply(self.major, Decimal(factor)), self.currency)

    def split(self, weights: Sequence[int]) -> list[Money]:
        """Share out every minor unit; the largest remainders get the leftover ones, the first of equals first."""
        total = sum(weights)
        shares = [self.minor * weight // total for weight in weights]
        by_remainder = sorted(range(len(weights)), key=lambda i: -(self.minor * weights[i] % total))
        for i in by_remainder[: self.minor - sum(shares)]:
            shares[i] += 1
        return [Money(share, self.currency) for share in shares]

    def _same_currency(self, other: Money) -> int:
        if other.currency != self.currency:
            raise CurrencyMismatch(f"{self.currency} and {other.currency} cannot be mixed", field="/currency")
        return other.minor
