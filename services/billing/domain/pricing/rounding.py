"""The one rounding of a line: half away from zero, with what it took or gave kept as the residue."""

from __future__ import annotations

from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal

from shared.money import EXACT, Money, exponent

_RESIDUE = Decimal("1e-12")
_NO_RESIDUE = Decimal(0).quantize(_RESIDUE)
Rounding = Callable[[Decimal], tuple[Money, Decimal]]


def rounding(currency: str) -> Rounding:
    """A function from an exact amount in major units to (money, residue); the same result as `Money.rounded`.

    residue = exact - rounded, to 12 places. The currency is looked up once here, not for each line of a bill run.
    """
    places = exponent(currency)
    minor_unit = Decimal(1).scaleb(-places)

    def rounded(amount: Decimal) -> tuple[Money, Decimal]:
        major = amount.quantize(minor_unit, ROUND_HALF_UP, EXACT)
        money = Money(int(major.scaleb(places, EXACT)), currency)
        if major == amount:
            return money, _NO_RESIDUE
        return money, EXACT.subtract(amount, major).quantize(_RESIDUE, ROUND_HALF_UP, EXACT)

    return rounded
