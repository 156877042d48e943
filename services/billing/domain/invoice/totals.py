"""What the lines of an invoice add up to, as events keep it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from services.billing.domain.invoice_line import InvoiceLine
from services.billing.domain.invoicing.tax import TaxPolicy
from services.billing.domain.invoicing.totals import invoice_totals
from shared.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """total = subtotal + tax; `taxes` by the text of the rate."""

    subtotal: Money
    taxes: dict[str, Money]
    tax: Money
    total: Money


def totals_of(lines: Sequence[InvoiceLine], currency: str, policy: TaxPolicy = "tax_per_rate") -> Totals:
    totals = invoice_totals(lines, currency, policy)
    return Totals(subtotal=totals.subtotal, taxes=totals.taxes, tax=totals.tax, total=totals.total)
