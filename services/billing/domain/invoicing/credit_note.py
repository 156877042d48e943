"""What a credit note over a net amount gives back in all."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from shared.money import Money


@dataclass(frozen=True, slots=True)
class CreditNoteTotals:
    net: Money
    tax: Money
    total: Money


def credit_note_totals(net: Decimal, rate: Decimal, currency: str) -> CreditNoteTotals:
    """Rounded net plus the tax on the rounded net, rounded half away from zero; `rate` 0.25 is 25 %."""
    rounded = Money.rounded(net, currency)
    tax = rounded.times(rate)
    return CreditNoteTotals(rounded, tax, rounded + tax)
