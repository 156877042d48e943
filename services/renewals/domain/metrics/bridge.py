"""The way from what was due to what was booked, step by step."""

from __future__ import annotations

from dataclasses import dataclass

from services.renewals.domain.metrics.values import ValueMetrics
from shared.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class RenewalBridge:
    """due - open - lost - quantity + uplift - discount + upsell + cross_sell = booked, always.

    `quantity` is the base of what was won minus its prior price at the renewed quantity, `uplift` list minus that.
    """

    due: Money
    open: Money
    lost: Money
    quantity: Money
    uplift: Money
    discount: Money
    upsell: Money
    cross_sell: Money
    booked: Money

    @property
    def reconciles(self) -> bool:
        kept = self.due - self.open - self.lost - self.quantity
        return kept + self.uplift - self.discount + self.upsell + self.cross_sell == self.booked


def bridge_of(values: ValueMetrics) -> RenewalBridge:
    base, won = values.base, values.won
    return RenewalBridge(
        due=base.due,
        open=base.open,
        lost=base.lost,
        quantity=base.won - won.prior_at_quantity,
        uplift=won.list_value - won.prior_at_quantity,
        discount=won.discount,
        upsell=won.upsell,
        cross_sell=won.cross_sell,
        booked=won.booked,
    )
