"""How each fact changes a budget."""

from __future__ import annotations

from dataclasses import replace

from services.billing.domain.budget.events import BudgetEvent, BudgetReached, BudgetSet, BudgetWithdrawn
from services.billing.domain.budget.state import Budget
from shared.decider import CorruptStream


def evolve(budget: Budget | None, event: BudgetEvent) -> Budget:
    match budget, event:
        case _, BudgetSet(facts=facts, amount=amount, alert_percents=percents):
            return Budget(facts=facts, amount=amount, alert_percents=percents)
        case Budget(), BudgetReached(percent=percent):
            return replace(budget, reached=percent)
        case Budget(), BudgetWithdrawn():
            return replace(budget, status="withdrawn")
        case _:
            raise CorruptStream(budget, event)
