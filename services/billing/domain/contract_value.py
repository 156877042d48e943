"""What contracts are worth: the flat lines of their agreed terms, as they would be invoiced, what is charged once, and
what of all that is not invoiced yet.

Amendments and cancellations that are still to come count: they were agreed. What they take back of an invoice that was
issued is less to come. All of it follows from what was agreed, so it changes when that does and not with every bill.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from hashlib import blake2b
from uuid import UUID

import msgspec

from services.billing.domain.agreed_one_off import charged
from services.billing.domain.billed_items import Billed, fee_item, flat_item, once_item
from services.billing.domain.invoice.compose import compose
from services.billing.domain.plan import RevenueClass
from services.billing.domain.subscription.billing import bill
from services.billing.domain.subscription.cost_centre import cost_centre_on
from services.billing.domain.subscription.couponed import couponed, of_its_period
from services.billing.domain.subscription.events import Bill, FlatItem, UsageItem
from services.billing.domain.subscription.state import Subscription

ByClass = Counter[RevenueClass]
# Where a flat item stands: what it is billed by, and its first day.
Place = tuple[str, date]
Priced = tuple[RevenueClass, int]
EMPTY_BILL = Bill(
    invoice_id=UUID(int=0), billing_on=date.min, billed_at=datetime.min.replace(tzinfo=UTC), flat=(), usage=(), fees=()
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FlatValue:
    """A flat item in minor units, coupons off: `foreseen` as all that was agreed leaves it, `stands` as it is by now; None
    where it is not there. `is_cut`: what was agreed makes another item of the one that stands, from the day `cut_on`. It is
    `due_on` a day as it is foreseen. Where it was told before, nothing says these days and the cost centre."""

    key: str
    starts_on: date
    ends_on: date
    revenue_class: RevenueClass
    foreseen: int | None
    stands: int | None
    is_cut: bool
    due_on: date | None = None
    cut_on: date | None = None
    cost_centre: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FeeValue:
    """A fee, or what the quote charges once: in minor units, before tax; earned on a day, whenever it is billed."""

    key: str
    starts_on: date
    earned_on: date
    revenue_class: RevenueClass
    minor: int
    due_on: date | None = None
    cost_centre: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractItems:
    """All that a contract charges for in its terms without looking at usage, billed or not."""

    flats: tuple[FlatValue, ...]
    fees: tuple[FeeValue, ...]
    once: tuple[FeeValue, ...] = ()


def agreed(items: ContractItems) -> ByClass:
    """All flat lines of all terms, and what is charged once, in minor units by revenue class."""
    sums: ByClass = Counter()
    for flat in items.flats:
        if flat.foreseen is not None:
            sums[flat.revenue_class] += flat.foreseen
    for once in items.once:
        sums[once.revenue_class] += once.minor
    return sums


def basis(subscription: Subscription) -> str:
    """A digest of what the worth of a contract depends on."""
    foreseen = subscription.foreseen
    changes = foreseen.amendments, foreseen.pauses, foreseen.resumptions, foreseen.cancelled, foreseen.charged_once
    return blake2b(
        msgspec.json.encode((foreseen.has_no_term, foreseen.waiting, foreseen.terms, *changes)), digest_size=16
    ).hexdigest()


def items_of(subscription: Subscription) -> ContractItems:
    flats = _flats(subscription, _whole(subscription).flat)
    once = tuple(_once(subscription.foreseen))
    return ContractItems(flats=tuple(flats), fees=tuple(_fees(subscription)), once=once)


def usage_of(subscription: Subscription) -> tuple[UsageItem, ...]:
    """The usage periods of all terms, billed or not."""
    return _whole(subscription).usage


def outstanding(items: ContractItems, billed: Billed) -> ByClass:
    """What is left of a contract, in minor units by revenue class."""
    sums: ByClass = Counter()
    for item, minor in left(items, billed):
        sums[item.revenue_class] += minor
    return sums


def left(items: ContractItems, billed: Billed) -> Iterator[tuple[FlatValue | FeeValue, int]]:
    """What no bill was requested for, and what waits for its invoice; less what will be credited. In minor units."""
    for flat in items.flats:
        is_open = billed.is_open(flat.key, flat.starts_on)
        if flat.foreseen is not None and (is_open or flat.is_cut):
            yield flat, flat.foreseen
        if flat.stands is not None and flat.is_cut and not is_open:
            yield flat, -flat.stands
    yield from ((once, once.minor) for once in items.once if billed.is_open(once.key, once.starts_on))


def due_on(subscription: Subscription, item: FlatItem) -> date:
    in_advance = subscription.line(item.term_number, item.amendment).charge(item.charge).in_advance
    return item.starts_on if in_advance else item.ends_on


def _flats(subscription: Subscription, flat: Iterable[FlatItem]) -> Iterable[FlatValue]:
    """Where nothing is to come, what is foreseen is what stands."""
    foreseen, standing = subscription.foreseen, _by_place(flat)
    at_last = standing if foreseen == subscription else _by_place(_whole(foreseen).flat)
    stands = _priced(subscription, standing.values())
    to_come = stands if at_last == standing else _priced(foreseen, at_last.values())
    for place in dict.fromkeys((*standing, *at_last)):
        item, last = standing.get(place) or at_last[place], at_last.get(place)
        is_cut = place in standing and last != item
        revenue_class, _ = stands.get(place) or to_come[place]
        yield FlatValue(
            key=place[0],
            starts_on=item.starts_on,
            ends_on=item.ends_on,
            revenue_class=revenue_class,
            foreseen=to_come[place][1] if place in to_come else None,
            stands=stands[place][1] if place in stands else None,
            is_cut=is_cut,
            due_on=due_on(foreseen if last else subscription, last or item),
            cut_on=(last.ends_on if last else item.starts_on) if is_cut else None,
            cost_centre=_cost_centre(foreseen, item),
        )


def _cost_centre(foreseen: Subscription, item: FlatItem) -> str | None:
    """None of what another customer will pay."""
    due = foreseen.transfer_due
    if due is not None and item.starts_on >= due.on:
        return None
    return cost_centre_on(foreseen, item.term_number, item.starts_on)


def _by_place(items: Iterable[FlatItem]) -> dict[Place, FlatItem]:
    return {_place(item): item for item in items}


def _place(item: FlatItem) -> Place:
    return flat_item(item).key, item.starts_on


def _whole(subscription: Subscription) -> Bill:
    """All items of all terms, billed or not; what was credited is none of it."""
    unbilled = replace(subscription, billed_through={})
    at = max([subscription.instant(subscription.last.ends_on), *subscription.renewed_at])
    return bill(unbilled, at) or EMPTY_BILL


def _priced(subscription: Subscription, items: Iterable[FlatItem]) -> Mapping[Place, Priced]:
    """As they are invoiced day by day, less coupons; of a coupon of one amount usage has no share here. Most days of a term
    charge for the same, and are composed once."""
    days: dict[date, list[FlatItem]] = defaultdict(list)
    for item in items:
        days[due_on(subscription, item)].append(item)
    composed: dict[tuple[object, ...], list[Priced]] = {}
    found: dict[Place, Priced] = {}
    before = replace(subscription, couponed=())
    for day, due in sorted(days.items()):
        likeness = tuple(_likeness(subscription, item) for item in due)
        if likeness not in composed:
            wanted = _bill_of(before, day, due)
            composed[likeness] = _composed(subscription, wanted)
            before = replace(before, couponed=of_its_period(before, wanted))
        found |= zip(map(_place, due), composed[likeness], strict=True)
    return found


def _bill_of(subscription: Subscription, day: date, due: Sequence[FlatItem]) -> Bill:
    """With what the coupons of the period may still take off."""
    coupons = couponed(subscription, day, due)
    billed_at = subscription.instant(day)
    return replace(EMPTY_BILL, billing_on=day, billed_at=billed_at, flat=tuple(due), coupons=coupons)


def _composed(subscription: Subscription, wanted: Bill) -> list[Priced]:
    return [(line.revenue_class, line.amount.minor) for line in compose(subscription, wanted, {})]


def _likeness(subscription: Subscription, item: FlatItem) -> object:
    """Equal for items that cost the same: full periods on the same conditions, where these do not change with time."""
    line, coupons = (
        subscription.line(item.term_number, item.amendment),
        subscription.term(item.term_number).line.coupons,
    )
    is_full = (item.starts_on, item.ends_on) == (item.nominal_starts_on, item.nominal_ends_on)
    if line.ramp or not is_full or any(coupon.invoices or coupon.amount for coupon in coupons):
        return item
    return item.charge, item.term_number, item.amendment


def _fees(subscription: Subscription) -> Iterable[FeeValue]:
    day = subscription.anchor
    wanted = replace(EMPTY_BILL, billing_on=day, billed_at=subscription.instant(day), fees=subscription.fees)
    for fee, line in zip(subscription.fees, compose(subscription, wanted, {}), strict=True):
        item = fee_item(fee)
        yield FeeValue(
            key=item.key,
            starts_on=item.starts_on,
            earned_on=item.starts_on,
            revenue_class=line.revenue_class,
            minor=line.amount.minor,
        )


def _once(subscription: Subscription) -> Iterable[FeeValue]:
    for item in subscription.charged_once:
        place = once_item(item)
        yield FeeValue(
            key=place.key,
            starts_on=place.starts_on,
            earned_on=item.agreed.days(subscription.anchor).start,
            revenue_class=item.agreed.revenue_class,
            minor=charged(item.agreed, subscription.currency).net.minor,
            due_on=subscription.anchor,
            cost_centre=item.agreed.cost_centre,
        )
