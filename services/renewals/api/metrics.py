"""/v1/metrics/renewals: how well the terms due in a period were renewed, today or as known at a past instant."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

from fastapi import APIRouter, Query

from services.renewals.api.access import ReadRenewals
from services.renewals.api.due import check_due
from services.renewals.api.metrics_forms import MetricsOut, RenewalMetricsOut, shown
from services.renewals.domain.metrics import metrics_by, renewal_metrics
from services.renewals.domain.metrics.cohort import CohortMember
from services.renewals.projections.cohorts import cohort
from shared.errors import DomainError
from shared.http.fields import Day, Instant
from shared.http.routes import TransactionalRoute
from shared.moments import not_after
from shared.money import exponent
from shared.periods import Days

router = APIRouter(prefix="/v1/metrics", tags=["metrics"], route_class=TransactionalRoute)

Dimension = Literal["segment", "region", "customer", "plan", "policy", "current_segment", "current_region"]
NO_CURRENCY = "XXX"  # of ISO 4217: for sums of nothing


class SeveralCurrencies(DomainError):
    """Amounts of different currencies have no sum."""


@router.get("/renewals")
def renewals(
    unit: ReadRenewals,
    due_from: Day,
    due_to: Day,
    as_of: Instant | None = None,
    group_by: Dimension | None = None,
    currency: Annotated[str | None, Query(pattern="^[A-Z]{3}$")] = None,
) -> RenewalMetricsOut:
    """Of opportunities due in `[due_from, due_to)`, by the facts recorded up to `as_of`."""
    not_after(unit.now, "as_of", as_of)
    check_due(due_from, due_to)
    if currency is not None:
        exponent(currency)
    period = Days(due_from, due_to)
    members, chosen = _of_one_currency(cohort(unit, period, as_of=as_of), currency)
    total = shown(renewal_metrics(members, period=period, currency=chosen))
    groups = _groups(members, period, chosen, group_by)
    shown_currency = None if chosen == NO_CURRENCY else chosen
    return RenewalMetricsOut(
        **dict(total), as_of=as_of or unit.now, currency=shown_currency, group_by=group_by, groups=groups
    )


def _of_one_currency(members: Sequence[CohortMember], wanted: str | None) -> tuple[list[CohortMember], str]:
    currencies = sorted({member.base.currency for member in members})
    if wanted is None and len(currencies) > 1:
        raise SeveralCurrencies(f"choose one with currency: {', '.join(currencies)}", field="/currency")
    chosen = wanted or (currencies[0] if currencies else NO_CURRENCY)
    return [member for member in members if member.base.currency == chosen], chosen


def _groups(
    members: Sequence[CohortMember], period: Days, currency: str, group_by: Dimension | None
) -> dict[str, MetricsOut]:
    if group_by is None:
        return {}
    parts = metrics_by(group_by, members, period=period, currency=currency)
    return {name: shown(metrics) for name, metrics in parts.items()}
