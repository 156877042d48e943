"""What the dunning of a subscription needs to know: the debts that wait, those that were written off, and its step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from services.billing.domain.dunning.events import Debt, Step
from shared.errors import Conflict

WITHOUT_CHANGES: tuple[Step, ...] = ("restricted", "suspended", "written_off")


class Restricted(Conflict):
    """Who owes for so long gets nothing else first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dunning:
    """`settled` are invoices that are not owed any more; `lost` were written off while service stood suspended for them."""

    customer_id: UUID | None = None
    zone: str = "UTC"
    step: Step = "clear"
    debts: tuple[Debt, ...] = ()
    settled: tuple[UUID, ...] = ()
    lost: tuple[Debt, ...] = ()

    def refuse_changes(self, is_open: Callable[[UUID], bool]) -> None:
        """From `restricted` on, while one of the invoices is open: dunning may not have heard of a payment yet. Ending the
        subscription is no such change. Raises Restricted."""
        owed = [*(debt for debt in self.debts if is_open(debt.invoice_id)), *self.lost]
        if self.step in WITHOUT_CHANGES and owed:
            raise Restricted(f"dunning has come to {self.step}: {owed[0].number} has to be paid first")
