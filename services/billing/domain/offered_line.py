"""One flat charge of a planned invoice, from its list price to what is left of it, and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from services.billing.domain.agreement import AgreedLine
from services.billing.domain.couponing import LineDiscount
from services.billing.domain.flat_charges import FlatLine
from services.billing.domain.plan import Charge
from services.billing.domain.pricing.limits import PLACES
from shared.money import EXACT, Money
from shared.periods import Days

COUPON = "coupon:"


@dataclass(frozen=True, slots=True)
class OfferedLine:
    """net = list_amount - what `discounts` take off, by reason; that of a coupon is `coupon:` and its code."""

    charge: Charge
    period: Days
    list_amount: Money
    discounts: dict[str, Money]

    @property
    def net(self) -> Money:
        return self.list_amount - self.discount

    @property
    def discount(self) -> Money:
        return Money.total(self.discounts.values(), self.list_amount.currency)

    @property
    def tax_rates(self) -> tuple[str, ...]:
        return self.charge.tax_rates


def offered_line(agreed: AgreedLine, line: FlatLine, coupons: Sequence[LineDiscount] = ()) -> OfferedLine:
    """Its own discount is rounded once and shared over the reasons by largest remainder; then come the coupons."""
    off = _by_reason(agreed.on(line.period.start), line.discount) if line.discount.minor else {}
    return OfferedLine(
        line.charge,
        line.period,
        line.list_amount,
        added_up(off, {COUPON + taken.coupon: taken.amount for taken in coupons}),
    )


def added_up(known: dict[str, Money], more: dict[str, Money]) -> dict[str, Money]:
    return known | {reason: known[reason] + off if reason in known else off for reason, off in more.items()}


def _by_reason(agreed: AgreedLine, discount: Money) -> dict[str, Money]:
    parts = agreed.reasons
    shares = discount.split([int(part.percent.scaleb(PLACES, EXACT)) for part in parts])
    return {part.reason: share for part, share in zip(parts, shares, strict=True)}
