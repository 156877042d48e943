"""Payment plans and dunning: what is agreed holds the debts of its invoices, and lets them go when the plan ends."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from uuid import UUID

from services.billing.domain.dunning import DUNNING
from services.billing.domain.dunning.commands import HoldDebts, ReleaseDebts
from services.billing.domain.payment_plan import PAYMENT_PLAN
from services.billing.domain.payment_plan.commands import AgreePlan, ReviewPlan, WithdrawPlan
from services.billing.domain.payment_plan.events import Agreement
from services.billing.domain.payment_plan.instalments import Owing
from services.billing.domain.payment_plan.state import PaymentPlan
from services.billing.processes.collecting import Debtor
from shared.orders import Order
from shared.periods import local_day

# What a plan is by now, and what its invoices come to.
Known = Callable[[UUID], PaymentPlan | None]
Owed = Callable[[Agreement], Sequence[Owing]]


def agree(agreement: Agreement, at: datetime) -> Iterator[Order]:
    yield Order(PAYMENT_PLAN, agreement.plan_id, AgreePlan(agreement=agreement))
    for debtor, ids in _by_debtor(agreement).items():
        command = HoldDebts(
            plan_id=agreement.plan_id,
            invoice_ids=tuple(ids),
            on=agreement.agreed_on,
            lifts=agreement.restores_service,
            subscription_id=debtor.subscription_id,
            at=at,
        )
        yield Order(DUNNING, debtor.stream_id, command)


def review(plan_id: UUID, known: Known, owed: Owed, at: datetime) -> Iterator[Order]:
    """Whether it is kept by now."""
    plan = known(plan_id)
    if plan is not None and plan.status == "standing":
        yield from _ended(plan, ReviewPlan(now=tuple(owed(plan.agreement)), at=at), known)


def withdraw(plan: PaymentPlan, known: Known, owed: Owed, reason: str, at: datetime) -> Iterator[Order]:
    return _ended(plan, WithdrawPlan(now=tuple(owed(plan.agreement)), reason=reason, at=at), known)


def _ended(plan: PaymentPlan, command: ReviewPlan | WithdrawPlan, known: Known) -> Iterator[Order]:
    """Dunning goes on where it stopped as soon as the plan does not stand any more."""
    agreement = plan.agreement
    yield Order(PAYMENT_PLAN, agreement.plan_id, command)
    after = known(agreement.plan_id)
    if after is None or after.status == "standing":
        return
    on = local_day(command.at, agreement.zone)
    for debtor in _by_debtor(agreement):
        id_ = debtor.subscription_id
        release = ReleaseDebts(plan_id=agreement.plan_id, on=on, subscription_id=id_, at=command.at)
        yield Order(DUNNING, debtor.stream_id, release)


def _by_debtor(agreement: Agreement) -> dict[Debtor, list[UUID]]:
    found: dict[Debtor, list[UUID]] = {}
    for invoice in agreement.invoices:
        for subscription_id in invoice.subscription_ids or (invoice.subscription_id,):
            debtor = Debtor(subscription_id, agreement.customer_id)
            found.setdefault(debtor, []).append(invoice.invoice_id)
    return found
