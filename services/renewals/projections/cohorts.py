"""The opportunities that a metric is about, as they stand or as they were known at a past instant."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from services.renewals.domain.metrics.cohort import CohortMember
from services.renewals.projections import customers, opportunities
from services.renewals.projections.opportunity_view import OpportunityView
from shared.money import Money
from shared.periods import Days
from shared.unit_of_work import UnitOfWork


def cohort(unit: UnitOfWork, period: Days, *, as_of: datetime | None) -> list[CohortMember]:
    """Those due in the period. Segment and region are the customer's when it was opened, and once more, as
    `current_segment` and `current_region`, those of today; of one that was not known by then they are those of today."""
    today = customers.dimensions(unit)
    return [_member(view, today) for view in _views(unit, period, as_of) if view.due_on in period]


def _views(unit: UnitOfWork, period: Days, as_of: datetime | None) -> Iterable[OpportunityView]:
    if as_of is not None:
        return opportunities.as_known_at(unit, as_of)
    rows = unit.tx.execute(opportunities.of_tenant(unit, due_from=period.start, due_to=period.end)).mappings()
    return (opportunities.view_of(row) for row in rows)


def _member(view: OpportunityView, today: Mapping[str, Mapping[str, str]]) -> CohortMember:
    term, decision = opportunities.term_of(view), view.decision
    current = today.get(term.customer_key, {})
    if view.stage == "tracked":
        raise ValueError("a term whose day has not come belongs to no cohort")
    return CohortMember(
        customer=term.customer_key,
        state=view.stage,
        base=term.base,
        due_on=view.due_on,
        decided_on=decision.on if decision else None,
        value=decision.value if decision else None,
        term_months=decision.term_months if decision and decision.value else 12,
        reason=(decision.reason or "") if decision else "",
        cost=Money(sum(contact.cost_minor for contact in view.contacts), term.base.currency),
        dimensions={
            **current,
            **term.dimensions,
            "customer": term.customer_key,
            "term": str(term.number),
            **{f"current_{name}": value for name, value in current.items()},
        },
    )
