"""/v1/autopay-attempts: what was charged for invoices by itself, and what became of it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel
from sqlalchemy import RowMapping

from services.billing.api.access import ReadBilling, SettlePayments
from services.billing.api.invoices.invoice_forms import InvoiceId, PaymentPlanId
from services.billing.api.payments.refunds import SettlementIn
from services.billing.domain.autopay import AUTOPAY, AttemptSettled, AttemptStatus, Autopay
from services.billing.processes import autopaying
from services.billing.projections.payments import autopay_attempts
from services.billing.projections.payments.cashier import cashier_of
from services.billing.tables import autopay_attempts as table
from shared.http.pages import Listed, PageQuery, page_of
from shared.http.routes import TransactionalRoute
from shared.ids import prefixed

router = APIRouter(prefix="/v1/autopay-attempts", tags=["payments"], route_class=TransactionalRoute)

AttemptId = Annotated[UUID, prefixed("apt")]


class AttemptOut(BaseModel):
    """`reference` is the provider's name of the charge; of a `pending` one a webhook tells the rest. One for what was due of
    the invoice by a payment plan names it."""

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
    payment_plan_id: PaymentPlanId | None


@router.get("")
def list_attempts(
    unit: ReadBilling,
    page: PageQuery,
    invoice_id: Annotated[InvoiceId | None, Query()] = None,
    status: AttemptStatus | None = None,
) -> Listed[AttemptOut]:
    mine = autopay_attempts.of_tenant(unit, invoice_id=invoice_id, status=status)
    return page_of(unit, mine, table.c.attempt_id, page, _shown)


@router.post("/{attempt_id}/settle")
def settle(attempt_id: AttemptId, body: SettlementIn, unit: SettlePayments) -> AttemptOut:
    """For one of which the provider tells nothing: as a person has seen it there. What has succeeded is a payment."""
    row = autopay_attempts.get(unit, attempt_id)
    state: Autopay = unit.state(AUTOPAY, row["invoice_id"])
    attempt = state.under_way
    if attempt is None or attempt.key != attempt_id:
        raise AttemptSettled(f"the attempt has {row['status']} already")
    reference = body.reference or state.reference or f"none_{attempt_id.hex}"
    orders = autopaying.on_answer(attempt, body.outcome, reference, body.reason, unit.now, cashier_of(unit))
    unit.because(unit.cause).carry_out(orders)
    return _shown(autopay_attempts.get(unit, attempt_id))


def _shown(row: RowMapping) -> AttemptOut:
    told = {name: value for name, value in row.items() if name not in ("tenant_id", "customer_key")}
    return AttemptOut(**told, customer=row["customer_key"])
