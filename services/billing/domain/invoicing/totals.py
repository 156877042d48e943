"""What the lines of an invoice add up to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from services.billing.domain.invoicing.tax import Taxable, TaxPolicy, taxes
from shared.money import Money


@dataclass(frozen=True, slots=True)
class InvoiceTotals:
    """total = subtotal + tax; `taxes` by the text of the rate, which add up to `tax`."""

    subtotal: Money
    taxes: dict[str, Money]
    tax: Money
    total: Money


def invoice_totals(lines: Sequence[Taxable], currency: str, policy: TaxPolicy = "tax_per_rate") -> InvoiceTotals:
    """Sum of the rounded net lines, and the tax on them; see `taxes` for how it is rounded."""
    subtotal = Money.total((line.net for line in lines), currency)
    by_rate = taxes(lines, currency, policy)
    tax = Money.total(by_rate.values(), currency)
    return InvoiceTotals(subtotal, by_rate, tax, subtotal + tax)
