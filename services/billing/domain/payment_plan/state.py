"""What the decisions about a payment plan need to know."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from services.billing.domain.invoice.state import Invoice
from services.billing.domain.payment_plan.events import Agreement
from services.billing.domain.payment_plan.instalments import Owing, Progress, progress
from shared.errors import Conflict, DomainError, NotFound

PlanStatus = Literal["standing", "kept", "broken", "withdrawn"]


class PaymentPlanNotFound(NotFound):
    pass


class PlanRefused(DomainError):
    """What was agreed does not add up."""


class NothingOwed(Conflict):
    """Only what is open is paid in instalments."""


class PlanEnded(Conflict):
    """It was kept, broken or withdrawn already."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentPlan:
    agreement: Agreement
    status: PlanStatus = "standing"

    def progress(self, now: Sequence[Owing]) -> Progress:
        agreed = [invoice.owing for invoice in self.agreement.invoices]
        return progress(self.agreement.instalments, agreed, now)


def owing_of(invoice: Invoice) -> Owing:
    return Owing(invoice_id=invoice.header.invoice_id, charged=invoice.charged, open=invoice.owed)
