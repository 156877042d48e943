"""What of a subscription has come due by an instant and was not billed before; pure calendar, no prices."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import takewhile
from typing import Any, TypedDict
from uuid import UUID, uuid5

from services.billing.domain.agreed_one_off import OneOffItem
from services.billing.domain.agreement import AgreedLine
from services.billing.domain.billed_ahead import BilledAhead
from services.billing.domain.coupon import Metered
from services.billing.domain.schedule import BillingPeriod
from services.billing.domain.subscription.bill_parts import Together
from services.billing.domain.subscription.cancelling import left_of
from services.billing.domain.subscription.committed import committed_days, counted_by, trued_up_terms
from services.billing.domain.subscription.couponed import capped, couponed
from services.billing.domain.subscription.events import Bill, EarlierUse, FlatItem, UsageItem
from services.billing.domain.subscription.runs import Run, runs
from services.billing.domain.subscription.state import Subscription, billing_key
from services.billing.domain.tax_status import TaxStatus
from services.billing.domain.taxation.rates import Taxation, tax_point
from shared.periods import Days


def bill(
    subscription: Subscription,
    at: datetime,
    tax: TaxStatus | None = None,
    taxation: Taxation | None = None,
    *,
    is_consolidated: bool = False,
    metered: Metered | None = None,
) -> Bill | None:
    """Advance charges of periods that have started, arrears of those that have ended, fees, and on the first one what is
    charged once; None where there is nothing. Corrections that wait come along, and are no reason for a bill but the last
    one. With the last usage of a term comes what counts of it towards a minimum for the term.

    Only periods inside a term that was agreed by then are billed, whatever the state says at that moment. A renewal
    that is heard of late is billed at an instant that has a bill already: the invoice's id counts bills, not instants.
    `metered` is what the usage of earlier bills came to, which coupons of an amount ask for.
    """
    together = _together(subscription, subscription.day(at)) if is_consolidated else None
    wanted = _wanted(subscription, at, tax, taxation, together, metered)
    if wanted is None:
        return None
    estimate_at = _estimate_at(subscription, wanted)
    wanted = replace(wanted, estimate_at=estimate_at) if estimate_at else wanted
    return replace(wanted, capped=capped(subscription, wanted, metered)) if metered else wanted


def _wanted(
    subscription: Subscription,
    at: datetime,
    tax: TaxStatus | None,
    taxation: Taxation | None,
    together: Together | None,
    metered: Metered | None,
) -> Bill | None:
    on, agreed = subscription.day(at), subscription.agreed_by(at)
    due = _due(agreed, agreed.due_by(on))
    if not (any(due.values()) or agreed.fees or (agreed.cancelled and agreed.deferred)):
        return None
    return Bill(
        invoice_id=next_invoice_id(subscription),
        billing_on=on,
        billed_at=at,
        **due,
        fees=agreed.fees,
        corrections=agreed.deferred,
        tax=tax,
        taxation=taxation and _in_force(taxation, on, _ends(agreed, due, on)),
        together=together,
        coupons=couponed(subscription, on, [*due["flat"], *due["usage"]], metered),
        ahead=ahead_of(subscription, due["usage"]),
    )


def _estimate_at(subscription: Subscription, wanted: Bill) -> datetime | None:
    """Where every line of the usage says so, by the one that waits longest."""
    lines = (subscription.line(item.term_number, item.amendment) for item in wanted.usage)
    days = [line.estimate_after_days for line in lines]
    longest = max((waited for waited in days if waited is not None), default=None)
    return (
        None if longest is None or None in days else subscription.instant(wanted.billing_on + timedelta(days=longest))
    )


def ahead_of(subscription: Subscription, items: Iterable[UsageItem]) -> tuple[BilledAhead, ...]:
    """What interim invoices billed of the periods of items."""
    ids = {item.period_id for item in items} if subscription.ahead else ()
    return tuple(each for each in subscription.ahead if each.period_id in ids)


class _Due(TypedDict):
    flat: tuple[FlatItem, ...]
    usage: tuple[UsageItem, ...]
    one_offs: tuple[OneOffItem, ...]
    true_up_terms: tuple[int, ...]
    earlier: tuple[EarlierUse, ...]


def _due(agreed: Subscription, on: date) -> _Due:
    once = agreed.unbilled_once if on >= agreed.anchor else ()
    flat, usage = tuple(_flat(agreed, on)), tuple(_usage(agreed, on))
    over = trued_up_terms(agreed, on, usage)
    earlier = counted_by(agreed, on, usage)
    return _Due(flat=flat, usage=usage, one_offs=once, true_up_terms=over, earlier=earlier)


def _ends(agreed: Subscription, due: _Due, on: date) -> Iterator[date]:
    yield from (item.ends_on for item in due["flat"])
    yield from (item.ends_on for item in due["usage"])
    yield from (item.agreed.days(on).end for item in due["one_offs"])
    yield from (committed_days(agreed, agreed.term(number)).end for number in due["true_up_terms"])


def _together(subscription: Subscription, on: date) -> Together:
    party = subscription.party
    invoice_at = subscription.instant(on + timedelta(days=1))
    return Together(customer_id=party.customer_id, currency=party.currency, invoice_at=invoice_at)


def _in_force(taxation: Taxation, on: date, ends: Iterable[date]) -> Taxation:
    """What is needed of it, for the bill keeps it."""
    days = [on, *(tax_point(ends_on, on) for ends_on in ends)]
    return taxation.between(min(days), max(days))


def next_invoice_id(subscription: Subscription) -> UUID:
    return uuid5(subscription.subscription_id, f"invoice:{subscription.bills + 1}")


def is_billed_after(subscription: Subscription, at: datetime) -> bool:
    """Something in the terms that were agreed comes due only later, whatever was billed by now."""
    subscription = subscription.going_on
    by_then, at_last = bill(subscription, at), bill(subscription, subscription.instant(subscription.last.ends_on))
    return _items(at_last) > _items(by_then)


def _items(wanted: Bill | None) -> int:
    return 0 if wanted is None else len(wanted.flat) + len(wanted.usage)


def period_id(subscription_id: UUID, charge: str, starts_on: date, amendment: int = 0) -> UUID:
    name = f"usage:{charge}:{starts_on.isoformat()}"
    return uuid5(subscription_id, f"{name}:{amendment}" if amendment else name)


def usage_periods(subscription: Subscription, first: date, last: date) -> Iterator[UsageItem]:
    """The usage periods of all terms that start from `first` to `last`, both included."""
    for run in runs(subscription, "metered"):
        for period in _periods(subscription, run):
            if first <= period.part.start <= last:
                yield _usage_item(subscription.subscription_id, run, period)


def boundaries(anchor: date, days: Days, line: AgreedLine) -> list[date]:
    """The billing days of a line within days of a term: the start of each period of each charge, and the end."""
    found = {days.end}
    for rhythm in {line.rhythm(anchor), *(line.rhythm(anchor, charge) for charge in line.charges)}:
        found |= {period.part.start for period in rhythm.within(days)}
    return sorted(found)


def _flat(subscription: Subscription, on: date) -> Iterator[FlatItem]:
    for run in runs(subscription, "flat"):
        for period in _unbilled(subscription, run, on):
            if (period.part.start if run.charge.in_advance else period.part.end) <= on:
                yield FlatItem(**_place(run, period), resumption=run.resumption)


def _usage(subscription: Subscription, on: date) -> Iterator[UsageItem]:
    for run in runs(subscription, "metered"):
        for period in _unbilled(subscription, run, on):
            if period.part.end <= on or subscription.cancelled:
                yield _usage_item(subscription.subscription_id, run, period)


def _unbilled(subscription: Subscription, run: Run, on: date) -> Iterator[BillingPeriod]:
    """Those that have begun; of a cancelled subscription all that are left of it."""
    key = billing_key(run.charge.code, run.amendment, run.resumption)
    through = subscription.billed_through.get(key, subscription.anchor)
    periods = (period for period in _periods(subscription, run, through) if period.part.start >= through)
    return periods if subscription.cancelled else takewhile(lambda period: period.part.start <= on, periods)


def _periods(subscription: Subscription, run: Run, since: date | None = None) -> Iterator[BillingPeriod]:
    for period in run.periods(subscription, since):
        left = left_of(subscription, run.line, run.charge, period)
        if left is not None:
            yield left


def _usage_item(subscription_id: UUID, run: Run, period: BillingPeriod) -> UsageItem:
    id_ = period_id(subscription_id, run.charge.code, period.part.start, run.amendment)
    return UsageItem(period_id=id_, **_place(run, period))


def _place(run: Run, period: BillingPeriod) -> dict[str, Any]:
    return {
        "charge": run.charge.code,
        "term_number": run.term.number,
        "nominal_starts_on": period.nominal.start,
        "nominal_ends_on": period.nominal.end,
        "starts_on": period.part.start,
        "ends_on": period.part.end,
        "amendment": run.amendment,
    }
