"""What contracts are worth: the flat lines of their agreed terms, as they would be invoiced, and what of them is not yet."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date

from services.billing.domain.invoice.compose import compose
from services.billing.domain.invoice_line import InvoiceLine
from services.billing.domain.plan import RevenueClass
from services.billing.domain.subscription.billing import bill
from services.billing.domain.subscription.events import Bill, FlatItem
from services.billing.domain.subscription.state import Subscription

ByClass = Counter[RevenueClass]


def agreed(subscription: Subscription) -> ByClass:
    """All flat lines of all terms, in minor units by revenue class."""
    return _by_class(subscription, _due(replace(subscription, billed_through={})))


def outstanding(subscription: Subscription, waiting: Iterable[Bill]) -> ByClass:
    """Those that no bill was requested for, and those of bills that wait for their invoice."""
    return _by_class(subscription, [*_due(subscription), *(item for bill in waiting for item in bill.flat)])


def _due(subscription: Subscription) -> tuple[FlatItem, ...]:
    at = max([subscription.instant(subscription.last.ends_on), *subscription.renewed_at])
    found = bill(subscription, at)
    return () if found is None else found.flat


def _by_class(subscription: Subscription, items: Iterable[FlatItem]) -> ByClass:
    sums: ByClass = Counter()
    for line in _lines(subscription, items):
        sums[line.revenue_class] += line.amount.minor
    return sums


def _lines(subscription: Subscription, items: Iterable[FlatItem]) -> Iterator[InvoiceLine]:
    """As they are invoiced day by day, less coupons; of a coupon of one amount usage has no share here."""
    days: dict[date, list[FlatItem]] = defaultdict(list)
    for item in items:
        days[_due_on(subscription, item)].append(item)
    for day, due in days.items():
        wanted = Bill(
            invoice_id=subscription.subscription_id,
            billing_on=day,
            billed_at=subscription.instant(day),
            flat=tuple(due),
            usage=(),
            fees=(),
        )
        yield from compose(subscription, wanted, {})


def _due_on(subscription: Subscription, item: FlatItem) -> date:
    in_advance = subscription.term(item.term_number).line.charge(item.charge).in_advance
    return item.starts_on if in_advance else item.ends_on
