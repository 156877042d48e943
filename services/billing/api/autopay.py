"""/v1/autopay-attempts: what was charged for invoices by itself, and what became of it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel
from sqlalchemy import RowMapping

from services.billing.api.access import ReadBilling
from services.billing.api.invoice_forms import InvoiceId
from services.billing.domain.autopay import AttemptStatus
from services.billing.projections import autopay_attempts
from services.billing.tables import autopay_attempts as table
from shared.http.pages import Listed, PageQuery, page_of
from shared.http.routes import TransactionalRoute
from shared.ids import prefixed

router = APIRouter(prefix="/v1/autopay-attempts", tags=["payments"], route_class=TransactionalRoute)

AttemptId = Annotated[UUID, prefixed("apt")]


class AttemptOut(BaseModel):
    """`reference` is the provider's name of the charge; of a `pending` one a webhook tells the rest."""

    attempt_id: AttemptId
    invoice_id: InvoiceId
    invoice: str
    customer: str
    number: int
    is_last: bool
    status: AttemptStatus
    provider: str
    reference: str | None
    reason: str | None
    amount_minor: int
    currency: str
    requested_at: datetime


@router.get("")
def list_attempts(
    unit: ReadBilling,
    page: PageQuery,
    invoice_id: Annotated[InvoiceId | None, Query()] = None,
    status: AttemptStatus | None = None,
) -> Listed[AttemptOut]:
    mine = autopay_attempts.of_tenant(unit, invoice_id=invoice_id, status=status)
    return page_of(unit, mine, table.c.attempt_id, page, _shown)


def _shown(row: RowMapping) -> AttemptOut:
    told = {name: value for name, value in row.items() if name not in ("tenant_id", "customer_key")}
    return AttemptOut(**told, customer=row["customer_key"])
