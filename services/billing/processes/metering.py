"""Asks usage to meter: which usage periods to open when a term begins, is renewed, or goes on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime

from services.billing.domain.agreement import AgreedLine
from services.billing.domain.outcome import WON_RENEWALS
from services.billing.domain.subscription.billing import usage_periods
from services.billing.domain.subscription.events import UsageItem
from services.billing.domain.subscription.state import Subscription
from services.billing.domain.subscription.used import used_until
from services.billing.domain.usage_period import USAGE_PERIOD, OpenUsagePeriod, ShortenUsagePeriod, UsagePeriod
from shared.orders import Order


def on_subscription_created(subscription: Subscription) -> Iterator[Order]:
    """The first period, at acceptance; of one that waits none before it is released."""
    if subscription.waiting is None:
        yield from _open(subscription, subscription.anchor, subscription.anchor)


def on_period_started(subscription: Subscription, at: datetime) -> Iterator[Order]:
    """The next period, when one starts; never beyond the last term. The one that starts is there already, unless the
    renewal that it belongs to was heard of late."""
    day = subscription.day(at)
    yield from _open(subscription, day, _next_boundary(subscription, day))


def on_term_renewed(subscription: Subscription, at: datetime) -> Iterator[Order]:
    """What the old end had held back, up to the period after the current one; of a back-dated term also those begun."""
    day = max(subscription.day(at), subscription.anchor)
    yield from _open(subscription, subscription.last.starts_on, _next_boundary(subscription, day))


def on_changed(subscription: Subscription, at: datetime) -> Iterator[Order]:
    """What is metered on new conditions, or for longer, from the day of the change up to the period after the current one."""
    if subscription.amendments or subscription.resumptions:
        day = subscription.day(at)
        yield from _open(subscription, day, _next_boundary(subscription, day))


def on_cut(subscription: Subscription, periods: Iterable[UsagePeriod]) -> Iterator[Order]:
    """Those of which less is used than was asked for end earlier; one that never begins is over as it would begin."""
    for period in periods:
        until = used_until(subscription, period.item)
        if until < period.item.ends_on or (subscription.cancelled and until == subscription.cancelled.metered_until):
            yield _cut(subscription, period, until)


def _cut(subscription: Subscription, period: UsagePeriod, until: date) -> Order:
    ends_at = subscription.instant(until)
    if subscription.cancelled is not None:
        ends_at = max(subscription.instant(period.item.starts_on), min(ends_at, subscription.cancelled.at))
    command = ShortenUsagePeriod(ends_on=until, ends_at=ends_at)
    return Order(USAGE_PERIOD, period.item.period_id, command)


def _next_boundary(subscription: Subscription, day: date) -> date:
    line = subscription.line_now(subscription.last)
    return line.rhythm(subscription.anchor).nominal(day).end


def _open(subscription: Subscription, first: date, last: date) -> Iterator[Order]:
    for item in usage_periods(subscription, first, last):
        yield _order(subscription, subscription.line(item.term_number, item.amendment), item)


def _order(subscription: Subscription, line: AgreedLine, item: UsageItem) -> Order:
    charge = next(charge for charge in line.metered if charge.code == item.charge)
    command = OpenUsagePeriod(
        subscription_id=subscription.subscription_id,
        customer_id=subscription.party.customer_id,
        subjects=_subjects(subscription),
        meter=charge.meter or WON_RENEWALS,
        group_by=charge.group_by,
        item=item,
        starts_at=subscription.instant(item.starts_on),
        ends_at=subscription.instant(item.ends_on),
        collect_seconds=line.collect_seconds,
        outcome=charge.outcome,
        is_progressive=line.progressive is not None and charge.outcome is None,
    )
    return Order(USAGE_PERIOD, item.period_id, command)


def _subjects(subscription: Subscription) -> tuple[str, ...]:
    """Who still reports under a subscription that it was before means this one."""
    before = subscription.origin.subscription_ids if subscription.origin else ()
    return subscription.party.key, str(subscription.subscription_id), *map(str, before)
