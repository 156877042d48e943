"""The steps of dunning, and how far what is owed has come on them."""

from __future__ import annotations

from datetime import datetime, timedelta

from services.billing.domain.dunning.events import Debt, Step
from services.billing.domain.dunning.state import Dunning
from shared.periods import local_day, start_of_day

# Days after the due day, in the customer's zone; each step falls at the first instant of its day.
LADDER: tuple[tuple[int, Step], ...] = ((1, "reminded"), (7, "warned"), (14, "restricted"), (21, "suspended"))
RANKS: tuple[Step, ...] = ("clear", *(step for _, step in LADDER), "written_off")


def steps_at(debt: Debt, zone: str) -> tuple[datetime, ...]:
    return tuple(start_of_day(debt.due_on + timedelta(days=days), zone) for days, _ in LADDER)


def steps_ahead(dunning: Dunning, at: datetime) -> tuple[datetime, ...]:
    """Those that the oldest debt has before it."""
    return tuple(step_at for debt in dunning.debts[:1] for step_at in steps_at(debt, dunning.zone) if step_at > at)


def step_of(dunning: Dunning, at: datetime) -> Step:
    """The highest step that the age of the oldest debt has reached; what was lost is above them all."""
    if dunning.lost:
        return "written_off"
    if not dunning.debts:
        return "clear"
    age = (local_day(at, dunning.zone) - dunning.debts[0].due_on).days
    return next((step for days, step in reversed(LADDER) if age >= days), "clear")


def rank(step: Step) -> int:
    return RANKS.index(step)
