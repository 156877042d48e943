"""How each fact changes the dunning of a subscription."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from uuid import UUID

from services.billing.domain.dunning.events import (
    Debt,
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
)
from services.billing.domain.dunning.state import Dunning, Hold
from shared.money import Money


def evolve(dunning: Dunning, event: DunningEvent) -> Dunning:
    match event:
        case DebtTracked(customer_id=customer_id, zone=zone, debt=debt):
            return replace(dunning, customer_id=customer_id, zone=zone, debts=_by_age([*dunning.debts, debt]))
        case DebtRestored():
            return _restored(dunning, event)
        case DebtReduced(invoice_id=invoice_id, open=left):
            return _reduced(dunning, invoice_id, left)
        case DebtWrittenOff(debt=debt):
            return _lost(_reduced(dunning, debt.invoice_id, Money.zero(debt.open.currency)), debt)
        case DebtRecovered(invoice_id=invoice_id, lost=lost):
            return replace(dunning, lost=_left(dunning.lost, invoice_id, lost))
        case DebtsHeld(plan_id=plan_id, invoice_ids=ids, held_on=on, lifts=lifts):
            holds = dict.fromkeys(ids, Hold(plan_id=plan_id, on=on, lifts=lifts))
            return replace(dunning, holds=dunning.holds | holds)
        case DebtsReleased(invoice_ids=ids, days=days):
            holds = {id_: hold for id_, hold in dunning.holds.items() if id_ not in ids}
            waited = {id_: dunning.waited.get(id_, 0) + days for id_ in ids}
            return replace(dunning, holds=holds, waited=dunning.waited | waited)
        case DunningStepReached(step=step):
            return replace(dunning, step=step)
        case DunningCleared():
            return replace(dunning, step="clear")


def _restored(dunning: Dunning, event: DebtRestored) -> Dunning:
    debt = event.debt
    others = [other for other in dunning.debts if other.invoice_id != debt.invoice_id]
    settled = tuple(id_ for id_ in dunning.settled if id_ != debt.invoice_id)
    dunning = replace(dunning, customer_id=event.customer_id, zone=event.zone, settled=settled)
    return replace(dunning, debts=_by_age([*others, debt]))


def _by_age(debts: Iterable[Debt]) -> tuple[Debt, ...]:
    return tuple(sorted(debts, key=lambda debt: (debt.due_on, debt.number)))


def _reduced(dunning: Dunning, invoice_id: UUID, left: Money) -> Dunning:
    dunning = replace(dunning, debts=_left(dunning.debts, invoice_id, left))
    return dunning if left.minor else replace(dunning, settled=(*dunning.settled, invoice_id))


def _left(debts: Iterable[Debt], invoice_id: UUID, left: Money) -> tuple[Debt, ...]:
    changed = (replace(debt, open=left) if debt.invoice_id == invoice_id else debt for debt in debts)
    return tuple(debt for debt in changed if debt.open.minor)


def _lost(dunning: Dunning, debt: Debt) -> Dunning:
    others = [other for other in dunning.lost if other.invoice_id != debt.invoice_id]
    return replace(dunning, lost=_by_age([*others, debt]))
