"""Budgets in the words of the published language."""

from __future__ import annotations

from typing import Any

from services.billing.domain.budget.events import BudgetReached
from shared.contracts.billing_budgets import BudgetReachedV1
from shared.messages import Contract


def budget_contract(event: Any) -> Contract | None:
    if not isinstance(event, BudgetReached):
        return None
    facts = event.facts
    return BudgetReachedV1(
        customer_id=facts.customer_id,
        customer_key=facts.customer_key,
        cost_centre=facts.cost_centre,
        period=facts.period,
        starts_on=facts.days.start,
        ends_on=facts.days.end,
        currency=event.amount.currency,
        amount_minor=event.amount.minor,
        billed_minor=event.billed.minor,
        percent=event.percent,
        reached_at=event.reached_at,
    )
