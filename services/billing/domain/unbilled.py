"""What a contract has earned by the end of a day and not invoiced: flat charges by their days, usage, fees, and what is
charged once.

Coupons are taken off as on the invoice that is to come, but one of a single amount is shared out among flat charges alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from itertools import groupby
from uuid import UUID

from services.billing.domain.billed_items import DAY, Billed
from services.billing.domain.contract_value import EMPTY_BILL, ByClass, ContractItems, FlatValue
from services.billing.domain.invoice.compose import compose, when
from services.billing.domain.subscription.committed import trued_up_terms
from services.billing.domain.subscription.events import EarlierUse, UsageItem
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
    """What periods come to at the agreed prices, in minor units, those of the same days together, whatever was billed
    ahead; with the minimums of periods that are over, for what a running one lacks may still be used."""
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


def of_terms_over(
    subscription: Subscription, items: Sequence[UsageItem], begun: Iterable[UsageItem], day: date
) -> list[list[UsageItem]]:
    """All usage, billed or not, of each term that is over by the end of the day, counts towards a minimum, and of which the
    last part is among what has `begun` and is on no invoice: neither is the true-up."""
    unbilled = set(begun)
    over = trued_up_terms(replace(subscription, counting=()), day + DAY, unbilled)
    found = [[item for item in items if item.term_number == number] for number in over]
    return [term for term in found if max(term, key=_end) in unbilled]


def true_up(
    subscription: Subscription, term: Sequence[UsageItem], periods: Mapping[UUID, UsagePeriod], day: date
) -> ByClass:
    """What all usage of a term lacks, in minor units; nothing where some of it is not known yet."""
    if any(item.period_id not in periods for item in term):
        return Counter()
    billed = groupby(sorted(term, key=_end), key=_end)
    wanted = replace(
        EMPTY_BILL,
        billing_on=day,
        billed_at=subscription.instant(day),
        true_up_terms=(term[0].term_number,),
        earlier=tuple(_use(on, tuple(items)) for on, items in billed),
    )
    return Counter({line.revenue_class: line.amount.minor for line in compose(subscription, wanted, periods)})


def _use(on: date, items: tuple[UsageItem, ...]) -> EarlierUse:
    return EarlierUse(term_number=items[0].term_number, billing_on=on, flat=(), usage=items)


def _end(item: UsageItem) -> date:
    return item.ends_on


def _earned(flat: FlatValue, minor: int, day: date) -> int:
    whole = (flat.ends_on - flat.starts_on).days
    days = min(whole, (day - flat.starts_on).days + 1)
    rounded = (2 * abs(minor) * days + whole) // (2 * whole)
    return rounded if minor >= 0 else -rounded
