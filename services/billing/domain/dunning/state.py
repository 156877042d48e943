"""What the dunning of a subscription needs to know: the debts that wait, those that were written off, and its step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from services.billing.domain.dunning.events import Debt, Step
from shared.errors import Conflict

WITHOUT_CHANGES: tuple[Step, ...] = ("restricted", "suspended", "written_off")


class Restricted(Conflict):
    """Who owes for so long gets nothing else first."""


class UnderAnotherPlan(Conflict):
    """An invoice is paid by one plan at a time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """Why a debt grows no older, and since when; one that is lifted counts for no step."""

    plan_id: UUID
    on: date
    lifts: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Dunning:
    """`settled` are invoices that are not owed any more; `lost` were written off while service stood suspended for them.
    `holds` are by invoice, whether it is a debt already or not, and `waited` the days that the ladder stood still for it."""

    customer_id: UUID | None = None
    zone: str = "UTC"
    step: Step = "clear"
    debts: tuple[Debt, ...] = ()
    settled: tuple[UUID, ...] = ()
    lost: tuple[Debt, ...] = ()
    holds: dict[UUID, Hold] = field(default_factory=dict)
    waited: dict[UUID, int] = field(default_factory=dict)

    def age(self, debt: Debt, today: date) -> int:
        """In days after the due day, as far as the ladder counts them."""
        hold = self.holds.get(debt.invoice_id)
        until = today if hold is None else min(today, hold.on)
        return (until - debt.due_on).days - self.waited.get(debt.invoice_id, 0)

    def is_lifted(self, debt: Debt) -> bool:
        return debt.invoice_id in self.holds and self.holds[debt.invoice_id].lifts

    def refuse_changes(self, is_open: Callable[[UUID], bool]) -> None:
        """From `restricted` on, while one of the invoices is open: dunning may not have heard of a payment yet. Ending the
        subscription is no such change. Raises Restricted."""
        owed = [*(debt for debt in self.debts if is_open(debt.invoice_id)), *self.lost]
        if self.step in WITHOUT_CHANGES and owed:
            raise Restricted(f"dunning has come to {self.step}: {owed[0].number} has to be paid first")
