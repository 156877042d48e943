"""What a customer agreed to pay once, beside what is charged again and again: a set-up, hardware, training."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

from services.billing.domain.agreement import AgreedDiscount, reasons_of
from services.billing.domain.plan import Charge, RevenueClass
from services.billing.domain.pricing.exact import less_percent
from services.billing.domain.pricing.price import Price
from services.billing.domain.pricing.rate import rate
from services.billing.domain.pricing.rated import Rated
from services.billing.domain.pricing.rounding import rounding
from shared.money import Money
from shared.periods import Days


@dataclass(frozen=True, slots=True, kw_only=True)
class AgreedOneOff:
    """`quantity` at `price`, which is in the currency of the quote and without tax, less the discount. `code` tells it apart
    from the others of its quote; `product` is what it is of. Its revenue is earned on the day it is `delivered_on`, and
    where that is not said when it is billed. `unit_cost` is what a unit costs us, in major units; None is not known.
    `cost_centre` is the customer's."""

    code: str
    description: str
    quantity: Decimal
    price: Price
    discount_percent: Decimal = Decimal(0)
    discounts: tuple[AgreedDiscount, ...] = ()
    product: str | None = None
    tax_rates: tuple[str, ...] = ()
    tax_category: str | None = None
    revenue_class: RevenueClass = "new"
    delivered_on: date | None = None
    unit_cost: Decimal | None = None
    cost_centre: str | None = None

    @property
    def reasons(self) -> tuple[AgreedDiscount, ...]:
        return reasons_of(self.discounts, self.discount_percent)

    @property
    def charge(self) -> Charge:
        return Charge(
            code=self.code,
            name=self.description,
            kind="flat",
            price=self.price,
            tax_rates=self.tax_rates,
            tax_category=self.tax_category,
            revenue_class=self.revenue_class,
            unit_cost=self.unit_cost,
        )

    def days(self, billing_on: date) -> Days:
        """The day of its delivery; without one the billing day."""
        day = self.delivered_on or billing_on
        return Days(day, day + timedelta(days=1))


@dataclass(frozen=True, slots=True, kw_only=True)
class OneOffs:
    """Those of a quote. `net_days` are the terms of payment of a quote that has nothing else; otherwise they are those of the
    first line."""

    items: tuple[AgreedOneOff, ...] = ()
    net_days: int | None = None


NO_ONE_OFFS = OneOffs()


@dataclass(frozen=True, slots=True, kw_only=True)
class OneOffItem:
    """One of them on a bill, as the quote has it that was accepted."""

    quote_id: UUID
    agreed: AgreedOneOff


@dataclass(frozen=True, slots=True)
class ChargedOnce:
    """net = list_amount - discount, each rounded once; `full` is before the discount, `residue` = exact net - net."""

    full: Rated
    list_amount: Money
    net: Money
    residue: Decimal


def charged(agreed: AgreedOneOff, currency: str) -> ChargedOnce:
    full = rate(agreed.price, agreed.quantity, currency, last_of_period=True)
    net, residue = rounding(currency)(less_percent(full.amount, agreed.discount_percent))
    return ChargedOnce(full, full.amount_money, net, residue)
