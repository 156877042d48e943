"""What dunning answers to a command: debts come and go, and the step follows the oldest of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from services.billing.domain.dunning.commands import (
    ClimbLadder,
    DunningCommand,
    HoldDebts,
    RecoverDebt,
    ReduceDebt,
    ReleaseDebts,
    RestoreDebt,
    TrackDebt,
    WriteOffDebt,
)
from services.billing.domain.dunning.events import (
    DebtRecovered,
    DebtReduced,
    DebtRestored,
    DebtsHeld,
    DebtsReleased,
    DebtTracked,
    DebtWrittenOff,
    DunningCleared,
    DunningEvent,
    DunningStepReached,
    Step,
)
from services.billing.domain.dunning.evolve import evolve
from services.billing.domain.dunning.ladder import REMINDERS, ladder_of, rank, step_of, steps_ahead, steps_at
from services.billing.domain.dunning.state import Dunning, UnderAnotherPlan
from shared.money import Money
from shared.periods import local_day


def decide(dunning: Dunning, command: DunningCommand) -> list[DunningEvent]:
    match command:
        case TrackDebt(debt=debt) if _is_known(dunning, debt.invoice_id) or not debt.open.minor:
            return []
        case TrackDebt():
            return [_tracked(dunning, command)]
        case ReduceDebt():
            return _reduce(dunning, command)
        case RestoreDebt():
            return _restore(dunning, command)
        case WriteOffDebt():
            return _write_off(dunning, command)
        case RecoverDebt():
            return _recover(dunning, command)
        case HoldDebts():
            return _hold(dunning, command)
        case ReleaseDebts():
            return _release(dunning, command)
        case ClimbLadder(subscription_id=subscription_id, at=at, only_reminds=only_reminds):
            return _climb(dunning, subscription_id, at, only_reminds=only_reminds)


def _is_known(dunning: Dunning, invoice_id: UUID) -> bool:
    return invoice_id in dunning.settled or any(debt.invoice_id == invoice_id for debt in dunning.debts)


def _tracked(dunning: Dunning, command: TrackDebt) -> DebtTracked:
    ladder, waited = ladder_of(command.subscription_id), dunning.waited.get(command.debt.invoice_id, 0)
    at = steps_at(ladder, command.debt, command.zone, waited)
    return DebtTracked(customer_id=command.customer_id, zone=command.zone, debt=command.debt, steps_at=at)


def _reduce(dunning: Dunning, command: ReduceDebt) -> list[DunningEvent]:
    """Paying takes the subscription down to the step of what is still owed, or off the ladder."""
    if command.invoice_id in dunning.settled:
        return []
    reduced = DebtReduced(invoice_id=command.invoice_id, open=command.open)
    return _down(dunning, reduced, command.subscription_id, command.at)


def _write_off(dunning: Dunning, command: WriteOffDebt) -> list[DunningEvent]:
    """Service that stands suspended for it stays so; before that step it is let go like what was paid."""
    debt = next((debt for debt in dunning.debts if debt.invoice_id == command.invoice_id), None)
    if debt is None:
        return []
    if rank(dunning.step) < rank("suspended"):
        reduced = DebtReduced(invoice_id=command.invoice_id, open=Money.zero(debt.open.currency))
        return _down(dunning, reduced, command.subscription_id, command.at)
    lost = DebtWrittenOff(debt=replace(debt, open=command.lost))
    return [lost, *_climb(evolve(dunning, lost), command.subscription_id, command.at)]


def _recover(dunning: Dunning, command: RecoverDebt) -> list[DunningEvent]:
    known = {debt.invoice_id: debt.open for debt in dunning.lost}
    if known.get(command.invoice_id, command.lost) == command.lost:
        return []
    recovered = DebtRecovered(invoice_id=command.invoice_id, lost=command.lost)
    return _down(dunning, recovered, command.subscription_id, command.at)


def _down(
    dunning: Dunning,
    reduced: DebtReduced | DebtRecovered | DebtsHeld,
    subscription_id: UUID | None,
    at: datetime,
) -> list[DunningEvent]:
    after, ladder = evolve(dunning, reduced), ladder_of(subscription_id)
    step = step_of(ladder, after, at)
    if rank(step) >= rank(dunning.step) or dunning.customer_id is None:
        return [reduced]
    reduced = replace(reduced, steps_at=steps_ahead(ladder, after, at))
    if step == "clear":
        cleared = DunningCleared(subscription_id=subscription_id, customer_id=dunning.customer_id, cleared_at=at)
        return [reduced, cleared]
    return [reduced, _reached(after, subscription_id, step, at)]


def _restore(dunning: Dunning, command: RestoreDebt) -> list[DunningEvent]:
    if command.debt in dunning.debts:
        return []
    ladder, waited = ladder_of(command.subscription_id), dunning.waited.get(command.debt.invoice_id, 0)
    ahead = tuple(at for at in steps_at(ladder, command.debt, command.zone, waited) if at > command.at)
    restored = DebtRestored(customer_id=command.customer_id, zone=command.zone, debt=command.debt, steps_at=ahead)
    return [restored, *_climb(evolve(dunning, restored), command.subscription_id, command.at)]


def _hold(dunning: Dunning, command: HoldDebts) -> list[DunningEvent]:
    """The step stays, or goes down to that of the other debts where these are lifted."""
    plans = {dunning.holds[id_].plan_id for id_ in command.invoice_ids if id_ in dunning.holds}
    if plans == {command.plan_id}:
        return []
    if plans:
        raise UnderAnotherPlan("one of the invoices is under a payment plan already", field="/invoices")
    held = DebtsHeld(plan_id=command.plan_id, invoice_ids=command.invoice_ids, held_on=command.on, lifts=command.lifts)
    return _down(dunning, held, command.subscription_id, command.at)


def _release(dunning: Dunning, command: ReleaseDebts) -> list[DunningEvent]:
    """The ladder goes on where it stopped: by as many days later as it stood still."""
    mine = {id_: hold for id_, hold in dunning.holds.items() if hold.plan_id == command.plan_id}
    if not mine:
        return []
    days = max(0, max((command.on - hold.on).days for hold in mine.values()))
    released = DebtsReleased(plan_id=command.plan_id, invoice_ids=tuple(mine), days=days)
    after = evolve(dunning, released)
    waiting = {
        at
        for debt in dunning.debts
        if debt.invoice_id in mine
        for at in steps_at(ladder_of(command.subscription_id), debt, dunning.zone, after.waited[debt.invoice_id])
        if at > command.at
    }
    released = replace(released, steps_at=tuple(sorted(waiting)))
    return [released, *_climb(after, command.subscription_id, command.at)]


def _climb(
    dunning: Dunning, subscription_id: UUID | None, at: datetime, *, only_reminds: bool = False
) -> list[DunningEvent]:
    step = step_of(REMINDERS if only_reminds else ladder_of(subscription_id), dunning, at)
    return [_reached(dunning, subscription_id, step, at)] if rank(step) > rank(dunning.step) else []


def _reached(dunning: Dunning, subscription_id: UUID | None, step: Step, at: datetime) -> DunningStepReached:
    assert dunning.customer_id is not None  # there is no step without a debt
    today = local_day(at, dunning.zone)
    overdue = [debt for debt in dunning.debts if debt.due_on < today and not dunning.is_lifted(debt)]
    return DunningStepReached(
        subscription_id=subscription_id,
        customer_id=dunning.customer_id,
        step=step,
        reached_at=at,
        debts=tuple(sorted([*dunning.lost, *overdue], key=lambda debt: (debt.due_on, debt.number))),
    )
