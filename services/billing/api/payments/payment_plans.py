"""/v1/payment-plans: instalments agreed for open invoices, and whether they are kept."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from itertools import islice
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query

from services.billing.api.access import AgreePaymentPlans, ReadBilling
from services.billing.api.invoices.invoice_forms import InvoiceId, PaymentPlanId
from services.billing.api.payments.payment_plan_forms import PaymentPlanIn, PaymentPlanOut, WithdrawnIn, plan_out
from services.billing.domain.invoice import INVOICE
from services.billing.domain.invoice.state import Invoice
from services.billing.domain.payment_plan import PAYMENT_PLAN
from services.billing.domain.payment_plan.events import Agreement, PlannedInvoice
from services.billing.domain.payment_plan.instalments import Instalment
from services.billing.domain.payment_plan.state import (
    PaymentPlan,
    PaymentPlanNotFound,
    PlanRefused,
    PlanStatus,
    owing_of,
)
from services.billing.domain.payment_profile import PAYMENT_PROFILE, MethodMissing, PaymentProfile
from services.billing.domain.tenant_settings import TENANT_SETTINGS, TenantSettings
from services.billing.processes import instalments
from services.billing.projections.invoices import invoices
from services.billing.projections.payments import payment_plans
from services.billing.tables import payment_plans as table
from shared.http.pages import Listed, PageQuery, page_of
from shared.http.routes import TransactionalRoute
from shared.money import Money
from shared.orders import Order
from shared.periods import local_day
from shared.unit_of_work import UnitOfWork

router = APIRouter(prefix="/v1/payment-plans", tags=["payments"], route_class=TransactionalRoute)


@router.post("", status_code=201)
def agree(body: PaymentPlanIn, unit: AgreePaymentPlans) -> PaymentPlanOut:
    """From now on dunning stands still for these invoices. An instalment that is not paid when its days of grace are over
    breaks the plan, and dunning goes on where it stopped."""
    agreement = _agreement(body, unit)
    _carry_out(unit, instalments.agree(agreement, unit.now))
    return plan_out(unit, payment_plans.get(unit, agreement.plan_id))


@router.get("")
def list_plans(
    unit: ReadBilling,
    page: PageQuery,
    customer: str | None = None,
    status: PlanStatus | None = None,
    invoice_id: Annotated[InvoiceId | None, Query()] = None,
) -> Listed[PaymentPlanOut]:
    mine = payment_plans.of_tenant(unit, customer=customer, status=status, invoice_id=invoice_id)
    return page_of(unit, mine, table.c.plan_id, page, partial(plan_out, unit))


@router.get("/{plan_id}")
def show(plan_id: PaymentPlanId, unit: ReadBilling) -> PaymentPlanOut:
    return plan_out(unit, payment_plans.get(unit, plan_id))


@router.post("/{plan_id}/withdraw")
def withdraw(plan_id: PaymentPlanId, body: WithdrawnIn, unit: AgreePaymentPlans) -> PaymentPlanOut:
    """Dunning goes on where it stopped."""
    known = partial(unit.state, PAYMENT_PLAN)
    plan: PaymentPlan | None = known(plan_id)
    if plan is None:
        raise PaymentPlanNotFound("no such payment plan")
    _carry_out(unit, instalments.withdraw(plan, known, partial(payment_plans.owing, unit), body.reason, unit.now))
    return plan_out(unit, payment_plans.get(unit, plan_id))


def _agreement(body: PaymentPlanIn, unit: UnitOfWork) -> Agreement:
    rows = [invoices.by_number(unit, number, field=f"/invoices/{place}") for place, number in enumerate(body.invoices)]
    _check(rows)
    party, currency = rows[0]["document"]["party"], rows[0]["currency"]
    return Agreement(
        plan_id=unit.new_id(),
        customer_id=rows[0]["customer_id"],
        customer_key=rows[0]["customer_key"],
        zone=party["zone"],
        invoices=tuple(_planned(unit, row) for row in sorted(rows, key=lambda row: (row["due_on"], row["number"]))),
        instalments=tuple(
            Instalment(due_on=each.due_on, amount=Money(each.amount_minor, currency)) for each in body.instalments
        ),
        grace_days=body.grace_days,
        restores_service=body.restores_service,
        agreed_on=local_day(unit.now, party["zone"]),
        note=body.note,
        autopay_retry_days=_retry_days(unit, rows[0]["customer_id"]) if body.autopay else None,
    )


def _retry_days(unit: UnitOfWork, customer_id: UUID) -> tuple[int, ...]:
    """As the settings say by now. Who is not charged by themselves would miss the first instalment."""
    profile: PaymentProfile = unit.state(PAYMENT_PROFILE, customer_id)
    if not profile.autopay:
        raise MethodMissing("the customer's payment profile has no autopay", field="/autopay")
    settings: TenantSettings = unit.state(TENANT_SETTINGS, unit.tenant_id)
    return settings.autopay_retry_days


def _check(rows: Sequence[dict[str, Any]]) -> None:
    for place, row in enumerate(rows):
        if row["customer_id"] != rows[0]["customer_id"]:
            raise PlanRefused("a plan is of one customer", field=f"/invoices/{place}")
        if row["invoice_id"] in {other["invoice_id"] for other in rows[:place]}:
            raise PlanRefused("this invoice is named twice", field=f"/invoices/{place}")


def _planned(unit: UnitOfWork, row: dict[str, Any]) -> PlannedInvoice:
    invoice: Invoice = unit.state(INVOICE, row["invoice_id"])
    return PlannedInvoice(
        invoice_id=row["invoice_id"],
        number=row["number"],
        subscription_id=row["subscription_id"],
        owing=owing_of(invoice),
        subscription_ids=invoice.header.subscription_ids if invoice.header.parts else (),
    )


def _carry_out(unit: UnitOfWork, orders: Iterator[Order]) -> None:
    """The version that was asked for is of the plan, which comes first."""
    unit.carry_out(islice(orders, 1))
    unit.because(unit.cause).carry_out(orders)
