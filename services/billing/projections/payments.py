"""Payments and the invoice that each one paid."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Select, select
from sqlalchemy.dialects.postgresql import insert

from services.billing.domain.invoice.events import PaymentAllocated
from services.billing.tables import payments
from shared.event_store import Recorded
from shared.statements import write
from shared.unit_of_work import UnitOfWork

_insert = insert(payments).on_conflict_do_nothing()


def project(tx: Connection, recorded: Sequence[Recorded]) -> None:
    rows = [_row(entry, entry.event) for entry in recorded if isinstance(entry.event, PaymentAllocated)]
    write(tx, _insert, *rows)


def _row(entry: Recorded, event: PaymentAllocated) -> dict[str, Any]:
    return {
        "tenant_id": entry.tenant_id,
        "payment_id": event.payment_id,
        "invoice_id": entry.stream_id,
        "amount_minor": event.amount.minor,
        "currency": event.amount.currency,
        "reference": event.reference,
        "received_at": event.received_at,
    }


def of_tenant(unit: UnitOfWork, *, invoice_id: UUID | None = None) -> Select[Any]:
    mine = select(payments).where(payments.c.tenant_id == unit.tenant_id)
    return mine if invoice_id is None else mine.where(payments.c.invoice_id == invoice_id)
