"""A payment plan: what several open invoices come to is paid in instalments on agreed days, and dunning waits for them."""

from services.billing.domain.payment_plan.commands import PlanCommand
from services.billing.domain.payment_plan.decide import decide
from services.billing.domain.payment_plan.events import EVENT_TYPES, PlanEvent
from services.billing.domain.payment_plan.evolve import evolve
from services.billing.domain.payment_plan.state import PaymentPlan
from shared.decider import Decider

PAYMENT_PLAN: Decider[PaymentPlan | None, PlanCommand, PlanEvent] = Decider(
    "payment_plan", None, decide, evolve, EVENT_TYPES
)
