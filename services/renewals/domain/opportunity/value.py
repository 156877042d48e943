"""What a won renewal is worth, in parts that add up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from shared.money import Money

RenewalMode = Literal["assisted", "auto"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RenewalValue:
    """All annualised, in one currency.

    `prior_at_quantity` is the old price at the renewed quantity, `list_value` the list price at renewal, `upsell` more
    or higher of the same product, `cross_sell` a new product.
    """

    prior_at_quantity: Money
    list_value: Money
    discount: Money
    upsell: Money
    cross_sell: Money

    @property
    def like_for_like(self) -> Money:
        """List minus discount: the same scope at the new price."""
        return self.list_value - self.discount

    @property
    def booked(self) -> Money:
        """Like-for-like plus upsell plus cross-sell."""
        return self.like_for_like + self.upsell + self.cross_sell
