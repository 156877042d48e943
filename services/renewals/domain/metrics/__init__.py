"""How well terms are renewed: one report over a cohort, and the same over each of its parts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from services.renewals.domain.metrics.bridge import RenewalBridge, bridge_of
from services.renewals.domain.metrics.cohort import CohortMember, due_in, segments
from services.renewals.domain.metrics.counts import CountMetrics, count_metrics
from services.renewals.domain.metrics.values import ValueMetrics, value_metrics
from shared.periods import Days


@dataclass(frozen=True, slots=True, kw_only=True)
class RenewalMetrics:
    counts: CountMetrics
    values: ValueMetrics
    bridge: RenewalBridge


def renewal_metrics(members: Iterable[CohortMember], *, period: Days, currency: str) -> RenewalMetrics:
    """All renewal metrics of the opportunities due in `period`; bookings of other cohorts do not count.

    Amounts are of `currency`; another one raises CurrencyMismatch. Rates are exact; their `text` has four places,
    rounded half away from zero. By count and by value are kept apart and have no product.
    """
    cohort = due_in(members, period)
    values = value_metrics(cohort, period, currency)
    return RenewalMetrics(counts=count_metrics(cohort), values=values, bridge=bridge_of(values))


def metrics_by(
    dimension: str, members: Iterable[CohortMember], *, period: Days, currency: str
) -> dict[str, RenewalMetrics]:
    """The same report for each value of a dimension: a good total hides bad parts."""
    return {
        name: renewal_metrics(group, period=period, currency=currency)
        for name, group in segments(due_in(members, period), dimension).items()
    }
