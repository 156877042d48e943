"""What of a subscription has come due by an instant and was not billed before; pure calendar, no prices."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid5

from services.billing.domain.plan import Charge
from services.billing.domain.schedule import BillingPeriod, Rhythm
from services.billing.domain.subscription.events import Bill, FlatItem, Term, UsageItem
from services.billing.domain.subscription.state import Subscription, days_of


def bill(subscription: Subscription, at: datetime) -> Bill | None:
    """Advance charges of periods that have started, arrears of those that have ended, fees; None where there is nothing.
    Corrections that wait come along, and are no reason for a bill.

    Only periods inside a term that was agreed by then are billed, whatever the state says at that moment. A renewal
    that is heard of late is billed at an instant that has a bill already: the invoice's id counts bills, not instants.
    """
    on = subscription.day(at)
    agreed = subscription.agreed_by(at)
    flat, usage = tuple(_flat(agreed, on)), tuple(_usage(agreed, on))
    if not (flat or usage or agreed.fees):
        return None
    invoice_id = uuid5(subscription.subscription_id, f"invoice:{subscription.bills + 1}")
    return Bill(
        invoice_id=invoice_id,
        billing_on=on,
        billed_at=at,
        flat=flat,
        usage=usage,
        fees=agreed.fees,
        corrections=agreed.deferred,
    )


def is_billed_after(subscription: Subscription, at: datetime) -> bool:
    """Something in the terms that were agreed comes due only later, whatever was billed by now."""
    by_then, at_last = bill(subscription, at), bill(subscription, subscription.instant(subscription.last.ends_on))
    return _items(at_last) > _items(by_then)


def _items(wanted: Bill | None) -> int:
    return 0 if wanted is None else len(wanted.flat) + len(wanted.usage)


def period_id(subscription_id: UUID, charge: str, starts_on: date) -> UUID:
    return uuid5(subscription_id, f"usage:{charge}:{starts_on.isoformat()}")


def usage_periods(subscription: Subscription, first: date, last: date) -> Iterator[UsageItem]:
    """The usage periods of all terms that start from `first` to `last`, both included."""
    for term in subscription.terms:
        for charge in term.line.metered:
            for period in _periods(subscription, term, charge):
                if first <= period.part.start <= last:
                    yield _usage_item(subscription.subscription_id, term, charge, period)


def boundaries(anchor: date, term: Term) -> list[date]:
    """The billing days of a term: the start of each period of each charge, and the end."""
    days = {term.ends_on}
    for every in {term.line.every, *(charge.every or term.line.every for charge in term.line.charges)}:
        days |= {period.part.start for period in Rhythm(anchor, every, term.line.calendar).within(days_of(term))}
    return sorted(days)


def _flat(subscription: Subscription, on: date) -> Iterator[FlatItem]:
    for term in subscription.terms:
        for charge in term.line.flat:
            for period in _unbilled(subscription, term, charge):
                if (period.part.start if charge.in_advance else period.part.end) <= on:
                    yield FlatItem(**_place(term, charge, period))


def _usage(subscription: Subscription, on: date) -> Iterator[UsageItem]:
    for term in subscription.terms:
        for charge in term.line.metered:
            for period in _unbilled(subscription, term, charge):
                if period.part.end <= on:
                    yield _usage_item(subscription.subscription_id, term, charge, period)


def _unbilled(subscription: Subscription, term: Term, charge: Charge) -> Iterator[BillingPeriod]:
    through = subscription.billed_through.get(charge.code, subscription.anchor)
    return (p for p in _periods(subscription, term, charge) if p.part.start >= through)


def _periods(subscription: Subscription, term: Term, charge: Charge) -> Iterator[BillingPeriod]:
    rhythm = Rhythm(subscription.anchor, charge.every or term.line.every, term.line.calendar)
    return rhythm.within(days_of(term))


def _usage_item(subscription_id: UUID, term: Term, charge: Charge, period: BillingPeriod) -> UsageItem:
    id_ = period_id(subscription_id, charge.code, period.part.start)
    return UsageItem(period_id=id_, **_place(term, charge, period))


def _place(term: Term, charge: Charge, period: BillingPeriod) -> dict[str, Any]:
    return {
        "charge": charge.code,
        "term_number": term.number,
        "nominal_starts_on": period.nominal.start,
        "nominal_ends_on": period.nominal.end,
        "starts_on": period.part.start,
        "ends_on": period.part.end,
    }
