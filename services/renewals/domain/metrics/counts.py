"""Renewal metrics by count: how many, whatever they are worth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from services.renewals.domain.metrics.cohort import CohortMember, counted, won_in
from services.renewals.domain.metrics.rates import CountRate


@dataclass(frozen=True, slots=True, kw_only=True)
class CountMetrics:
    """Numbers of opportunities, and of distinct customers; `due` leaves out the superseded ones."""

    due: int
    won: int
    lost: int
    open: int
    superseded: int
    on_time: int
    late: int
    with_upsell: int
    with_cross_sell: int
    multi_year: int
    customers_due: int
    customers_renewed: int

    @property
    def resolved(self) -> int:
        return self.won + self.lost

    @property
    def resolution_rate(self) -> CountRate:
        return CountRate.of(self.resolved, self.due)

    @property
    def close_rate(self) -> CountRate:
        return CountRate.of(self.won, self.resolved)

    @property
    def renewal_rate(self) -> CountRate:
        return CountRate.of(self.won, self.due)

    @property
    def on_time_rate(self) -> CountRate:
        return CountRate.of(self.on_time, self.due)

    @property
    def late_rate(self) -> CountRate:
        return CountRate.of(self.late, self.due)

    @property
    def logo_renewal_rate(self) -> CountRate:
        """Distinct customers with at least one won over distinct customers due."""
        return CountRate.of(self.customers_renewed, self.customers_due)

    @property
    def upsell_attach_rate(self) -> CountRate:
        return CountRate.of(self.with_upsell, self.won)

    @property
    def cross_sell_attach_rate(self) -> CountRate:
        return CountRate.of(self.with_cross_sell, self.won)

    @property
    def multi_year_rate(self) -> CountRate:
        return CountRate.of(self.multi_year, self.won)


def count_metrics(members: Sequence[CohortMember]) -> CountMetrics:
    """Counts over a cohort; every rate is None where its denominator is zero."""
    due, won = counted(members), won_in(members)
    return CountMetrics(
        due=len(due),
        won=len(won),
        lost=sum(member.state == "lost" for member in due),
        open=sum(member.state == "open" for member in due),
        superseded=len(members) - len(due),
        on_time=sum(each.member.late_days == 0 for each in won),
        late=sum(each.member.late_days > 0 for each in won),
        with_upsell=sum(each.value.upsell.minor > 0 for each in won),
        with_cross_sell=sum(each.value.cross_sell.minor > 0 for each in won),
        multi_year=sum(each.member.term_months > 12 for each in won),
        customers_due=len({member.customer for member in due}),
        customers_renewed=len({each.member.customer for each in won}),
    )
