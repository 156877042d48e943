"""The line of a fee: for a reinstatement, or for an invoice that was paid late."""

from __future__ import annotations

from dataclasses import replace

from services.billing.domain.invoice.new_line import new_line
from services.billing.domain.invoice_line import InvoiceLine
from services.billing.domain.subscription.cost_centre import cost_centre_on
from services.billing.domain.subscription.events import Fee
from services.billing.domain.subscription.state import Subscription


def fee_line(subscription: Subscription, fee: Fee) -> InvoiceLine:
    """Taxed like the flat charges of the term that it reinstates, where they are of several categories like the first of
    these; a late fee is compensation, and is not taxed. It is for the cost centre of the day on which it was assessed, or of
    the first day of the term."""
    term = subscription.term(fee.term_number)
    if fee.late is not None:
        name = f"Late fee for {fee.late.number}"
        on = cost_centre_on(subscription, term.number, subscription.day(fee.assessed_at))
        line = new_line(term, "late_fee", "late_fee", name, term.starts_on, term.ends_on, fee.amount, cost_centre=on)
        return replace(line, group=fee.late.number, revenue_class="late_fee")
    line = new_line(
        term,
        "reinstatement",
        "reinstatement",
        "Reinstatement fee",
        term.starts_on,
        term.ends_on,
        fee.amount,
        cost_centre=term.line.cost_centre,
    )
    rates = tuple(dict.fromkeys(rate for charge in term.line.flat for rate in charge.tax_rates))
    category = next((charge.tax_category for charge in term.line.flat if charge.tax_category), None)
    line = replace(line, tax_category=category, tax_inclusive=term.line.tax_inclusive, revenue_class="penalty")
    return line if category else replace(line, tax_rates=rates)
