"""Dunning of one subscription: a ladder climbed by the oldest unpaid invoice, and left when the debt is paid."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Literal
from uuid import UUID

from shared.decider import Decider
from shared.errors import Conflict
from shared.money import Money
from shared.periods import local_day, start_of_day

Step = Literal["clear", "reminded", "warned", "restricted", "suspended"]

# Days after the due day, in the customer's zone; each step falls at the first instant of its day.
LADDER: tuple[tuple[int, Step], ...] = ((1, "reminded"), (7, "warned"), (14, "restricted"), (21, "suspended"))
WITHOUT_CHANGES: tuple[Step, ...] = ("restricted", "suspended")


class Restricted(Conflict):
    """Who owes for so long gets nothing else first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Debt:
    invoice_id: UUID
    number: str
    due_on: date
    open: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Dunning:
    customer_id: UUID | None = None
    zone: str = "UTC"
    step: Step = "clear"
    debts: tuple[Debt, ...] = ()
    settled: tuple[UUID, ...] = ()

    def refuse_changes(self) -> None:
        """From `restricted` on; ending the subscription is no such change. Raises Restricted."""
        if self.step in WITHOUT_CHANGES:
            raise Restricted(f"dunning has come to {self.step}: {self.debts[0].number} has to be paid first")


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackDebt:
    customer_id: UUID
    zone: str
    debt: Debt


@dataclass(frozen=True, slots=True, kw_only=True)
class ReduceDebt:
    """`open` is what is left of the invoice; nothing left settles it."""

    invoice_id: UUID
    open: Money
    subscription_id: UUID
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RestoreDebt:
    """What had been paid of an invoice is owed again: its payment was taken back."""

    subscription_id: UUID
    customer_id: UUID
    zone: str
    debt: Debt
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ClimbLadder:
    subscription_id: UUID
    at: datetime


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

    subscription_id: UUID
    customer_id: UUID
    step: Step
    reached_at: datetime
    debts: tuple[Debt, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DunningCleared:
    subscription_id: UUID
    customer_id: UUID
    cleared_at: datetime


DunningCommand = TrackDebt | ReduceDebt | RestoreDebt | ClimbLadder
DunningEvent = DebtTracked | DebtReduced | DebtRestored | DunningStepReached | DunningCleared


def decide(dunning: Dunning, command: DunningCommand) -> list[DunningEvent]:
    match command:
        case TrackDebt(debt=debt) if _is_known(dunning, debt.invoice_id) or not debt.open.minor:
            return []
        case TrackDebt():
            return [_tracked(command)]
        case ReduceDebt():
            return _reduce(dunning, command)
        case RestoreDebt():
            return _restore(dunning, command)
        case ClimbLadder(subscription_id=subscription_id, at=at):
            return _climb(dunning, subscription_id, at)


def _is_known(dunning: Dunning, invoice_id: UUID) -> bool:
    return invoice_id in dunning.settled or any(debt.invoice_id == invoice_id for debt in dunning.debts)


def _tracked(command: TrackDebt) -> DebtTracked:
    steps_at = _steps_at(command.debt, command.zone)
    return DebtTracked(customer_id=command.customer_id, zone=command.zone, debt=command.debt, steps_at=steps_at)


def _steps_at(debt: Debt, zone: str) -> tuple[datetime, ...]:
    return tuple(start_of_day(debt.due_on + timedelta(days=days), zone) for days, _ in LADDER)


def _reduce(dunning: Dunning, command: ReduceDebt) -> list[DunningEvent]:
    """Paying takes the subscription down to the step of what is still owed, or off the ladder."""
    if command.invoice_id in dunning.settled:
        return []
    reduced = DebtReduced(invoice_id=command.invoice_id, open=command.open)
    after = evolve(dunning, reduced)
    step = _step(after, command.at)
    if _rank(step) >= _rank(dunning.step) or dunning.customer_id is None:
        return [reduced]
    reduced = replace(reduced, steps_at=_steps_ahead(after, command.at))
    if step == "clear":
        cleared = DunningCleared(
            subscription_id=command.subscription_id, customer_id=dunning.customer_id, cleared_at=command.at
        )
        return [reduced, cleared]
    return [reduced, _reached(after, command.subscription_id, step, command.at)]


def _restore(dunning: Dunning, command: RestoreDebt) -> list[DunningEvent]:
    if command.debt in dunning.debts:
        return []
    steps_at = tuple(at for at in _steps_at(command.debt, command.zone) if at > command.at)
    restored = DebtRestored(customer_id=command.customer_id, zone=command.zone, debt=command.debt, steps_at=steps_at)
    return [restored, *_climb(evolve(dunning, restored), command.subscription_id, command.at)]


def _steps_ahead(dunning: Dunning, at: datetime) -> tuple[datetime, ...]:
    return tuple(step_at for debt in dunning.debts[:1] for step_at in _steps_at(debt, dunning.zone) if step_at > at)


def _climb(dunning: Dunning, subscription_id: UUID, at: datetime) -> list[DunningEvent]:
    step = _step(dunning, at)
    return [_reached(dunning, subscription_id, step, at)] if _rank(step) > _rank(dunning.step) else []


def _reached(dunning: Dunning, subscription_id: UUID, step: Step, at: datetime) -> DunningStepReached:
    assert dunning.customer_id is not None  # there is no step without a debt
    today = local_day(at, dunning.zone)
    return DunningStepReached(
        subscription_id=subscription_id,
        customer_id=dunning.customer_id,
        step=step,
        reached_at=at,
        debts=tuple(debt for debt in dunning.debts if debt.due_on < today),
    )


def _step(dunning: Dunning, at: datetime) -> Step:
    """The highest step that the age of the oldest debt has reached."""
    if not dunning.debts:
        return "clear"
    age = (local_day(at, dunning.zone) - dunning.debts[0].due_on).days
    return next((step for days, step in reversed(LADDER) if age >= days), "clear")


def _rank(step: Step) -> int:
    return next((rank for rank, (_, name) in enumerate(LADDER, start=1) if name == step), 0)


def evolve(dunning: Dunning, event: DunningEvent) -> Dunning:
    match event:
        case DebtTracked(customer_id=customer_id, zone=zone, debt=debt):
            return replace(dunning, customer_id=customer_id, zone=zone, debts=_by_age([*dunning.debts, debt]))
        case DebtRestored(customer_id=customer_id, zone=zone, debt=debt):
            others = [other for other in dunning.debts if other.invoice_id != debt.invoice_id]
            settled = tuple(id_ for id_ in dunning.settled if id_ != debt.invoice_id)
            dunning = replace(dunning, customer_id=customer_id, zone=zone, settled=settled)
            return replace(dunning, debts=_by_age([*others, debt]))
        case DebtReduced(invoice_id=invoice_id, open=left):
            return _reduced(dunning, invoice_id, left)
        case DunningStepReached(step=step):
            return replace(dunning, step=step)
        case DunningCleared():
            return replace(dunning, step="clear")


def _by_age(debts: Iterable[Debt]) -> tuple[Debt, ...]:
    return tuple(sorted(debts, key=lambda debt: (debt.due_on, debt.number)))


def _reduced(dunning: Dunning, invoice_id: UUID, left: Money) -> Dunning:
    if left.minor:
        debts = tuple(replace(d, open=left) if d.invoice_id == invoice_id else d for d in dunning.debts)
        return replace(dunning, debts=debts)
    debts = tuple(debt for debt in dunning.debts if debt.invoice_id != invoice_id)
    return replace(dunning, debts=debts, settled=(*dunning.settled, invoice_id))


DUNNING: Decider[Dunning, DunningCommand, DunningEvent] = Decider(
    "dunning",
    Dunning(),
    decide,
    evolve,
    {
        "debt_tracked": DebtTracked,
        "debt_reduced": DebtReduced,
        "debt_restored": DebtRestored,
        "dunning_step_reached": DunningStepReached,
        "dunning_cleared": DunningCleared,
    },
)
