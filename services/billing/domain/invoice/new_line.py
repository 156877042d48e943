"""A line of a term, before anything is taken off it and before tax."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from services.billing.domain.agreement import AgreedLine
from services.billing.domain.invoice_line import InvoiceLine, LineKind
from services.billing.domain.plan import Charge
from services.billing.domain.subscription.cost_centre import cost_centre_on
from services.billing.domain.subscription.events import FlatItem, Term, UsageItem
from services.billing.domain.subscription.state import Subscription
from shared.money import Money

ONE, NONE = Decimal(1), Decimal(0)


def new_line(
    term: Term,
    kind: LineKind,
    charge: str,
    description: str,
    starts_on: date,
    ends_on: date,
    amount: Money,
    **more: Any,
) -> InvoiceLine:
    """Made in one go, because a bill run makes many: `more` is what differs from a plain line of the term."""
    return InvoiceLine(
        kind=kind,
        charge=charge,
        description=description,
        starts_on=starts_on,
        ends_on=ends_on,
        amount=amount,
        **_plain(term) | more,
    )


def _plain(term: Term) -> dict[str, Any]:
    return {
        "number": 0,
        "group": "",
        "quantity": ONE,
        "residue": NONE,
        "tiers": (),
        "tax_rates": (),
        "revenue_class": "new" if term.number == 1 else "renewal",
        "plan": term.line.plan,
        "plan_version": term.line.plan_version,
        "term_number": term.number,
        "quote_id": term.quote_id,
    }


def plan_of(subscription: Subscription, agreed: AgreedLine, item: FlatItem | UsageItem) -> dict[str, Any]:
    """Of the plan that was agreed at that time, for the cost centre of the first day."""
    cost_centre = cost_centre_on(subscription, item.term_number, item.starts_on)
    return {**agreed_of(agreed, item.amendment), "cost_centre": cost_centre}


def agreed_of(agreed: AgreedLine, amendment: int) -> dict[str, Any]:
    of = {"plan": agreed.plan, "plan_version": agreed.plan_version, "tax_inclusive": agreed.tax_inclusive}
    return {**of, "amendment": amendment}


def charged_by(charge: Charge, term: Term) -> dict[str, Any]:
    return {
        "tax_rates": charge.tax_rates,
        "tax_category": charge.tax_category,
        "revenue_class": charge.class_in_term(term.number),
    }
