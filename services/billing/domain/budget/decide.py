"""What a budget answers: it is set and set anew, and tells each of its percentages once."""

from __future__ import annotations

from services.billing.domain.budget.commands import BudgetCommand, NoteBilled, SetBudget, WithdrawBudget
from services.billing.domain.budget.events import BudgetEvent, BudgetReached, BudgetSet, BudgetWithdrawn
from services.billing.domain.budget.state import (
    HIGHEST_PERCENT,
    MOST_ALERTS,
    Budget,
    BudgetNotFound,
    MalformedBudget,
)


def decide(budget: Budget | None, command: BudgetCommand) -> list[BudgetEvent]:
    match budget, command:
        case _, SetBudget():
            return _set(budget, command)
        case None, _:
            raise BudgetNotFound("no such budget")
        case Budget(status="withdrawn"), _:
            return []
        case Budget(), NoteBilled():
            return _noted(budget, command)
        case Budget(), WithdrawBudget(reason=reason, at=at):
            return [BudgetWithdrawn(reason=reason, withdrawn_at=at)]
    raise AssertionError(command)  # every command is above


def _set(budget: Budget | None, command: SetBudget) -> list[BudgetEvent]:
    _check(command)
    wanted = (command.amount, command.alert_percents, "active")
    if budget is not None and (budget.amount, budget.alert_percents, budget.status) == wanted:
        return []
    return [
        BudgetSet(
            facts=command.facts,
            amount=command.amount,
            alert_percents=command.alert_percents,
            reason=command.reason,
            set_at=command.at,
        )
    ]


def _check(command: SetBudget) -> None:
    percents = command.alert_percents
    if command.amount.minor <= 0:
        raise MalformedBudget("give more than nothing, or withdraw it", field="/amount_minor")
    if len(percents) > MOST_ALERTS or any(not 1 <= percent <= HIGHEST_PERCENT for percent in percents):
        raise MalformedBudget(f"at most {MOST_ALERTS} from 1 to {HIGHEST_PERCENT}", field="/alert_percents")
    if list(percents) != sorted(set(percents)):
        raise MalformedBudget("each once, in order", field="/alert_percents")


def _noted(budget: Budget, command: NoteBilled) -> list[BudgetEvent]:
    """What was told is not told again when a credit note has taken it back and it is billed once more."""
    reached = [each for each in budget.alert_percents if each * budget.amount.minor <= 100 * command.billed.minor]
    if not reached or reached[-1] <= budget.reached:
        return []
    return [
        BudgetReached(
            facts=budget.facts,
            amount=budget.amount,
            percent=reached[-1],
            billed=command.billed,
            reached_at=command.at,
        )
    ]
