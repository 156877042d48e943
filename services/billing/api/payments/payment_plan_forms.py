"""How payment plans look at the API. Amounts are minor units of `currency`."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

import msgspec
from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from sqlalchemy import RowMapping

from services.billing.api.invoices.invoice_forms import InvoiceId, PaymentPlanId
from services.billing.api.payments.payment_forms import InvoiceNumber, Minor, Reason
from services.billing.domain.payment_plan.events import Agreement, Ending, PlannedInvoice
from services.billing.domain.payment_plan.instalments import Instalment, Progress
from services.billing.domain.payment_plan.state import PlanStatus
from services.billing.projections.payments import payment_plans
from shared.http.fields import Day
from shared.money import Money
from shared.unit_of_work import UnitOfWork


class InstalmentIn(BaseModel):
    model_config = ConfigDict(extra="forbid")
    due_on: Day
    amount_minor: Minor


class PaymentPlanIn(BaseModel):
    """For what is open of these invoices of one customer, to the minor unit. With `restores_service` what dunning did for
    them is taken back while the plan is kept; without it nothing more is done. With `autopay` instalments are charged on
    their days by the customer's method, and again as the settings say by now."""

    model_config = ConfigDict(extra="forbid")
    invoices: Annotated[list[InvoiceNumber], Field(min_length=1, max_length=100)]
    instalments: Annotated[list[InstalmentIn], Field(min_length=1, max_length=120)]
    grace_days: Annotated[int, Field(ge=0, le=90, strict=True)] = 3
    restores_service: Annotated[bool, Field(strict=True)] = False
    autopay: Annotated[bool, Field(strict=True)] = False
    note: Annotated[str, StringConstraints(max_length=500)] = ""


class WithdrawnIn(BaseModel):
    model_config = ConfigDict(extra="forbid")
    reason: Reason


class PlannedInvoiceOut(BaseModel):
    """`open_minor` is what was open of it when the plan was agreed."""

    invoice_id: InvoiceId
    number: str
    open_minor: int


class InstalmentOut(BaseModel):
    """`amount_minor` was agreed; `due_minor` is what it comes to by now, where an invoice was credited or given up, and
    `open_minor` what is not paid of that."""

    due_on: date
    amount_minor: int
    due_minor: int
    open_minor: int


class EndingOut(BaseModel):
    """`missing_minor` is what broke the plan."""

    ended_on: date
    missing_minor: int
    reason: str


class PaymentPlanOut(BaseModel):
    plan_id: PaymentPlanId
    customer: str
    status: PlanStatus
    currency: str
    agreed_on: date
    grace_days: int
    restores_service: bool
    autopay: bool
    note: str
    total_minor: int
    open_minor: int
    invoices: list[PlannedInvoiceOut]
    instalments: list[InstalmentOut]
    ending: EndingOut | None
    version: int


def plan_out(unit: UnitOfWork, row: RowMapping) -> PaymentPlanOut:
    agreement = msgspec.convert(row["plan"]["agreement"], Agreement)
    ending = row["plan"]["ending"]
    found = _progress(unit, agreement, ending)
    currency = agreement.instalments[0].amount.currency
    return PaymentPlanOut(
        plan_id=row["plan_id"],
        customer=row["customer_key"],
        status=row["status"],
        currency=currency,
        agreed_on=agreement.agreed_on,
        grace_days=agreement.grace_days,
        restores_service=agreement.restores_service,
        autopay=agreement.autopay_retry_days is not None,
        note=agreement.note,
        total_minor=Money.total((each.amount for each in agreement.instalments), currency).minor,
        open_minor=Money.total(found.left, currency).minor,
        invoices=[_invoice(planned) for planned in agreement.invoices],
        instalments=[_instalment(*each) for each in zip(found.instalments, found.due, found.left, strict=True)],
        ending=EndingOut(**{name: ending[name] for name in EndingOut.model_fields}) if ending else None,
        version=row["version"],
    )


def _progress(unit: UnitOfWork, agreement: Agreement, stored: dict[str, Any] | None) -> Progress:
    """Of a plan that ended as it was then."""
    if stored is None:
        return payment_plans.progress_of(unit, agreement)
    ending = msgspec.convert({name: stored[name] for name in Ending.__dataclass_fields__}, Ending)
    return Progress(instalments=agreement.instalments, reduced=ending.reduced, paid=ending.paid)


def _invoice(planned: PlannedInvoice) -> PlannedInvoiceOut:
    return PlannedInvoiceOut(invoice_id=planned.invoice_id, number=planned.number, open_minor=planned.owing.open.minor)


def _instalment(agreed: Instalment, due: Instalment, left: Money) -> InstalmentOut:
    return InstalmentOut(
        due_on=agreed.due_on, amount_minor=agreed.amount.minor, due_minor=due.amount.minor, open_minor=left.minor
    )
