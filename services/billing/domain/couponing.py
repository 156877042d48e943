"""Which coupons of an agreed line hold on a billing day, and what they take off the charges of one invoice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import chain, islice, takewhile

from services.billing.domain.agreement import AgreedLine
from services.billing.domain.coupon import AgreedCoupon
from services.billing.domain.invoicing.discounts import share_coupon
from shared.money import Money
from shared.periods import Days


@dataclass(frozen=True, slots=True, kw_only=True)
class LineDiscount:
    """What one coupon took off one line."""

    coupon: str
    amount: Money


def coupon_shares(
    coupons: Sequence[AgreedCoupon], charged: Sequence[tuple[str, Money]], currency: str
) -> list[tuple[LineDiscount, ...]]:
    """For each charge (its code, and what it comes to) what every coupon takes off, in the sequence of the coupons.

    Each coupon is rounded once and shared by largest remainder over the charges that it is for.
    """
    left = [amount for _, amount in charged]
    taken: list[tuple[LineDiscount, ...]] = [()] * len(charged)
    for coupon in coupons:
        fitting = [coupon.takes_off(charge) for charge, _ in charged]
        shares = share_coupon(left, coupon.reduction, currency, fitting)
        left = [amount - share for amount, share in zip(left, shares, strict=True)]
        taken = [
            (*before, LineDiscount(coupon=coupon.code, amount=share)) if share.minor else before
            for before, share in zip(taken, shares, strict=True)
        ]
    return taken


def holding(line: AgreedLine, anchor: date, term: Days, on: date) -> list[AgreedCoupon]:
    """The coupons that take something off on a billing day, of an amount all of it."""
    return [coupon for coupon in line.coupons if _holds(coupon, line, anchor, term, on)]


def _holds(coupon: AgreedCoupon, line: AgreedLine, anchor: date, term: Days, on: date) -> bool:
    """On so many billing days from the first on which something of the line can be billed: where nothing is charged in
    advance that is the end of its first period."""
    if coupon.invoices is None:
        return True
    starts = (period.part.start for period in line.rhythm(anchor).within(term))
    days = chain(starts if line.is_billed_at_once else islice(starts, 1, None), [term.end])
    begun = takewhile(lambda day: day <= on, days)
    return len(list(islice(begun, coupon.invoices + 1))) <= coupon.invoices
