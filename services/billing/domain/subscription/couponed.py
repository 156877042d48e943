"""What coupons may take off a bill: of an amount what earlier bills of the same billing period left of it.

What was taken off something that is not used after all is there again: the credit gives back only what was paid.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from itertools import chain, islice, takewhile

from services.billing.domain.coupon import AgreedCoupon, BilledCoupon
from services.billing.domain.couponing import coupon_shares, holding
from services.billing.domain.schedule import BillingPeriod, Rhythm
from services.billing.domain.subscription.events import Bill, FlatItem, Term, UsageItem
from services.billing.domain.subscription.state import Subscription, days_of
from services.billing.domain.subscription.used import billed_period, credited_from, part_of, part_unused
from shared.money import Money
from shared.periods import Days

Items = Sequence[FlatItem | UsageItem]


def couponed(
    subscription: Subscription, on: date, items: Items, *, is_interim: bool = False
) -> tuple[BilledCoupon, ...] | None:
    """Of the terms of the items, billed on a day, by all that is known now, as credit is; None where none was agreed with a
    coupon. What `is_interim` is of periods that go on."""
    if not any(term.line.coupons for term in subscription.terms):
        return None
    terms = [term for term in _terms(subscription, items) if term.line.coupons]
    days = ((term, _day(term, on, is_interim=is_interim)) for term in terms)
    return tuple(each for term, day in days for each in _of_term(subscription, term, day)) if terms else None


def _day(term: Term, on: date, *, is_interim: bool) -> date:
    """What tells the billing period of a bill: one that is of a period which goes on is told like the one at its end."""
    return on + timedelta(days=1) if is_interim and not term.line.is_billed_at_once else on


def coupons_of(subscription: Subscription, bill: Bill, term: Term) -> list[AgreedCoupon]:
    """Those of a term that take something off a bill, each with the amount that it may take."""
    if bill.coupons is None:
        return holding(term.line, subscription.anchor, days_of(term), bill.billing_on)
    told = {each.code: each for each in bill.coupons if each.term_number == term.number}
    return [replace(coupon, amount=told[coupon.code].amount) for coupon in term.line.coupons if coupon.code in told]


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


def _of_term(subscription: Subscription, term: Term, on: date) -> Iterator[BilledCoupon]:
    for coupon in term.line.coupons:
        left = _left(subscription, term, coupon, on)
        if _holds(subscription, term, coupon, on) and (left is None or left.minor > 0):
            amount = None if left is None else left.major
            yield BilledCoupon(term_number=term.number, code=coupon.code, amount=amount)


def _left(subscription: Subscription, term: Term, coupon: AgreedCoupon, on: date) -> Money | None:
    if coupon.amount is None:
        return None
    taken = (_taken(subscription, term, coupon, bill) for bill in _earlier(subscription, term, on))
    return _money(coupon, subscription.currency) - Money.total(taken, subscription.currency)


def _earlier(subscription: Subscription, term: Term, on: date) -> list[Bill]:
    opened = _opened_on(subscription, term, on)
    return [bill for bill in subscription.couponed if _opened_on(subscription, term, _day_of(bill, term)) == opened]


def _taken(subscription: Subscription, term: Term, coupon: AgreedCoupon, bill: Bill) -> Money:
    """What it took off a bill, less what of that was for time that is not used. A bill with usage takes all of it: how much
    goes to which of its lines is known only when the usage is, and changes with it."""
    if bill.interim is not None:
        return bill.interim.taken(coupon.code, subscription.currency)
    currency, coupons = subscription.currency, coupons_of(subscription, bill, term)
    mine = next((each for each in coupons if each.code == coupon.code), None)
    if mine is None:
        return Money.zero(currency)
    metered = [item.charge for item in bill.usage if item.term_number == term.number]
    if any(each.takes_off(charge) for each in coupons for charge in metered):
        return _money(mine, currency)
    items = [item for item in bill.flat if item.term_number == term.number]
    shares = coupon_shares(coupons, [(item.charge, _net(subscription, item)) for item in items], currency)
    return Money.total(
        (
            _used(subscription, item, each.amount)
            for item, taken in zip(items, shares, strict=True)
            for each in taken
            if each.coupon == coupon.code
        ),
        currency,
    )


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
