"""/v1/dunning and /v1/corrections: what is not settled yet."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel
from sqlalchemy import RowMapping

from services.billing.api.access import ReadBilling
from services.billing.api.invoices.invoice_forms import CorrectionId, CustomerId, InvoiceId, PeriodId, SubscriptionId
from services.billing.domain.correction import DocumentKind
from services.billing.domain.customer import customer_id
from services.billing.domain.dunning.events import Step
from services.billing.domain.invoice.events import Answer, NotedStatus
from services.billing.projections.invoices import corrections, dunning
from services.billing.tables import corrections as corrections_table
from services.billing.tables import dunning as dunning_table
from shared.http.pages import Listed, PageQuery, page_of
from shared.http.routes import TransactionalRoute

router = APIRouter(tags=["collections"], route_class=TransactionalRoute)

CorrectionStatus = NotedStatus | Answer


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
    """Without a subscription it is of what the customer owes beside any."""

    subscription_id: SubscriptionId | None
    customer_id: CustomerId
    step: str
    history: list[StepOut]
    version: int


class CorrectionDocumentOut(BaseModel):
    """A correction invoice, a credit note on `invoice_id`, or lines on an invoice; `total_minor` is signed, with tax."""

    kind: DocumentKind
    invoice_id: InvoiceId
    number: str | None
    total_minor: int


class CorrectionOut(BaseModel):
    """`delta_minor` is what the lines of the invoice change by, before tax, and `total_minor` with tax. `open` is one
    that was noted before there were answers: the next one on the invoice has it in it."""

    correction_id: CorrectionId
    invoice_id: InvoiceId
    invoice: str
    period_id: PeriodId
    charge: str
    revision: int
    cause: str
    delta_minor: int
    total_minor: int | None
    currency: str
    status: CorrectionStatus
    policy: str
    event_ids: list[str]
    documents: list[CorrectionDocumentOut]


@router.get("/v1/dunning")
def list_dunning(
    unit: ReadBilling,
    page: PageQuery,
    step: Step | None = None,
    customer: str | None = None,
    subscription_id: Annotated[SubscriptionId | None, Query()] = None,
) -> Listed[DunningOut]:
    """`customer` is the external id."""
    debtor = None if customer is None else customer_id(unit.tenant_id, customer)
    mine = dunning.of_tenant(unit, step=step, customer_id=debtor, subscription_id=subscription_id)
    return page_of(unit, mine, dunning_table.c.dunning_id, page, _dunning_out)


@router.get("/v1/corrections")
def list_corrections(
    unit: ReadBilling,
    page: PageQuery,
    invoice_id: Annotated[InvoiceId | None, Query()] = None,
    status: CorrectionStatus | None = None,
) -> Listed[CorrectionOut]:
    """`invoice_id` is the invoice that was corrected."""
    mine = corrections.of_tenant(unit, invoice_id=invoice_id, status=status)
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
    names = ("correction_id", "invoice_id", "period_id", "charge", "delta_minor", "currency", "status")
    return CorrectionOut(
        **{name: row[name] for name in names},
        invoice=told["number"],
        revision=told["revision"],
        cause=told["cause"],
        policy=told.get("policy", ""),
        total_minor=told.get("total_minor"),
        event_ids=told.get("event_ids", []),
        documents=[_document_out(document) for document in told.get("documents", ())],
    )


def _document_out(document: dict[str, Any]) -> CorrectionDocumentOut:
    return CorrectionDocumentOut(**document | {"invoice_id": UUID(document["invoice_id"])})
