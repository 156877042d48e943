"""What a payment plan answers to a command: whether what is agreed adds up, and whether it is kept."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise

from services.billing.domain.payment_plan.commands import AgreePlan, PlanCommand, ReviewPlan, WithdrawPlan
from services.billing.domain.payment_plan.events import (
    Agreement,
    Ending,
    PaymentPlanAgreed,
    PaymentPlanBroken,
    PaymentPlanKept,
    PaymentPlanWithdrawn,
    PlanEvent,
)
from services.billing.domain.payment_plan.state import (
    NothingOwed,
    PaymentPlan,
    PaymentPlanNotFound,
    PlanEnded,
    PlanRefused,
)
from shared.money import Money
from shared.periods import local_day, start_of_day

LONGEST = timedelta(days=3660)


def decide(plan: PaymentPlan | None, command: PlanCommand) -> list[PlanEvent]:
    match plan, command:
        case None, AgreePlan(agreement=agreement):
            _check(agreement)
            return [PaymentPlanAgreed(agreement=agreement, reviews_at=tuple(_reviews(agreement)))]
        case PaymentPlan(), AgreePlan():
            return []
        case None, _:
            raise PaymentPlanNotFound("no such payment plan")
        case PaymentPlan(status="standing"), ReviewPlan():
            return _reviewed(plan, command)
        case PaymentPlan(status="standing"), WithdrawPlan():
            return [PaymentPlanWithdrawn(ending=_ending(plan, command), reason=command.reason)]
        case PaymentPlan(), ReviewPlan():
            return []
        case PaymentPlan(status="withdrawn"), WithdrawPlan():
            return []
        case PaymentPlan(status=status), WithdrawPlan():
            raise PlanEnded(f"the plan is {status}")
    raise AssertionError(command)  # every command is above


def _check(agreement: Agreement) -> None:
    instalments, currency = agreement.instalments, agreement.invoices[0].owing.open.currency
    if any(invoice.owing.open.currency != currency for invoice in agreement.invoices):
        raise PlanRefused("a plan is in one currency", field="/invoices")
    if any(not invoice.owing.open.minor > 0 for invoice in agreement.invoices):
        raise NothingOwed("nothing is open of one of the invoices", field="/invoices")
    for number, (before, after) in enumerate(pairwise(instalments), start=1):
        if after.due_on <= before.due_on:
            raise PlanRefused("each instalment is due after the one before", field=f"/instalments/{number}/due_on")
    if instalments[0].due_on < agreement.agreed_on:
        raise PlanRefused("no instalment is due before today", field="/instalments/0/due_on")
    if instalments[-1].due_on > agreement.agreed_on + LONGEST:
        raise PlanRefused("a plan lasts ten years at most", field=f"/instalments/{len(instalments) - 1}/due_on")
    whole = Money.total((invoice.owing.open for invoice in agreement.invoices), currency)
    agreed = Money.total((instalment.amount for instalment in instalments), currency)
    if agreed != whole:
        raise PlanRefused(f"the instalments come to {agreed}, and {whole} is open", field="/instalments")


def _reviews(agreement: Agreement) -> list[datetime]:
    days = (each.due_on + timedelta(days=agreement.grace_days + 1) for each in agreement.instalments)
    return [start_of_day(day, agreement.zone) for day in days]


def _reviewed(plan: PaymentPlan, command: ReviewPlan) -> list[PlanEvent]:
    found = plan.progress(command.now)
    if not any(left.minor for left in found.left):
        return [PaymentPlanKept(ending=_ending(plan, command))]
    today = local_day(command.at, plan.agreement.zone)
    missing = found.missing(today, plan.agreement.grace_days)
    return [PaymentPlanBroken(ending=_ending(plan, command), missing=missing)] if missing.minor else []


def _ending(plan: PaymentPlan, command: ReviewPlan | WithdrawPlan) -> Ending:
    found, agreement = plan.progress(command.now), plan.agreement
    day = local_day(command.at, agreement.zone)
    return Ending(plan_id=agreement.plan_id, ended_on=day, reduced=found.reduced, paid=found.paid)
