"""What is asked of budgets: how much of one is billed by now, and whether an offer fits into what is left."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from services.billing.domain.budget.commands import NoteBilled
from services.billing.domain.budget.spending import Room, committed, cost_centres_of, over_budget
from services.billing.domain.quote.approval import OverBudget
from services.billing.domain.quote.state import Quote
from services.billing.projections.budgets import budgets, spending
from services.billing.projections.budgets.spending import Contract, Spending
from shared.money import Money
from shared.periods import Days, local_day
from shared.unit_of_work import UnitOfWork

Row = Mapping[Any, Any]


def touched(
    unit: UnitOfWork, customer_id: UUID, cost_centres: Sequence[str], issued_on: date, zone: str
) -> Iterator[tuple[UUID, NoteBilled]]:
    """The budgets that a document of that day may count for and that have something to tell, with what they have to know.
    Where the books of the day are closed it counts later, today at the latest, wherever the books have their days."""
    last = max(issued_on, local_day(unit.now, zone)) + timedelta(days=1)
    for row in budgets.standing(unit, customer_id, cost_centres, issued_on, last):
        if row["budget"]["reached_percent"] < max(row["budget"]["alert_percents"], default=0):
            yield row["budget_id"], billed_by_now(unit, row)


def billed_by_now(unit: UnitOfWork, row: Row) -> NoteBilled:
    return NoteBilled(billed=Money(spent_of(unit, row).billed, row["currency"]), at=unit.now)


def spent_of(unit: UnitOfWork, row: Row, known: spending.Known = spending.NOW) -> Spending:
    return spending.of_cost_centre(unit, row["customer_id"], row["cost_centre"], row["currency"], days_of(row), known)


def committed_of(unit: UnitOfWork, row: Row, today: date) -> int:
    """In minor units."""
    return _committed(row, spending.contracts(unit, row["customer_id"], row["currency"]), today)


def _committed(row: Row, contracts: Iterable[Contract], today: date) -> int:
    parts = (committed(items, billed, days_of(row), today) for items, billed in contracts)
    return sum(part[row["cost_centre"]] for part in parts)


def days_of(row: Row) -> Days:
    return Days(row["starts_on"], row["ends_on"])


def exceeded(unit: UnitOfWork, quote: Quote, anchors: Sequence[date]) -> tuple[OverBudget, ...]:
    """The budgets of its customer that a quote does not fit into by now."""
    today, names = local_day(unit.now, quote.party.zone), cost_centres_of(quote)
    if not names:
        return ()
    party = quote.party
    rows = budgets.standing(unit, party.customer_id, names, today)
    rows = [row for row in rows if row["currency"] == party.currency]
    contracts = spending.contracts(unit, party.customer_id, party.currency) if rows else []
    rooms = [_room(row, spent_of(unit, row).billed + _committed(row, contracts, today)) for row in rows]
    return over_budget(quote, rooms, anchors, today)


def _room(row: Row, taken: int) -> Room:
    left = Money(row["amount_minor"] - taken, row["currency"])
    return Room(row["cost_centre"], row["period"], days_of(row), left)
