"""Refunds that were asked of providers: those that wait for a worker, for a webhook, and what became of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Connection, RowMapping, Select, select, update
from sqlalchemy.dialects.postgresql import insert

from services.billing.domain.payment.events import PaymentRefunded, RefundFailed, RefundPending, RefundRequested
from services.billing.domain.payment.state import RefundNotFound
from services.billing.tables import refunds
from shared.event_store import Recorded
from shared.statements import write
from shared.unit_of_work import UnitOfWork

_insert = insert(refunds).on_conflict_do_nothing()


class WaitingRefund(NamedTuple):
    tenant_id: UUID
    payment_id: UUID
    key: UUID


def project(tx: Connection, recorded: Sequence[Recorded]) -> None:
    """What somebody gave back by hand has no row here."""
    for entry in recorded:
        match entry.event:
            case RefundRequested():
                write(tx, _insert, _row(entry, entry.event))
            case RefundPending(refund_id=id_, reference=reference):
                _change(tx, entry, id_, status="pending", reference=reference)
            case PaymentRefunded(refund_id=id_, reference=reference):
                _change(tx, entry, id_, status="succeeded", reference=reference)
            case RefundFailed(refund_id=id_, reference=reference, reason=reason):
                _change(tx, entry, id_, status="failed", reference=reference, failure=reason)


def _row(entry: Recorded, event: RefundRequested) -> dict[str, Any]:
    return {
        "tenant_id": entry.tenant_id,
        "refund_id": event.refund_id,
        "payment_id": event.facts.payment_id,
        "customer_key": event.facts.customer_key,
        "status": "requested",
        "provider": event.facts.provider or "",
        "charge": event.facts.provider_reference or "",
        "note": event.reference,
        "reason": event.reason,
        "amount_minor": event.amount.minor,
        "currency": event.amount.currency,
        "requested_at": event.requested_at,
    }


def _change(tx: Connection, entry: Recorded, refund_id: UUID, **values: Any) -> None:
    mine = (refunds.c.tenant_id == entry.tenant_id, refunds.c.refund_id == refund_id)
    tx.execute(update(refunds).where(*mine).values(**values))


def of_tenant(unit: UnitOfWork, *, payment_id: UUID | None = None, status: str | None = None) -> Select[Any]:
    wanted = {refunds.c.payment_id: payment_id, refunds.c.status: status}
    mine = select(refunds).where(refunds.c.tenant_id == unit.tenant_id)
    return mine.where(*(column == value for column, value in wanted.items() if value is not None))


def get(unit: UnitOfWork, refund_id: UUID) -> RowMapping:
    row = unit.tx.execute(of_tenant(unit).where(refunds.c.refund_id == refund_id)).mappings().first()
    if row is None:
        raise RefundNotFound("no such refund was asked for")
    return row


def with_status(tx: Connection, status: str, limit: int) -> list[WaitingRefund]:
    """Of all tenants, the oldest first: for the worker."""
    rows = select(refunds.c.tenant_id, refunds.c.payment_id, refunds.c.refund_id).where(refunds.c.status == status)
    rows = rows.order_by(refunds.c.requested_at, refunds.c.refund_id).limit(limit)
    return [WaitingRefund(*row) for row in tx.execute(rows)]
