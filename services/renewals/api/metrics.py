"""/v1/metrics: how well the terms due in a period were renewed, and why not, today or as known at a past instant."""

from __future__ import annotations

from fastapi import APIRouter

from services.renewals.api.access import ReadRenewals
from services.renewals.api.cohort_question import Cohort, CohortQuery, CohortQuestion, asked
from services.renewals.api.metrics_forms import MetricsOut, RenewalMetricsOut, shown
from services.renewals.api.reason_forms import CancellationReasonsOut, ReasonsOut, shown_reasons
from services.renewals.domain.metrics import metrics_by, renewal_metrics
from services.renewals.domain.metrics.cohort import segments
from services.renewals.domain.metrics.losses import losses
from shared.http.routes import TransactionalRoute

router = APIRouter(prefix="/v1/metrics", tags=["metrics"], route_class=TransactionalRoute)


@router.get("/renewals")
def renewals(unit: ReadRenewals, question: CohortQuery) -> RenewalMetricsOut:
    """Of opportunities due in `[due_from, due_to)`, by the facts recorded up to `as_of`."""
    cohort = asked(unit, question)
    total = shown(renewal_metrics(cohort.members, period=question.period, currency=cohort.currency))
    return RenewalMetricsOut(
        **dict(total),
        as_of=question.as_of or unit.now,
        currency=cohort.shown_currency,
        group_by=question.group_by,
        groups=_groups(cohort, question),
    )


@router.get("/cancellation-reasons")
def cancellation_reasons(unit: ReadRenewals, question: CohortQuery) -> CancellationReasonsOut:
    """Why those of them that were lost were lost, the costliest reason first. What goes on with a successor is no loss."""
    cohort = asked(unit, question)
    return CancellationReasonsOut(
        **dict(shown_reasons(losses(cohort.members, cohort.currency))),
        as_of=question.as_of or unit.now,
        currency=cohort.shown_currency,
        group_by=question.group_by,
        groups=_reasons(cohort, question),
    )


def _groups(cohort: Cohort, question: CohortQuestion) -> dict[str, MetricsOut]:
    if question.group_by is None:
        return {}
    parts = metrics_by(question.group_by, cohort.members, period=question.period, currency=cohort.currency)
    return {name: shown(metrics) for name, metrics in parts.items()}


def _reasons(cohort: Cohort, question: CohortQuestion) -> dict[str, ReasonsOut]:
    if question.group_by is None:
        return {}
    lost = [member for member in cohort.members if member.state == "lost"]
    parts = segments(lost, question.group_by)
    return {name: shown_reasons(losses(part, cohort.currency)) for name, part in parts.items()}
