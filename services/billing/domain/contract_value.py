"""What contracts are worth: the flat lines of their agreed terms, as they would be invoiced, what is charged once, and
what of all that is not invoiced yet.

Amendments and cancellations that are still to come count: they were agreed. What they take back of an invoice that was
issued is less to come.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date

from services.billing.domain.agreed_one_off import OneOffItem, charged
from services.billing.domain.invoice.compose import compose
from services.billing.domain.invoice_line import InvoiceLine
from services.billing.domain.plan import RevenueClass
from services.billing.domain.subscription.billing import bill
from services.billing.domain.subscription.events import Bill, FlatItem
from services.billing.domain.subscription.state import Subscription

ByClass = Counter[RevenueClass]
# The charge, the term and the amendment that it is agreed in, the last pause before it, and the first day.
Place = tuple[str, int, int, int, date]


def agreed(subscription: Subscription) -> ByClass:
    """All flat lines of all terms, and what is charged once, in minor units by revenue class."""
    foreseen = subscription.foreseen
    found = _by_class(foreseen, _all(foreseen))
    found.update(_once(foreseen, foreseen.charged_once))
    return found


def outstanding(subscription: Subscription, waiting: Iterable[Bill]) -> ByClass:
    """Those that no bill was requested for, and those of bills that wait for their invoice; less what will be credited."""
    waiting = list(waiting)
    foreseen, waits = subscription.foreseen, {_place(item) for wanted in waiting for item in wanted.flat}
    at_last, to_come = _by_place(_all(foreseen)), waits | set(_by_place(_due(foreseen)))
    unbilled = _by_place(_due(subscription))
    invoiced = {
        place: item for place, item in _by_place(_all(subscription)).items() if place not in waits | set(unbilled)
    }
    cut = {place for place, item in invoiced.items() if at_last.get(place) != item}
    left = _by_class(foreseen, (item for place, item in at_last.items() if place in to_come or place in cut))
    left.subtract(_by_class(subscription, (invoiced[place] for place in cut)))
    left.update(_once(foreseen, [*foreseen.unbilled_once, *(item for wanted in waiting for item in wanted.one_offs)]))
    return left


def _by_place(items: Iterable[FlatItem]) -> dict[Place, FlatItem]:
    return {_place(item): item for item in items}


def _place(item: FlatItem) -> Place:
    return item.charge, item.term_number, item.amendment, item.resumption, item.starts_on


def _all(subscription: Subscription) -> tuple[FlatItem, ...]:
    """Billed or not; what was credited is none of it."""
    return _due(replace(subscription, billed_through={}))


def _due(subscription: Subscription) -> tuple[FlatItem, ...]:
    at = max([subscription.instant(subscription.last.ends_on), *subscription.renewed_at])
    found = bill(subscription, at)
    return () if found is None else found.flat


def _by_class(subscription: Subscription, items: Iterable[FlatItem]) -> ByClass:
    sums: ByClass = Counter()
    for line in _lines(subscription, items):
        sums[line.revenue_class] += line.amount.minor
    return sums


def _once(subscription: Subscription, items: Iterable[OneOffItem]) -> ByClass:
    sums: ByClass = Counter()
    for item in items:
        sums[item.agreed.revenue_class] += charged(item.agreed, subscription.currency).net.minor
    return sums


def _lines(subscription: Subscription, items: Iterable[FlatItem]) -> Iterator[InvoiceLine]:
    """As they are invoiced day by day, less coupons; of a coupon of one amount usage has no share here."""
    days: dict[date, list[FlatItem]] = defaultdict(list)
    for item in items:
        days[due_on(subscription, item)].append(item)
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


def due_on(subscription: Subscription, item: FlatItem) -> date:
    in_advance = subscription.line(item.term_number, item.amendment).charge(item.charge).in_advance
    return item.starts_on if in_advance else item.ends_on
