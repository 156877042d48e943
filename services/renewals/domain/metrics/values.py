"""Renewal metrics by value: each opportunity weighs what it is worth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from services.renewals.domain.metrics.amounts import BaseAmounts, WonAmounts, base_amounts, won_amounts
from services.renewals.domain.metrics.cohort import CohortMember, counted, won_in
from services.renewals.domain.metrics.rates import ValueRate, money
from shared.money import Money
from shared.periods import Days


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueMetrics:
    """`cost` is what selling to the whole cohort cost, won or not."""

    base: BaseAmounts
    won: WonAmounts
    cost: Money
    cost_per_won: Money | None

    @property
    def resolution_rate(self) -> ValueRate:
        return ValueRate.of(self.base.resolved, self.base.due)

    @property
    def close_rate(self) -> ValueRate:
        return ValueRate.of(self.base.won, self.base.resolved)

    @property
    def gross_conversion(self) -> ValueRate:
        return ValueRate.of(self.won.capped_at_opportunity, self.base.won)

    @property
    def like_for_like_conversion(self) -> ValueRate:
        return ValueRate.of(self.won.like_for_like, self.base.won)

    @property
    def net_conversion(self) -> ValueRate:
        return ValueRate.of(self.won.booked, self.base.won)

    @property
    def gross_renewal_rate_at_opportunity(self) -> ValueRate:
        """Equals resolution x close x gross conversion, all by value."""
        return ValueRate.of(self.won.capped_at_opportunity, self.base.due)

    @property
    def gross_renewal_rate_at_customer(self) -> ValueRate:
        return ValueRate.of(self.won.capped_at_customer, self.base.due)

    @property
    def net_renewal_rate(self) -> ValueRate:
        """Equals resolution x close x net conversion, all by value."""
        return ValueRate.of(self.won.booked, self.base.due)

    @property
    def on_time_rate(self) -> ValueRate:
        return ValueRate.of(self.base.on_time, self.base.due)

    @property
    def in_period_closed_rate(self) -> ValueRate:
        """Base of what was won before the period was over, over base due."""
        return ValueRate.of(self.base.closed_in_period, self.base.due)

    @property
    def list_uplift(self) -> ValueRate:
        return ValueRate.of(self.won.list_value - self.won.prior_at_quantity, self.won.prior_at_quantity)

    @property
    def discount_rate(self) -> ValueRate:
        return ValueRate.of(self.won.discount, self.won.list_value)

    @property
    def realised_uplift(self) -> ValueRate:
        return ValueRate.of(self.won.like_for_like - self.won.prior_at_quantity, self.won.prior_at_quantity)

    @property
    def uplift_consumed_by_discount(self) -> ValueRate:
        return ValueRate.of(self.won.discount, self.won.list_value - self.won.prior_at_quantity)

    @property
    def upsell_rate(self) -> ValueRate:
        return ValueRate.of(self.won.upsell, self.base.won)

    @property
    def cross_sell_rate(self) -> ValueRate:
        return ValueRate.of(self.won.cross_sell, self.base.won)

    @property
    def multi_year_share(self) -> ValueRate:
        """Booked on terms of more than 12 months over all booked."""
        return ValueRate.of(self.won.booked_multi_year, self.won.booked)

    @property
    def cost_to_sell(self) -> ValueRate:
        return ValueRate.of(self.cost, self.won.booked)


def value_metrics(members: Sequence[CohortMember], period: Days, currency: str) -> ValueMetrics:
    """Sums and rates over a cohort due in `period`; every rate is None where its denominator is zero.

    `cost_per_won` is rounded half away from zero to the minor unit. Raises CurrencyMismatch.
    """
    cost = Money.total((member.cost for member in counted(members)), currency)
    wins = len(won_in(members))
    return ValueMetrics(
        base=base_amounts(members, period, currency),
        won=won_amounts(members, currency),
        cost=cost,
        cost_per_won=money(Fraction(cost.minor, wins), currency) if wins else None,
    )
