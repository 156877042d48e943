"""What a payment plan can be told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from services.billing.domain.payment_plan.events import Agreement
from services.billing.domain.payment_plan.instalments import Owing


@dataclass(frozen=True, slots=True, kw_only=True)
class AgreePlan:
    agreement: Agreement


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewPlan:
    """`now` is what its invoices come to by now."""

    now: tuple[Owing, ...]
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class WithdrawPlan:
    now: tuple[Owing, ...]
    reason: str
    at: datetime


PlanCommand = AgreePlan | ReviewPlan | WithdrawPlan
