"""The last step of a line: which taxes are due on it, and what of a price with tax in it is net."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date

from services.billing.domain.invoice_line import InvoiceLine
from services.billing.domain.invoicing.tax import TaxPolicy, tax_rate
from services.billing.domain.tax_status import TaxStatus
from services.billing.domain.taxation.applied import AppliedTax, charged_keys, included_in, taken_out
from services.billing.domain.taxation.rates import Taxation, tax_point


@dataclass(frozen=True, slots=True)
class TaxedAs:
    """What is known of a customer: a status, and the rates where they are."""

    status: TaxStatus | None = None
    taxation: Taxation | None = None

    @property
    def rounding(self) -> TaxPolicy:
        return self.taxation.rounding if self.taxation else "tax_per_rate"

    def due(
        self, category: str | None, rates: Iterable[str], ends_on: date, billing_on: date
    ) -> tuple[AppliedTax, ...]:
        """By category if there is one, otherwise by the rates of the price; waived where the status says so."""
        if category is None:
            taxes = tuple(AppliedTax(rate=rate, factor=tax_rate(rate)) for rate in rates)
        else:
            taxes = self.taxation.on(category, tax_point(ends_on, billing_on)) if self.taxation else ()
        return taxes if self.status is None else tuple(replace(tax, waived=True) for tax in taxes)


def taxed(line: InvoiceLine, billing_on: date, by: TaxedAs) -> InvoiceLine:
    """A line with a category has the taxes of the customer's place, any other one the rates of its price. Who is not charged
    tax pays the same net."""
    if line.tax_category is None and not line.tax_inclusive:
        return line if by.status is None else replace(line, tax_rates=())
    taxes = by.due(line.tax_category, line.tax_rates, line.ends_on, billing_on)
    if line.tax_inclusive:
        taxes = taken_out(line.amount, taxes)
        line = replace(line, amount=line.amount - included_in(taxes, line.amount.currency))
    return replace(line, taxes=taxes, tax_rates=charged_keys(taxes))
