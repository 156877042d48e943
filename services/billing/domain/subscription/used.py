"""Of what was billed or asked for: how far it is used, after all that changed since."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from services.billing.domain.proration import WHOLE, Share
from services.billing.domain.schedule import BillingPeriod
from services.billing.domain.subscription.cancelling import left_of
from services.billing.domain.subscription.events import FlatItem, UsageItem
from services.billing.domain.subscription.runs import Run, runs
from services.billing.domain.subscription.state import Subscription
from shared.periods import Days


def used_until(subscription: Subscription, item: FlatItem | UsageItem) -> date:
    """The first day of an item that is not used after all, whether it was billed or not; its end where all of it is."""
    line = subscription.line(item.term_number, item.amendment)
    charge = line.charge(item.charge)
    nominal, part = Days(item.nominal_starts_on, item.nominal_ends_on), Days(item.starts_on, item.ends_on)
    ends = [run.days.end for run in runs(subscription, charge.kind) if _bills(run, item)]
    end = max(part.start, min([part.end, *ends])) if ends else part.start
    left = left_of(subscription, line, charge, BillingPeriod(nominal, Days(part.start, end)))
    return left.part.end if left else item.starts_on


def _bills(run: Run, item: FlatItem | UsageItem) -> bool:
    resumption = item.resumption if isinstance(item, FlatItem) else 0
    place = item.term_number, item.charge, item.amendment, resumption
    return (run.term.number, run.charge.code, run.amendment, run.resumption) == place


def credited_from(subscription: Subscription, item: FlatItem) -> date:
    """The first day of an item that was billed for which there is credit; its end where there is none."""
    ended = subscription.cancelled
    stays = replace(subscription, cancelled=None) if ended and ended.credit == "none" else subscription
    return used_until(stays, item)


def part_unused(subscription: Subscription, item: FlatItem, from_day: date) -> Share:
    """Which share of the full nominal period is unused: the days from then to the end of what was charged."""
    return part_of(subscription, item, Days(from_day, item.ends_on))


def part_of(subscription: Subscription, item: FlatItem, part: Days) -> Share:
    """Which share of the full nominal period some days of an item are; a full one is not prorated."""
    line, nominal = subscription.line(item.term_number, item.amendment), billed_period(item).nominal
    return WHOLE if part == nominal else subscription.flat_charges(line).share(nominal, part)


def billed_period(item: FlatItem | UsageItem) -> BillingPeriod:
    nominal = Days(item.nominal_starts_on, item.nominal_ends_on)
    return BillingPeriod(nominal, Days(item.starts_on, item.ends_on))
