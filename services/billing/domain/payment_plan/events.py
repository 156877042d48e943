"""What was agreed about paying by instalments, and how it ended."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from services.billing.domain.payment_plan.instalments import Instalment, Owing
from shared.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedInvoice:
    """`owing` is what it came to when the plan was agreed. A consolidated invoice is of several `subscription_ids`."""

    invoice_id: UUID
    number: str
    subscription_id: UUID | None
    owing: Owing
    subscription_ids: tuple[UUID, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """`grace_days` after its day an instalment is missed. With `restores_service` what dunning did for these debts is taken
    back while the plan is kept; without it nothing more is done. With `autopay_retry_days` instalments are charged on their
    days, and so many days after them, as long as they are not paid; None leaves that to the customer."""

    plan_id: UUID
    customer_id: UUID
    customer_key: str
    zone: str
    invoices: tuple[PlannedInvoice, ...]
    instalments: tuple[Instalment, ...]
    grace_days: int
    restores_service: bool
    agreed_on: date
    note: str
    autopay_retry_days: tuple[int, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentPlanAgreed:
    """`reviews_at` are the instants from which on an instalment that is not paid is missed."""

    agreement: Agreement
    reviews_at: tuple[datetime, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """`reduced` and `paid` are those of its progress by then."""

    plan_id: UUID
    ended_on: date
    reduced: Money
    paid: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentPlanKept:
    ending: Ending


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentPlanBroken:
    """`missing` should have been paid."""

    ending: Ending
    missing: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentPlanWithdrawn:
    ending: Ending
    reason: str


PlanEvent = PaymentPlanAgreed | PaymentPlanKept | PaymentPlanBroken | PaymentPlanWithdrawn

EVENT_TYPES: dict[str, type] = {
    "payment_plan_agreed": PaymentPlanAgreed,
    "payment_plan_kept": PaymentPlanKept,
    "payment_plan_broken": PaymentPlanBroken,
    "payment_plan_withdrawn": PaymentPlanWithdrawn,
}
