"""What coupons may take off a bill: of an amount what earlier bills of the same billing period left of it.

What was taken off something that is not used after all is there again: the credit gives back only what was paid.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from itertools import chain, islice, takewhile

from services.billing.domain.coupon import AgreedCoupon, BilledCoupon, CappedCoupon, Metered
from services.billing.domain.couponing import LineDiscount, coupon_shares, holding
from services.billing.domain.schedule import BillingPeriod, Rhythm
from services.billing.domain.subscription.events import Bill, FlatItem, Term, UsageItem
from services.billing.domain.subscription.state import Subscription, days_of
from services.billing.domain.subscription.used import billed_period, credited_from, part_of, part_unused
from shared.money import Money
from shared.periods import Days

Items = Sequence[FlatItem | UsageItem]


@dataclass(frozen=True, slots=True)
class _Taken:
    """What a coupon took off a bill, and what of that was for what is used after all."""

    all: Money
    used: Money


def couponed(
    subscription: Subscription, on: date, items: Items, metered: Metered | None = None, *, is_interim: bool = False
) -> tuple[BilledCoupon, ...] | None:
    """Of the terms of the items, billed on a day, by all that is known now, as credit is; None where none was agreed with a
    coupon. What `is_interim` is of periods that go on."""
    if not any(term.line.coupons for term in subscription.terms):
        return None
    terms = [term for term in _terms(subscription, items) if term.line.coupons]
    days = ((term, _day(term, on, is_interim=is_interim)) for term in terms)
    found = (each for term, day in days for each in _of_term(subscription, term, day, metered or {}))
    return tuple(found) if terms else None


def _day(term: Term, on: date, *, is_interim: bool) -> date:
    """What tells the billing period of a bill: one that is of a period which goes on is told like the one at its end."""
    return on + timedelta(days=1) if is_interim and not term.line.is_billed_at_once else on


def with_usage_before(subscription: Subscription, on: date) -> list[Bill]:
    """Bills with usage of the billing period that a day is of, of which a coupon may have taken less than its amount."""
    terms = [term for term in subscription.terms if _has_amounts(term)] if subscription.couponed else []
    earlier = [bill for term in terms for bill in _earlier(subscription, term, on) if bill.usage]
    return list({bill.invoice_id: bill for bill in earlier}.values())


def capped(subscription: Subscription, bill: Bill, metered: Metered) -> tuple[CappedCoupon, ...]:
    """What earlier bills with usage may still take by the coupons of a bill: late usage takes nothing that went to later ones,
    and leaves what was taken by then."""
    return tuple(
        cap
        for told in bill.coupons or ()
        if told.amount is not None
        for cap in _caps(subscription, subscription.term(told.term_number), told.code, bill, metered)
    )


def coupons_of(subscription: Subscription, bill: Bill, term: Term) -> list[AgreedCoupon]:
    """Those of a term that take something off a bill, each with the amount that it may take."""
    if bill.coupons is None:
        return holding(term.line, subscription.anchor, days_of(term), bill.billing_on)
    told = {each.code: each.amount for each in bill.coupons if each.term_number == term.number}
    mine = (cap for cap in subscription.capped if (cap.bill_id, cap.term_number) == (bill.invoice_id, term.number))
    told |= {cap.code: cap.amount for cap in mine}
    return [replace(coupon, amount=told[coupon.code]) for coupon in term.line.coupons if coupon.code in told]


def of_its_period(subscription: Subscription, bill: Bill) -> tuple[Bill, ...]:
    """The bills of the billing period that a bill is of, and this one, where a coupon of an amount was agreed."""
    if not any(_has_amounts(term) for term in subscription.terms):
        return ()
    term = next(filter(_has_amounts, _terms(subscription, (*bill.flat, *bill.of_usage))), None)
    return (*_earlier(subscription, term, _day_of(bill, term)), bill) if term else subscription.couponed


def _day_of(bill: Bill, term: Term) -> date:
    return _day(term, bill.billing_on, is_interim=bill.interim is not None)


def _has_amounts(term: Term) -> bool:
    return any(coupon.amount is not None for coupon in term.line.coupons)


def _terms(subscription: Subscription, items: Items) -> list[Term]:
    """The latest first."""
    return [subscription.term(number) for number in sorted({item.term_number for item in items}, reverse=True)]


def _of_term(subscription: Subscription, term: Term, on: date, metered: Metered) -> Iterator[BilledCoupon]:
    for coupon in term.line.coupons:
        left = _left(subscription, term, coupon, on, metered)
        if _holds(subscription, term, coupon, on) and (left is None or left.minor > 0):
            amount = None if left is None else left.major
            yield BilledCoupon(term_number=term.number, code=coupon.code, amount=amount)


def _left(subscription: Subscription, term: Term, coupon: AgreedCoupon, on: date, metered: Metered) -> Money | None:
    if coupon.amount is None:
        return None
    earlier = _earlier(subscription, term, on)
    taken = (_taken(subscription, term, coupon.code, bill, metered).used for bill in earlier)
    return _money(coupon, subscription.currency) - Money.total(taken, subscription.currency)


def _earlier(subscription: Subscription, term: Term, on: date) -> list[Bill]:
    opened = _opened_on(subscription, term, on)
    return [bill for bill in subscription.couponed if _opened_on(subscription, term, _day_of(bill, term)) == opened]


def _caps(subscription: Subscription, term: Term, code: str, bill: Bill, metered: Metered) -> Iterator[CappedCoupon]:
    went = _taken(subscription, term, code, bill, metered).used
    for earlier in reversed(_earlier(subscription, term, _day_of(bill, term))):
        taken = _taken(subscription, term, code, earlier, metered)
        may = _may_take(subscription, earlier, term, code)
        if earlier.invoice_id in metered and may is not None:
            lent = max(Money.zero(went.currency), went - (taken.all - taken.used))
            left = max(taken.all, _money(may, went.currency) - lent).major
            yield CappedCoupon(bill_id=earlier.invoice_id, term_number=term.number, code=code, amount=left)
        went += taken.used


def _may_take(subscription: Subscription, bill: Bill, term: Term, code: str) -> AgreedCoupon | None:
    return next((each for each in coupons_of(subscription, bill, term) if each.code == code), None)


def _taken(subscription: Subscription, term: Term, code: str, bill: Bill, metered: Metered) -> _Taken:
    """A bill with usage that is not known yet takes all of it: how much goes to which of its lines changes with the usage."""
    if bill.interim is not None:
        off = bill.interim.taken(code, subscription.currency)
        return _Taken(off, off)
    currency, mine = subscription.currency, _may_take(subscription, bill, term, code)
    if mine is None:
        return _Taken(Money.zero(currency), Money.zero(currency))
    usage = _usage(subscription, term, bill, metered)
    if usage is None:
        return _Taken(_money(mine, currency), _money(mine, currency))
    items = [item for item in bill.flat if item.term_number == term.number]
    charged = [*((item.charge, _net(subscription, item)) for item in items), *usage]
    shares = coupon_shares(coupons_of(subscription, bill, term), charged, currency)
    taken = [_by(code, each, currency) for each in shares]
    used = [_used(subscription, item, each) for item, each in zip(items, taken, strict=False)]
    return _Taken(Money.total(taken, currency), Money.total([*used, *taken[len(items) :]], currency))


def _usage(subscription: Subscription, term: Term, bill: Bill, metered: Metered) -> list[tuple[str, Money]] | None:
    """None where it is not known, and a coupon is for it."""
    if bill.invoice_id in metered:
        lines = metered[bill.invoice_id]
        return [(line.charge, line.amount) for line in lines if line.term_number == term.number]
    charges, coupons = (
        {i.charge for i in bill.usage if i.term_number == term.number},
        coupons_of(subscription, bill, term),
    )
    return None if any(each.takes_off(charge) for each in coupons for charge in charges) else []


def _by(code: str, discounts: Iterable[LineDiscount], currency: str) -> Money:
    return Money.total((each.amount for each in discounts if each.coupon == code), currency)


def _money(coupon: AgreedCoupon, currency: str) -> Money:
    return Money.rounded(coupon.amount or Decimal(0), currency)


def _net(subscription: Subscription, item: FlatItem) -> Money:
    line = subscription.line(item.term_number, item.amendment)
    return subscription.flat_charges(line).of_period(line.charge(item.charge), billed_period(item)).net


def _used(subscription: Subscription, item: FlatItem, taken: Money) -> Money:
    """The part of the days that are used, rounded up to the minor unit."""
    from_day = max(credited_from(subscription, item), item.starts_on)
    if from_day >= item.ends_on:
        return taken
    unused, charged = part_unused(subscription, item, from_day), part_of(subscription, item, billed_period(item).part)
    over, under = unused.numerator * charged.denominator, unused.denominator * charged.numerator
    released = 0 if not under else taken.minor * over // under
    return Money(max(0, taken.minor - released), taken.currency)


def _holds(subscription: Subscription, term: Term, coupon: AgreedCoupon, on: date) -> bool:
    if coupon.invoices is None:
        return True
    opened = _opened_on(subscription, term, on)
    begun = takewhile(lambda day: day <= opened, _openings(subscription, term))
    return len(list(islice(begun, coupon.invoices + 1))) <= coupon.invoices


def _opened_on(subscription: Subscription, term: Term, on: date) -> date:
    """The first day of the billing period that a bill is of; the end of the term opens one for what is left then. Where
    nothing is charged in advance, a bill is of the period that ends with it, and not of the one that begins."""
    day = max(term.starts_on, on if term.line.is_billed_at_once else min(on, term.ends_on) - timedelta(days=1))
    for days, rhythm in reversed(_rhythms(subscription, term)):
        if day in days:
            period = rhythm.holding(day, days)
            if _opens(term, period):
                return period.part.start
            day = days.start - timedelta(days=1)
    return term.ends_on


def _openings(subscription: Subscription, term: Term) -> Iterable[date]:
    periods = (period for days, rhythm in _rhythms(subscription, term) for period in rhythm.within(days))
    return chain((period.part.start for period in periods if _opens(term, period)), [term.ends_on])


def _opens(term: Term, period: BillingPeriod) -> bool:
    """Where billing days are moved, what is left of a period on the new days goes with the one that it was cut from."""
    return period.part.start in (period.nominal.start, term.starts_on)


def _rhythms(subscription: Subscription, term: Term) -> list[tuple[Days, Rhythm]]:
    """How a term is billed, and from which day on otherwise: an amendment may have moved its billing days."""
    found = [(term.starts_on, term.line.rhythm(subscription.anchor))]
    for amendment in subscription.amendments:
        rhythm = amendment.line.rhythm(subscription.anchor)
        if amendment.term_number == term.number and rhythm != found[-1][1]:
            found.append((amendment.effective_on, rhythm))
    ends = [*(on for on, _ in found[1:]), term.ends_on]
    return [(Days(on, end), rhythm) for (on, rhythm), end in zip(found, ends, strict=True)]
