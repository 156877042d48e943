"""One flat charge of a planned invoice, from its list price to what is left of it, and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from services.billing.domain.agreed_one_off import AgreedOneOff, charged
from services.billing.domain.agreement import AgreedDiscount, AgreedLine
from services.billing.domain.couponing import LineDiscount
from services.billing.domain.flat_charges import FlatLine
from services.billing.domain.plan import Charge
from services.billing.domain.pricing.limits import PLACES
from services.billing.domain.taxation.applied import AppliedTax, charged_keys, included_in, taken_out
from services.billing.domain.taxation.lines import TaxedAs
from shared.money import EXACT, Money
from shared.periods import Days

COUPON = "coupon:"
_UNKNOWN = TaxedAs()


@dataclass(frozen=True, slots=True)
class OfferedLine:
    """net = list_amount - what `discounts` take off, by reason; that of a coupon is `coupon:` and its code."""

    charge: Charge
    period: Days
    list_amount: Money
    discounts: dict[str, Money]
    taxes: tuple[AppliedTax, ...] = ()

    @property
    def net(self) -> Money:
        return self.list_amount - self.discount

    @property
    def discount(self) -> Money:
        return Money.total(self.discounts.values(), self.list_amount.currency)

    @property
    def tax_rates(self) -> tuple[str, ...]:
        return charged_keys(self.taxes)


def offered_line(
    agreed: AgreedLine, line: FlatLine, coupons: Sequence[LineDiscount] = (), by: TaxedAs = _UNKNOWN
) -> OfferedLine:
    """Its own discount is rounded once and shared over the reasons by largest remainder; then come the coupons, then tax."""
    off = _by_reason(agreed.on(line.period.start).reasons, line.discount)
    off = added_up(off, {COUPON + taken.coupon: taken.amount for taken in coupons})
    billing_on = line.period.start if line.charge.in_advance else line.period.end
    taxes = by.due(line.charge.tax_category, line.charge.tax_rates, line.period.end, billing_on)
    offered = OfferedLine(line.charge, line.period, line.list_amount, off, taxes)
    return _taken_apart(offered) if agreed.tax_inclusive else offered


def offered_one_off(agreed: AgreedOneOff, currency: str, billing_on: date, by: TaxedAs = _UNKNOWN) -> OfferedLine:
    """Of the day of its delivery; no coupon takes anything off it."""
    priced, charge, days = charged(agreed, currency), agreed.charge, agreed.days(billing_on)
    off = _by_reason(agreed.reasons, priced.list_amount - priced.net)
    taxes = by.due(charge.tax_category, charge.tax_rates, days.end, billing_on)
    return OfferedLine(charge, days, priced.list_amount, off, taxes)


def _taken_apart(priced: OfferedLine) -> OfferedLine:
    """All amounts without the tax that prices have in them, so that they still add up: what is taken off in all is the
    difference of the nets, shared over the reasons by largest remainder."""
    currency = priced.list_amount.currency
    taxes = taken_out(priced.net, priced.taxes)
    listed = priced.list_amount - included_in(taken_out(priced.list_amount, priced.taxes), currency)
    discount = listed - priced.net + included_in(taxes, currency)
    weights = [off.minor for off in priced.discounts.values()]
    shares = discount.split(weights) if any(weights) else [Money.zero(currency)] * len(weights)
    return OfferedLine(priced.charge, priced.period, listed, dict(zip(priced.discounts, shares, strict=True)), taxes)


def added_up(known: dict[str, Money], more: dict[str, Money]) -> dict[str, Money]:
    return known | {reason: known[reason] + off if reason in known else off for reason, off in more.items()}


def _by_reason(parts: Sequence[AgreedDiscount], discount: Money) -> dict[str, Money]:
    if not discount.minor:
        return {}
    shares = discount.split([int(part.percent.scaleb(PLACES, EXACT)) for part in parts])
    return {part.reason: share for part, share in zip(parts, shares, strict=True)}
