"""What interim invoices billed of usage whose period goes on; the invoice of the period takes it off."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from services.billing.domain.couponing import LineDiscount
from shared.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class BilledAhead:
    """What the interim invoice `invoice_id` billed of a group of a usage period, beyond those before it: `amount` as it was
    priced, before `discounts` by coupons. `told` is which of the totals of the period, with how many events and which
    digest."""

    invoice_id: UUID
    period_id: UUID
    group: str
    quantity: Decimal
    amount: Money
    told: int
    count: int
    digest: str
    discounts: tuple[LineDiscount, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Interim:
    """Why usage is billed while its period goes on: it came to `reached`, and so to a threshold. `billed` is what that is by
    group."""

    threshold: Money
    reached: Money
    billed: tuple[BilledAhead, ...]

    def taken(self, coupon: str, currency: str) -> Money:
        """What a coupon took off."""
        discounts = (discount for each in self.billed for discount in each.discounts)
        return Money.total((discount.amount for discount in discounts if discount.coupon == coupon), currency)
