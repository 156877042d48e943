"""What a contract has earned by the end of a day and not invoiced: flat charges by their days, usage, fees, and what is
charged once.

Coupons are taken off as on the invoice that is to come, but one of a single amount is shared out among flat charges alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from itertools import groupby
from uuid import UUID

from services.billing.domain.billed_items import Billed
from services.billing.domain.contract_value import EMPTY_BILL, ByClass, ContractItems, FlatValue
from services.billing.domain.invoice.compose import compose, when
from services.billing.domain.subscription.events import UsageItem
from services.billing.domain.subscription.state import Subscription, billing_key
from services.billing.domain.usage_period import UsagePeriod


def flat_charges(items: ContractItems, billed: Billed, day: date) -> ByClass:
    """In minor units: of each item the exact share of its days up to the end of the day, rounded half away from zero."""
    found: ByClass = Counter()
    for flat in items.flats:
        if flat.stands is not None and flat.starts_on <= day and billed.is_open(flat.key, flat.starts_on):
            found[flat.revenue_class] += _earned(flat, flat.stands, day)
    return found


def fees(items: ContractItems, billed: Billed, day: date) -> ByClass:
    """All that is charged once, in minor units: fees, and of what the quote has that is earned by the day."""
    earned = [once for once in items.once if once.earned_on <= day]
    found: ByClass = Counter()
    for fee in (*items.fees, *earned):
        if billed.is_open(fee.key, fee.starts_on):
            found[fee.revenue_class] += fee.minor
    return found


def usage_items(items: Iterable[UsageItem], billed: Billed, day: date) -> list[UsageItem]:
    """Those that have begun by the day and are on no invoice."""
    return [
        item
        for item in items
        if item.starts_on <= day and billed.is_open(billing_key(item.charge, item.amendment), item.starts_on)
    ]


def usage(
    subscription: Subscription,
    items: Iterable[UsageItem],
    periods: Mapping[UUID, UsagePeriod],
    day: date,
    *,
    are_over: bool,
) -> ByClass:
    """What periods come to at the agreed prices, in minor units, those of the same days together, whatever was billed ahead;
    with their minimums where they are over, for what a running one lacks may still be used."""
    found: ByClass = Counter()
    for _, together in groupby(sorted(items, key=when), key=when):
        wanted = replace(EMPTY_BILL, billing_on=day, billed_at=subscription.instant(day), usage=tuple(together))
        for line in compose(subscription, wanted, periods):
            if are_over or line.kind == "usage":
                found[line.revenue_class] += line.amount.minor
    return found


def less(ahead: Mapping[UUID, ByClass], items: Iterable[UsageItem]) -> ByClass:
    """What interim invoices billed of periods, below zero."""
    found: ByClass = Counter()
    for item in items:
        found.subtract(ahead.get(item.period_id, Counter()))
    return found


def _earned(flat: FlatValue, minor: int, day: date) -> int:
    whole = (flat.ends_on - flat.starts_on).days
    days = min(whole, (day - flat.starts_on).days + 1)
    rounded = (2 * abs(minor) * days + whole) // (2 * whole)
    return rounded if minor >= 0 else -rounded
