"""/v1/refunds: what providers were asked to give back, and what became of it."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict
from sqlalchemy import RowMapping

from services.billing.api.access import ReadBilling, SettlePayments
from services.billing.api.payments.payment_forms import PaymentId, Reason, Reference
from services.billing.domain.invoice import INVOICE
from services.billing.domain.payment import PAYMENT
from services.billing.domain.payment.state import RefundSettled
from services.billing.domain.provider_charge import PROVIDER_CHARGE, charge_id
from services.billing.domain.wallet import WALLET
from services.billing.processes import refunding
from services.billing.projections.payments import refunds
from services.billing.tables import refunds as table
from shared.http.pages import Listed, PageQuery, page_of
from shared.http.routes import TransactionalRoute
from shared.ids import prefixed

router = APIRouter(prefix="/v1/refunds", tags=["payments"], route_class=TransactionalRoute)

RefundId = Annotated[UUID, prefixed("ref")]
RefundStatus = Literal["requested", "pending", "succeeded", "failed"]


class SettlementIn(BaseModel):
    """What somebody has seen at the provider, and by which name it goes there."""

    model_config = ConfigDict(extra="forbid")
    outcome: Literal["succeeded", "failed"]
    reference: Reference = ""
    reason: Reason


class RefundOut(BaseModel):
    """`reference` is the provider's name for the refund; of a `pending` one a webhook tells the rest."""

    refund_id: RefundId
    payment_id: PaymentId
    customer: str
    status: RefundStatus
    provider: str
    charge: str
    reference: str | None
    note: str
    reason: str
    failure: str | None
    amount_minor: int
    currency: str
    requested_at: datetime


@router.get("")
def list_refunds(
    unit: ReadBilling,
    page: PageQuery,
    payment_id: Annotated[PaymentId | None, Query()] = None,
    status: RefundStatus | None = None,
) -> Listed[RefundOut]:
    mine = refunds.of_tenant(unit, payment_id=payment_id, status=status)
    return page_of(unit, mine, table.c.refund_id, page, _shown)


@router.post("/{refund_id}/settle")
def settle(refund_id: RefundId, body: SettlementIn, unit: SettlePayments) -> RefundOut:
    """For one of which the provider tells nothing: as a person has seen it there."""
    row = refunds.get(unit, refund_id)
    if row["status"] not in ("requested", "pending"):
        raise RefundSettled(f"the refund has {row['status']} already")
    payment_id, reference = row["payment_id"], body.reference or row["reference"] or ""
    unit.carry_out(refunding.on_answer(payment_id, refund_id, body.outcome, reference, body.reason, unit.now))
    charge = unit.state(PROVIDER_CHARGE, charge_id(unit.tenant_id, row["provider"], row["charge"]))
    told = refunding.on_told(
        charge, partial(unit.state, PAYMENT, payment_id), partial(unit.state, INVOICE), partial(unit.state, WALLET)
    )
    unit.because(unit.cause).carry_out(told)
    return _shown(refunds.get(unit, refund_id))


def _shown(row: RowMapping) -> RefundOut:
    told = {name: value for name, value in row.items() if name not in ("tenant_id", "customer_key")}
    return RefundOut(**told, customer=row["customer_key"])
