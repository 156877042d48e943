"""What a customer means to spend on a cost centre in a period, and what of it was billed."""

from services.billing.domain.budget.commands import BudgetCommand
from services.billing.domain.budget.decide import decide
from services.billing.domain.budget.events import EVENT_TYPES, BudgetEvent
from services.billing.domain.budget.evolve import evolve
from services.billing.domain.budget.state import Budget
from shared.decider import Decider

BUDGET: Decider[Budget | None, BudgetCommand, BudgetEvent] = Decider("budget", None, decide, evolve, EVENT_TYPES)
