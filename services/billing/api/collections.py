"""/v1/dunning and /v1/corrections: what is not settled yet."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel
from sqlalchemy import RowMapping

from services.billing.api.access import ReadBilling
from services.billing.api.invoice_forms import CustomerId, InvoiceId, PeriodId, SubscriptionId
from services.billing.domain.dunning import Step
from services.billing.projections import dunning, open_corrections
from services.billing.tables import dunning as dunning_table
from services.billing.tables import open_corrections as corrections_table
from shared.http.pages import Listed, PageQuery, page_of
from shared.http.routes import TransactionalRoute
from shared.ids import prefixed

router = APIRouter(tags=["collections"], route_class=TransactionalRoute)

CorrectionId = Annotated[UUID, prefixed("cor")]


class DebtOut(BaseModel):
    invoice_id: InvoiceId
    number: str
    due_on: date
    open_minor: int


class StepOut(BaseModel):
    step: str
    reached_at: datetime
    invoices: list[DebtOut]


class DunningOut(BaseModel):
    subscription_id: SubscriptionId
    customer_id: CustomerId
    step: str
    history: list[StepOut]
    version: int


class CorrectionOut(BaseModel):
    """`delta_minor` is what the lines of the invoice would change by, before tax."""

    correction_id: CorrectionId
    invoice_id: InvoiceId
    invoice: str
    period_id: PeriodId
    charge: str
    revision: int
    cause: str
    delta_minor: int
    currency: str


@router.get("/v1/dunning")
def list_dunning(unit: ReadBilling, page: PageQuery, step: Step | None = None) -> Listed[DunningOut]:
    return page_of(unit, dunning.of_tenant(unit, step=step), dunning_table.c.subscription_id, page, _dunning_out)


@router.get("/v1/corrections")
def list_corrections(
    unit: ReadBilling, page: PageQuery, invoice_id: Annotated[InvoiceId | None, Query()] = None
) -> Listed[CorrectionOut]:
    mine = open_corrections.of_tenant(unit, invoice_id=invoice_id)
    return page_of(unit, mine, corrections_table.c.correction_id, page, _correction_out)


def _dunning_out(row: RowMapping) -> DunningOut:
    names = ("subscription_id", "customer_id", "step", "version")
    return DunningOut(**{name: row[name] for name in names}, history=[_step_out(step) for step in row["history"]])


def _step_out(step: dict[str, Any]) -> StepOut:
    debts = [
        DebtOut(
            invoice_id=UUID(debt["invoice_id"]),
            number=debt["number"],
            due_on=debt["due_on"],
            open_minor=debt["open"]["minor"],
        )
        for debt in step["invoices"]
    ]
    return StepOut(step=step["step"], reached_at=step["reached_at"], invoices=debts)


def _correction_out(row: RowMapping) -> CorrectionOut:
    told = row["correction"]
    names = ("correction_id", "invoice_id", "period_id", "charge", "delta_minor", "currency")
    return CorrectionOut(
        **{name: row[name] for name in names},
        invoice=told["number"],
        revision=told["revision"],
        cause=told["cause"],
    )
