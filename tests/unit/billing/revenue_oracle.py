"""Revenue asked of the log itself: contracts are told again up to an instant, and composed as a whole each time."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import partial
from itertools import groupby, takewhile
from typing import Any
from uuid import UUID

from services.billing.domain.agreed_one_off import OneOffItem, charged
from services.billing.domain.billed_items import Billed, flat_item, items_of_bill
from services.billing.domain.contract_value import EMPTY_BILL, ByClass, due_on
from services.billing.domain.invoice.compose import compose, when
from services.billing.domain.invoice_line import InvoiceLine
from services.billing.domain.proration import Share
from services.billing.domain.subscription import SUBSCRIPTION
from services.billing.domain.subscription.billing import bill
from services.billing.domain.subscription.couponed import couponed
from services.billing.domain.subscription.events import (
    Bill,
    BillRequested,
    Fee,
    FlatItem,
    LateFeeAssessed,
    ReinstatementFeeAssessed,
    UsageItem,
)
from services.billing.domain.subscription.state import Subscription
from services.billing.domain.usage_period import UsagePeriod
from shared.money import Money

Place = tuple[str, date]


@dataclass(frozen=True, slots=True)
class Replayed:
    """A contract as it stood; `waiting` are bills without an invoice, `fees` all that it ever had."""

    subscription: Subscription
    fees: tuple[Fee, ...]
    bills: tuple[Bill, ...]
    waiting: tuple[Bill, ...]

    @property
    def billed(self) -> Billed:
        """As a projection has it."""
        through = {item.key: item.ends_on for told in self.bills for item in items_of_bill(told)}
        places = {(item.key, item.starts_on) for told in self.waiting for item in items_of_bill(told)}
        return Billed(through, places)


def replayed(happened: Iterable[tuple[Any, datetime]], until: datetime, settled: set[UUID]) -> Replayed | None:
    """Up to the first event of later, as the log has it."""
    subscription: Subscription | None = None
    bills: list[Bill] = []
    fees: list[Fee] = []
    for event, _ in takewhile(lambda told: told[1] < until, happened):
        subscription = SUBSCRIPTION.evolve(subscription, event)
        bills += [event.bill] if isinstance(event, BillRequested) else []
        fees += [event.fee] if isinstance(event, LateFeeAssessed | ReinstatementFeeAssessed) else []
    if subscription is None:
        return None
    waiting = tuple(bill for bill in bills if bill.invoice_id not in settled)
    return Replayed(subscription, tuple(fees), tuple(bills), waiting)


def agreed(subscription: Subscription) -> ByClass:
    foreseen = subscription.foreseen
    return _by_class(foreseen, _all(foreseen)) + _once(foreseen, foreseen.charged_once)


def outstanding(subscription: Subscription, waiting: Sequence[Bill]) -> ByClass:
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


def unbilled_flats(subscription: Subscription, waiting: Sequence[Bill], day: date) -> ByClass:
    """Of what waits only what is still charged for: the rest will be credited."""
    waits = {_place(item) for wanted in waiting for item in wanted.flat}
    places = waits | set(_by_place(_rest(subscription).flat))
    flats = [i for i in _all(subscription) if _place(i) in places and i.starts_on <= day]
    found: ByClass = Counter()
    due = partial(due_on, subscription)
    for on, due_together in groupby(sorted(flats, key=due), due):
        same = tuple(due_together)
        for item, line in zip(same, _composed(subscription, replace(EMPTY_BILL, flat=same), on, {}), strict=True):
            found[line.revenue_class] += _earned(line, item, day).minor
    return found


def unbilled_fees(subscription: Subscription, waiting: Sequence[Bill], day: date) -> ByClass:
    fees = tuple(fee for wanted in waiting for fee in wanted.fees) + subscription.fees
    once = [item for wanted in (*waiting, _rest(subscription)) for item in wanted.one_offs]
    delivered = tuple(item for item in once if item.agreed.days(subscription.anchor).start <= day)
    return _sums(_composed(subscription, replace(EMPTY_BILL, fees=fees, one_offs=delivered), day, {}))


def unbilled_items(subscription: Subscription, waiting: Sequence[Bill], day: date) -> list[UsageItem]:
    items = [item for wanted in (*waiting, _rest(subscription)) for item in wanted.usage]
    return [item for item in items if item.starts_on <= day]


def usage(
    subscription: Subscription, items: Iterable[UsageItem], periods: Mapping[UUID, UsagePeriod], day: date
) -> ByClass:
    found: ByClass = Counter()
    for _, together in groupby(sorted(items, key=when), key=when):
        found += _sums(_composed(subscription, replace(EMPTY_BILL, usage=tuple(together)), day, periods))
    return found


def _by_place(items: Iterable[FlatItem]) -> dict[Place, FlatItem]:
    return {_place(item): item for item in items}


def _place(item: FlatItem) -> Place:
    return flat_item(item).key, item.starts_on


def _all(subscription: Subscription) -> tuple[FlatItem, ...]:
    return _due(replace(subscription, billed_through={}))


def _due(subscription: Subscription) -> tuple[FlatItem, ...]:
    return _rest(subscription).flat


def _rest(subscription: Subscription) -> Bill:
    at = max([subscription.instant(subscription.last.ends_on), *subscription.renewed_at])
    return bill(subscription, at) or EMPTY_BILL


def _by_class(subscription: Subscription, items: Iterable[FlatItem]) -> ByClass:
    days: dict[date, list[FlatItem]] = defaultdict(list)
    for item in items:
        days[due_on(subscription, item)].append(item)
    sums: ByClass = Counter()
    for day, due in days.items():
        sums.update(_sums(_composed(subscription, replace(EMPTY_BILL, flat=tuple(due)), day, {})))
    return sums


def _once(subscription: Subscription, items: Iterable[OneOffItem]) -> ByClass:
    sums: ByClass = Counter()
    for item in items:
        sums[item.agreed.revenue_class] += charged(item.agreed, subscription.currency).net.minor
    return sums


def _sums(lines: Iterable[InvoiceLine]) -> ByClass:
    sums: ByClass = Counter()
    for line in lines:
        sums[line.revenue_class] += line.amount.minor
    return sums


def _earned(line: InvoiceLine, item: FlatItem, day: date) -> Money:
    whole = (item.ends_on - item.starts_on).days
    days = min(whole, (day - item.starts_on).days + 1)
    return Share(days, whole).of(line.amount.major, line.amount.currency)


def _composed(
    subscription: Subscription, wanted: Bill, day: date, periods: Mapping[UUID, UsagePeriod]
) -> Iterator[InvoiceLine]:
    at = subscription.instant(day)
    coupons = couponed(subscription, day, wanted.flat) if wanted.flat else None
    yield from compose(subscription, replace(wanted, billing_on=day, billed_at=at, coupons=coupons), periods)
