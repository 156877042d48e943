"""What a budget can be told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from services.billing.domain.budget.events import BudgetFacts
from shared.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class SetBudget:
    """In the place of what it was before; one that was withdrawn stands again."""

    facts: BudgetFacts
    amount: Money
    alert_percents: tuple[int, ...]
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteBilled:
    """`billed` is all that documents of its days carry for the cost centre by now, net."""

    billed: Money
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class WithdrawBudget:
    reason: str
    at: datetime


BudgetCommand = SetBudget | NoteBilled | WithdrawBudget
