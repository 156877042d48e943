"""What a subscription has earned by the end of a day and not invoiced: flat charges by their days, closed usage, fees, and
what is charged once.

Coupons are taken off as on the invoice that is to come, but one of a single amount is shared out among flat charges alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from functools import partial
from itertools import groupby
from uuid import UUID

from services.billing.domain.contract_value import due_on
from services.billing.domain.invoice.compose import compose, when
from services.billing.domain.invoice_line import InvoiceLine
from services.billing.domain.plan import RevenueClass
from services.billing.domain.proration import Share
from services.billing.domain.subscription.billing import bill
from services.billing.domain.subscription.events import Bill, FlatItem, UsageItem
from services.billing.domain.subscription.state import Subscription
from services.billing.domain.usage_period import UsagePeriod
from shared.money import Money

ByClass = Counter[RevenueClass]
_EMPTY = Bill(
    invoice_id=UUID(int=0), billing_on=date.min, billed_at=datetime.min.replace(tzinfo=UTC), flat=(), usage=(), fees=()
)


@dataclass(frozen=True, slots=True)
class Unbilled:
    """In minor units by revenue class; `fees` are all that is charged once. Of `open_periods` nothing is known yet."""

    flat: ByClass = field(default_factory=Counter)
    usage: ByClass = field(default_factory=Counter)
    fees: ByClass = field(default_factory=Counter)
    open_periods: int = 0


def usage_items(subscription: Subscription, waiting: Sequence[Bill], day: date) -> list[UsageItem]:
    """Those that have begun by the day and are on no invoice."""
    items = [item for wanted in (*waiting, _rest(subscription)) for item in wanted.usage]
    return [item for item in items if item.starts_on <= day]


def unbilled(
    subscription: Subscription, waiting: Sequence[Bill], usage: Mapping[UUID, UsagePeriod], day: date
) -> Unbilled:
    """`waiting` are bills without an invoice, `usage` the periods that are known, by id."""
    flats = [item for wanted in (*waiting, _rest(subscription)) for item in wanted.flat if item.starts_on <= day]
    fees = [fee for wanted in waiting for fee in wanted.fees] + list(subscription.fees)
    once = [item for wanted in (*waiting, _rest(subscription)) for item in wanted.one_offs]
    delivered = tuple(item for item in once if item.agreed.days(subscription.anchor).start <= day)
    items = usage_items(subscription, waiting, day)
    closed = [item for item in items if item.period_id in usage and usage[item.period_id].closed]
    found = Unbilled(open_periods=len(items) - len(closed))
    due = partial(due_on, subscription)
    for on, due_together in groupby(sorted(flats, key=due), due):
        same = tuple(due_together)
        for item, line in zip(same, _lines(subscription, replace(_EMPTY, flat=same), on, {}), strict=True):
            found.flat[line.revenue_class] += _earned(line, item, day).minor
    for _, together in groupby(sorted(closed, key=when), key=when):
        for line in _lines(subscription, replace(_EMPTY, usage=tuple(together)), day, usage):
            found.usage[line.revenue_class] += line.amount.minor
    for line in _lines(subscription, replace(_EMPTY, fees=tuple(fees), one_offs=delivered), day, {}):
        found.fees[line.revenue_class] += line.amount.minor
    return found


def _rest(subscription: Subscription) -> Bill:
    """All that is left of the terms that were agreed."""
    at = max([subscription.instant(subscription.last.ends_on), *subscription.renewed_at])
    return bill(subscription, at) or _EMPTY


def _earned(line: InvoiceLine, item: FlatItem, day: date) -> Money:
    """The exact share of the days up to the end of the day, rounded half away from zero."""
    whole = (item.ends_on - item.starts_on).days
    days = min(whole, (day - item.starts_on).days + 1)
    return Share(days, whole).of(line.amount.major, line.amount.currency)


def _lines(
    subscription: Subscription, wanted: Bill, day: date, usage: Mapping[UUID, UsagePeriod]
) -> Iterator[InvoiceLine]:
    at = subscription.instant(day)
    yield from compose(subscription, replace(wanted, billing_on=day, billed_at=at), usage)
