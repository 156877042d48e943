"""What happened to a budget."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from shared.money import Money
from shared.periods import Days


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetFacts:
    """`cost_centre` is a name of the customer's own, `period` that of the `days`."""

    customer_id: UUID
    customer_key: str
    cost_centre: str
    period: str
    days: Days


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetSet:
    """`amount` is net of tax. When so many percent of it are billed somebody is told."""

    facts: BudgetFacts
    amount: Money
    alert_percents: tuple[int, ...]
    reason: str
    set_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetReached:
    """`percent` is the highest of the budget's that `billed` comes to."""

    facts: BudgetFacts
    amount: Money
    percent: int
    billed: Money
    reached_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetWithdrawn:
    reason: str
    withdrawn_at: datetime


BudgetEvent = BudgetSet | BudgetReached | BudgetWithdrawn

EVENT_TYPES: dict[str, type] = {
    "budget_set": BudgetSet,
    "budget_reached": BudgetReached,
    "budget_withdrawn": BudgetWithdrawn,
}
