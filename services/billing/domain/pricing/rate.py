"""Rating: a quantity and a price become one line's money, rounded once, at the end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from services.billing.domain.pricing.exact import settled
from services.billing.domain.pricing.models import model_of
from services.billing.domain.pricing.percentage import of_total
from services.billing.domain.pricing.price import ZERO, Price
from services.billing.domain.pricing.quantity import billable, divides_without_end
from services.billing.domain.pricing.rated import BilledBefore, CreditUse, Priced, PricingModel, Rated
from services.billing.domain.pricing.rounding import Rounding, rounding
from shared.money import EXACT


def rate(
    price: Price,
    quantity: Decimal,
    currency: str,
    billed_before: BilledBefore | None = None,
    *,
    last_of_period: bool = False,
) -> Rated:
    """Rate one line; see `Rating.line`. For many lines at one price make the `Rating` once."""
    return Rating.of(price, currency).line(quantity, billed_before, last_of_period=last_of_period)


@dataclass(frozen=True, slots=True)
class Rating:
    """A validated price made ready for one currency."""

    price: Price
    model: PricingModel
    rounded: Rounding
    has_limits: bool
    divides: bool = False

    @classmethod
    def of(cls, price: Price, currency: str) -> Rating:
        limits = (price.discount and price.discount.percent, price.maximum_amount, price.minimum_amount, price.credit)
        has_limits = any(limit is not None for limit in limits)
        return cls(price, model_of(price), rounding(currency), has_limits, divides_without_end(price))

    def line(self, quantity: Decimal, before: BilledBefore | None = None, *, last_of_period: bool = False) -> Rated:
        """Price the cumulative quantity of the period, less what was billed before: a slice is never rounded up alone.

        `quantity` is what this slice metered and may be negative: a cumulative quantity below zero counts as zero and
        is reported in `clamped_from`. The order is convert, included quantity, model, percent, maximum, minimum (with
        `last_of_period` only), minus billed before. `tiers` describe the cumulative quantity; `amount` may be negative.
        """
        cumulative = quantity if before is None else EXACT.add(before.quantity, quantity)
        priced = self.model(billable(self.price, cumulative))
        return self.finish(priced, before, last_of_period, cumulative if cumulative < ZERO else None)

    def period(self, quantity: Decimal, count: int) -> Rated:
        """A whole period from what it was closed with: the quantity, and how many events made it."""
        if self.price.percentage is None:
            return self.line(quantity, last_of_period=True)
        priced = of_total(self.price.percentage, max(ZERO, quantity), count)
        return self.finish(priced, None, True, quantity if quantity < ZERO else None)

    def groups(self, quantities: Mapping[str, Decimal], *, last_of_period: bool = False) -> dict[str, Rated]:
        """Each group is a line, rated and rounded by itself: tiers, allowance, maximum and minimum are per group."""
        return {group: self.line(quantity, last_of_period=last_of_period) for group, quantity in quantities.items()}

    def finish(
        self, priced: Priced, before: BilledBefore | None, last_of_period: bool, clamped_from: Decimal | None
    ) -> Rated:
        """From what the model says to the line: discount percent, maximum, minimum, billed before, rounding."""
        listed, tiers = priced
        amount = listed = settled(listed) if self.divides else listed
        discount = minimum_line = ZERO
        if self.has_limits or before is not None:
            amount, discount, minimum_line = self._adjusted(listed, before, last_of_period)
        money, residue = self.rounded(amount)
        credits = self._credits(listed, last_of_period)
        return Rated(amount, money, residue, tiers, discount, minimum_line, clamped_from, credits)

    def _adjusted(
        self, listed: Decimal, before: BilledBefore | None, last_of_period: bool
    ) -> tuple[Decimal, Decimal, Decimal]:
        """Amount, discount and minimum line of this slice; the discount is measured on the slice's list amount."""
        limited = self._limited(listed)
        minimum_line = self._money(self._missing_to_minimum(limited)) if last_of_period else ZERO
        cumulative = self._money(limited)
        charged = cumulative if before is None else EXACT.subtract(cumulative, before.amount)
        listed_before = self._money(self._listed_before(before))
        discount = EXACT.subtract(EXACT.subtract(self._money(listed), listed_before), charged)
        return EXACT.add(charged, minimum_line), discount, minimum_line

    def _money(self, amount: Decimal) -> Decimal:
        """Of an amount in credit units; of any other the amount itself."""
        credit = self.price.credit
        return amount if credit is None else EXACT.multiply(amount, credit.unit_amount)

    def _credits(self, listed: Decimal, last_of_period: bool) -> CreditUse | None:
        credit = self.price.credit
        if credit is None:
            return None
        limited = self._limited(listed)
        missing = self._missing_to_minimum(limited) if last_of_period else ZERO
        return CreditUse(code=credit.code, quantity=EXACT.add(limited, missing), unit_amount=credit.unit_amount)

    def _limited(self, amount: Decimal) -> Decimal:
        discount, maximum = self.price.discount, self.price.maximum_amount
        if discount is not None and discount.percent is not None:
            amount = EXACT.multiply(amount, EXACT.subtract(Decimal(1), discount.percent.scaleb(-2, EXACT)))
        amount = settled(amount) if self.divides else amount
        return amount if maximum is None else min(amount, maximum)

    def _missing_to_minimum(self, amount: Decimal) -> Decimal:
        minimum = self.price.minimum_amount
        return ZERO if minimum is None else max(ZERO, EXACT.subtract(minimum, amount))

    def _listed_before(self, before: BilledBefore | None) -> Decimal:
        """What earlier slices cost without percent and maximum; without any, nothing rather than the price of zero."""
        if before is None or not (before.quantity or before.amount):
            return ZERO
        listed = self.model(billable(self.price, before.quantity))[0]
        return settled(listed) if self.divides else listed
