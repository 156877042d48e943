"""What the decisions about a budget need to know."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal
from uuid import UUID, uuid5

from services.billing.domain.budget.events import BudgetFacts
from shared.errors import DomainError, NotFound
from shared.money import Money

BudgetStatus = Literal["active", "withdrawn"]
MOST_ALERTS, HIGHEST_PERCENT = 10, 1000


class BudgetNotFound(NotFound):
    pass


class MalformedBudget(DomainError):
    """A budget is more than nothing, and tells at percentages in order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """`reached` is the highest percentage that was told since it was set."""

    facts: BudgetFacts
    amount: Money
    alert_percents: tuple[int, ...]
    status: BudgetStatus = "active"
    reached: int = 0


def budget_id(customer_id: UUID, cost_centre: str, period: str) -> UUID:
    return uuid5(customer_id, f"budget {period} {cost_centre}")
