"""What the usage of bills came to, for coupons of which later bills of the same billing period may have the rest."""

from __future__ import annotations

from dataclasses import replace

from services.billing.domain.coupon import MeteredCharge
from services.billing.domain.invoice.ahead_lines import Ahead
from services.billing.domain.invoice.compose import compose
from services.billing.domain.invoice_line import InvoiceLine
from services.billing.domain.subscription.events import Bill
from services.billing.domain.subscription.state import Subscription
from services.billing.processes.correction_documents import Usage
from shared.money import Money


def metered_charges(subscription: Subscription, bill: Bill, usage: Usage) -> tuple[MeteredCharge, ...]:
    """The lines of a bill's usage, each rounded, less what was billed ahead, before coupons and minimum. `usage` has every
    period of it, closed."""
    ahead = Ahead(bill.ahead, subscription.currency)
    lines = (line for line in compose(subscription, bill, usage) if line.kind == "usage" and line.corrects is None)
    rated = (replace(line, amount=_before_coupons(line)) for line in lines)
    return tuple(
        MeteredCharge(term_number=line.term_number, charge=line.charge, amount=line.amount - ahead.off(line))
        for line in rated
    )


def _before_coupons(line: InvoiceLine) -> Money:
    return line.amount + Money.total((each.amount for each in line.discounts), line.amount.currency)
