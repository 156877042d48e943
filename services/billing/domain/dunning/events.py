"""What happened to the debts of a subscription, or of a customer beside any, and the steps that they brought it to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal
from uuid import UUID

from shared.money import Money

Step = Literal["clear", "reminded", "warned", "restricted", "suspended", "written_off"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Debt:
    invoice_id: UUID
    number: str
    due_on: date
    open: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class DebtTracked:
    customer_id: UUID
    zone: str
    debt: Debt
    steps_at: tuple[datetime, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DebtReduced:
    """`steps_at` are the steps that the oldest debt left has before it: they may have come already, and said nothing
    while an older debt stood higher, where this payment is heard of late."""

    invoice_id: UUID
    open: Money
    steps_at: tuple[datetime, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DebtRestored:
    """`steps_at` are the steps that are still to come; the one that its age has reached comes at once."""

    customer_id: UUID
    zone: str
    debt: Debt
    steps_at: tuple[datetime, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DunningStepReached:
    """`debts` are the invoices that are overdue, the oldest first."""

    subscription_id: UUID | None
    customer_id: UUID
    step: Step
    reached_at: datetime
    debts: tuple[Debt, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DunningCleared:
    subscription_id: UUID | None
    customer_id: UUID
    cleared_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DebtWrittenOff:
    """Service stood suspended for it, and stays so until it is recovered: `debt.open` is what was lost."""

    debt: Debt


@dataclass(frozen=True, slots=True, kw_only=True)
class DebtRecovered:
    """`lost` is what is left of the loss; `steps_at` are the steps that the oldest debt left has before it."""

    invoice_id: UUID
    lost: Money
    steps_at: tuple[datetime, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DebtsHeld:
    """From this day on they grow no older on the ladder; with `lifts` they count for no step. `steps_at` are the steps that
    the oldest debt left has before it."""

    plan_id: UUID
    invoice_ids: tuple[UUID, ...]
    held_on: date
    lifts: bool
    steps_at: tuple[datetime, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DebtsReleased:
    """The ladder stood still for them for so many days; `steps_at` are the steps that are still to come."""

    plan_id: UUID
    invoice_ids: tuple[UUID, ...]
    days: int
    steps_at: tuple[datetime, ...] = ()


DunningEvent = (
    DebtTracked
    | DebtReduced
    | DebtRestored
    | DebtWrittenOff
    | DebtRecovered
    | DebtsHeld
    | DebtsReleased
    | DunningStepReached
    | DunningCleared
)

EVENT_TYPES: dict[str, type] = {
    "debt_tracked": DebtTracked,
    "debt_reduced": DebtReduced,
    "debt_restored": DebtRestored,
    "debt_written_off": DebtWrittenOff,
    "debt_recovered": DebtRecovered,
    "debts_held": DebtsHeld,
    "debts_released": DebtsReleased,
    "dunning_step_reached": DunningStepReached,
    "dunning_cleared": DunningCleared,
}
