"""What is asked of budgets: how much of one is billed by now, and whether an offer fits into what is left."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from services.billing.domain.budget.commands import NoteBilled
from services.billing.domain.budget.spending import Room, cost_centres_of, over_budget
from services.billing.domain.quote.approval import OverBudget
from services.billing.domain.quote.state import Quote
from services.billing.projections.budgets import budgets, spending
from services.billing.projections.budgets.spending import Spending
from shared.money import Money
from shared.periods import Days, local_day
from shared.unit_of_work import UnitOfWork

Row = Mapping[Any, Any]


def touched(
    unit: UnitOfWork, customer_id: UUID, cost_centres: Sequence[str], issued_on: date, zone: str
) -> Iterator[tuple[UUID, NoteBilled]]:
    """The budgets that a document of that day may count for, with what they have to know. Where the books of the day are
    closed it counts later, today at the latest."""
    last = max(issued_on, local_day(unit.now, zone))
    for row in budgets.standing(unit, customer_id, cost_centres, issued_on, last):
        yield row["budget_id"], billed_by_now(unit, row)


def billed_by_now(unit: UnitOfWork, row: Row) -> NoteBilled:
    return NoteBilled(billed=Money(spent_of(unit, row).billed, row["currency"]), at=unit.now)


def spent_of(unit: UnitOfWork, row: Row, known: spending.Known = spending.NOW) -> Spending:
    return spending.of_cost_centre(unit, row["customer_id"], row["cost_centre"], row["currency"], days_of(row), known)


def committed_of(unit: UnitOfWork, row: Row, today: date) -> int:
    """In minor units."""
    return spending.commitments(unit, row["customer_id"], days_of(row), today)[row["cost_centre"]]


def days_of(row: Row) -> Days:
    return Days(row["starts_on"], row["ends_on"])


def exceeded(unit: UnitOfWork, quote: Quote, anchors: Sequence[date]) -> tuple[OverBudget, ...]:
    """The budgets of its customer that a quote does not fit into by now."""
    today, names = local_day(unit.now, quote.party.zone), cost_centres_of(quote)
    if not names:
        return ()
    rows = budgets.standing(unit, quote.party.customer_id, names, today)
    return over_budget(quote, [_room(unit, row, today) for row in rows], anchors, today)


def _room(unit: UnitOfWork, row: Row, today: date) -> Room:
    left = row["amount_minor"] - spent_of(unit, row).billed - committed_of(unit, row, today)
    return Room(row["cost_centre"], row["period"], days_of(row), Money(left, row["currency"]))
