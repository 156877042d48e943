"""How each fact changes a payment plan."""

from __future__ import annotations

from dataclasses import replace

from services.billing.domain.payment_plan.events import (
    PaymentPlanAgreed,
    PaymentPlanBroken,
    PaymentPlanKept,
    PaymentPlanWithdrawn,
    PlanEvent,
)
from services.billing.domain.payment_plan.state import PaymentPlan
from shared.decider import CorruptStream


def evolve(plan: PaymentPlan | None, event: PlanEvent) -> PaymentPlan:
    match plan, event:
        case None, PaymentPlanAgreed(agreement=agreement):
            return PaymentPlan(agreement=agreement)
        case PaymentPlan(), PaymentPlanKept():
            return replace(plan, status="kept")
        case PaymentPlan(), PaymentPlanBroken():
            return replace(plan, status="broken")
        case PaymentPlan(), PaymentPlanWithdrawn():
            return replace(plan, status="withdrawn")
        case _:
            raise CorruptStream(plan, event)
