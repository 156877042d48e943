"""The lines of a bill that a quote agreed to charge once, made from what the bill keeps of it."""

from __future__ import annotations

from services.billing.domain.agreed_one_off import OneOffItem, charged
from services.billing.domain.invoice_line import InvoiceLine
from services.billing.domain.subscription.events import Bill


def quoted_lines(bill: Bill, currency: str) -> tuple[InvoiceLine, ...]:
    """Not numbered and not taxed yet. Tiers and credits are those before the discount."""
    return tuple(_line(item, bill, currency) for item in bill.one_offs)


def _line(item: OneOffItem, bill: Bill, currency: str) -> InvoiceLine:
    agreed, priced = item.agreed, charged(item.agreed, currency)
    days = agreed.days(bill.billing_on)
    return InvoiceLine(
        number=0,
        kind="one_off",
        charge=agreed.code,
        description=agreed.description,
        group="",
        quantity=agreed.quantity,
        amount=priced.net,
        residue=priced.residue,
        tiers=priced.full.tiers,
        tax_rates=agreed.tax_rates,
        tax_category=agreed.tax_category,
        revenue_class=agreed.revenue_class,
        starts_on=days.start,
        ends_on=days.end,
        plan="",
        plan_version=0,
        term_number=0,
        quote_id=item.quote_id,
        credits=priced.full.credits,
        cost_centre=agreed.cost_centre,
    )
