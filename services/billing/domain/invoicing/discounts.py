"""Discounts of single lines, and coupons that are shared over all of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from services.billing.domain.pricing.limits import non_negative
from services.billing.domain.pricing.validation import PercentTooHigh
from shared.errors import DomainError
from shared.money import EXACT, Money


class ReductionUnclear(DomainError):
    """A reduction is a percentage or an amount: one of the two."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reduction:
    """`percent` (10 is 10 %) or `amount` (major units); `id` names a coupon."""

    id: str = ""
    percent: Decimal | None = None
    amount: Decimal | None = None

    def of(self, amount: Decimal) -> Decimal:
        """What it takes off an amount, exact; never more than the amount, and nothing off a negative one."""
        if self.percent is not None:
            wanted = EXACT.multiply(amount, self.percent.scaleb(-2, EXACT))
        else:
            wanted = self.amount or Decimal(0)
        return max(Decimal(0), min(wanted, amount))


def validate_reduction(reduction: Reduction, at: str) -> None:
    if (reduction.percent is None) == (reduction.amount is None):
        raise ReductionUnclear("give either percent or amount", field=at)
    non_negative(reduction.percent, f"{at}/percent")
    non_negative(reduction.amount, f"{at}/amount")
    if reduction.percent is not None and reduction.percent > 100:
        raise PercentTooHigh("take off at most 100 percent", field=f"{at}/percent")


def reduced(amount: Decimal, reductions: Iterable[Reduction]) -> Decimal:
    """What is left of a line after its reductions, each taken off what the one before left; exact."""
    for reduction in reductions:
        amount = EXACT.subtract(amount, reduction.of(amount))
    return amount


def share_coupons(nets: Sequence[Money], coupons: Iterable[Reduction], currency: str) -> list[Money]:
    """The nets after the coupons, in sequence; each is rounded once and split by largest remainder, ties in line order.

    Only lines above zero carry a coupon, and no line falls below zero.
    """
    left = list(nets)
    for coupon in coupons:
        shares = share_coupon(left, coupon, currency, [True] * len(left))
        left = [net - share for net, share in zip(left, shares, strict=True)]
    return left


def share_coupon(nets: Sequence[Money], coupon: Reduction, currency: str, fitting: Sequence[bool]) -> list[Money]:
    """What one coupon takes off each line, of those that fit it."""
    carrying = [net if fits else Money.zero(currency) for net, fits in zip(nets, fitting, strict=True)]
    taken = Money.rounded(coupon.of(Money.total(carrying, currency).major), currency)
    weights = [max(0, net.minor) for net in carrying]
    return taken.split(weights) if taken.minor else [taken] * len(weights)
