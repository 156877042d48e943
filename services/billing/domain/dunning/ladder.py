"""The steps of dunning, and how far what is owed has come on them."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from services.billing.domain.dunning.events import Debt, Step
from services.billing.domain.dunning.state import Dunning
from shared.periods import local_day, start_of_day

Ladder = tuple[tuple[int, Step], ...]
# Days after the due day, in the customer's zone; each step falls at the first instant of its day.
LADDER: Ladder = ((1, "reminded"), (7, "warned"), (14, "restricted"), (21, "suspended"))
# What is owed beside any subscription restricts and suspends none.
REMINDERS = LADDER[:2]
RANKS: tuple[Step, ...] = ("clear", *(step for _, step in LADDER), "written_off")


def ladder_of(subscription_id: UUID | None) -> Ladder:
    return REMINDERS if subscription_id is None else LADDER


def steps_at(ladder: Ladder, debt: Debt, zone: str, waited: int = 0) -> tuple[datetime, ...]:
    """`waited` are the days that the ladder stood still for it."""
    return tuple(start_of_day(debt.due_on + timedelta(days=days + waited), zone) for days, _ in ladder)


def steps_ahead(ladder: Ladder, dunning: Dunning, at: datetime) -> tuple[datetime, ...]:
    """Those that the oldest debt has before it; none while it is held."""
    oldest = oldest_of(dunning, at)
    if oldest is None or oldest.invoice_id in dunning.holds:
        return ()
    waited = dunning.waited.get(oldest.invoice_id, 0)
    return tuple(step_at for step_at in steps_at(ladder, oldest, dunning.zone, waited) if step_at > at)


def oldest_of(dunning: Dunning, at: datetime) -> Debt | None:
    """By its age on the ladder, of those that count for a step."""
    today = local_day(at, dunning.zone)
    counted = (debt for debt in dunning.debts if not dunning.is_lifted(debt))
    return max(counted, key=lambda debt: dunning.age(debt, today), default=None)


def step_of(ladder: Ladder, dunning: Dunning, at: datetime) -> Step:
    """The highest step that the age of the oldest debt has reached; what was lost is above them all."""
    if dunning.lost:
        return "written_off"
    oldest = oldest_of(dunning, at)
    if oldest is None:
        return "clear"
    age = dunning.age(oldest, local_day(at, dunning.zone))
    return next((step for days, step in reversed(ladder) if age >= days), "clear")


def rank(step: Step) -> int:
    return RANKS.index(step)
