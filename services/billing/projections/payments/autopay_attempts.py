"""Attempts to charge for invoices: those that wait for a worker, those that wait for a webhook, and what became of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Connection, RowMapping, Select, select, update
from sqlalchemy.dialects.postgresql import insert

from services.billing.domain.autopay import (
    Attempt,
    AttemptNotFound,
    AutopayFailed,
    AutopayPending,
    AutopayRequested,
    AutopaySucceeded,
)
from services.billing.tables import autopay_attempts
from shared.event_store import Recorded
from shared.statements import write
from shared.unit_of_work import UnitOfWork

_insert = insert(autopay_attempts).on_conflict_do_nothing()


class Waiting(NamedTuple):
    tenant_id: UUID
    invoice_id: UUID
    key: UUID


def project(tx: Connection, recorded: Sequence[Recorded]) -> None:
    for entry in recorded:
        match entry.event:
            case AutopayRequested(attempt=attempt):
                write(tx, _insert, _row(entry, attempt))
            case AutopayPending(attempt=attempt, reference=reference):
                _change(tx, entry, attempt, status="pending", reference=reference)
            case AutopaySucceeded(attempt=attempt, reference=reference):
                _change(tx, entry, attempt, status="succeeded", reference=reference)
            case AutopayFailed(attempt=attempt, reference=reference, reason=reason):
                _change(tx, entry, attempt, status="failed", reference=reference, reason=reason)


def _row(entry: Recorded, attempt: Attempt) -> dict[str, Any]:
    return {
        "tenant_id": entry.tenant_id,
        "attempt_id": attempt.key,
        "invoice_id": attempt.owed.invoice_id,
        "invoice": attempt.owed.invoice,
        "customer_key": attempt.owed.customer_key,
        "number": attempt.number,
        "is_last": attempt.is_last,
        "status": "requested",
        "provider": attempt.method.provider,
        "amount_minor": attempt.amount.minor,
        "currency": attempt.amount.currency,
        "requested_at": attempt.requested_at,
        "payment_plan_id": attempt.instalment and attempt.instalment.plan_id,
    }


def _change(tx: Connection, entry: Recorded, attempt: Attempt, **values: Any) -> None:
    mine = (autopay_attempts.c.tenant_id == entry.tenant_id, autopay_attempts.c.attempt_id == attempt.key)
    tx.execute(update(autopay_attempts).where(*mine).values(**values))


def of_tenant(unit: UnitOfWork, *, invoice_id: UUID | None = None, status: str | None = None) -> Select[Any]:
    wanted = {autopay_attempts.c.invoice_id: invoice_id, autopay_attempts.c.status: status}
    mine = select(autopay_attempts).where(autopay_attempts.c.tenant_id == unit.tenant_id)
    return mine.where(*(column == value for column, value in wanted.items() if value is not None))


def get(unit: UnitOfWork, attempt_id: UUID) -> RowMapping:
    row = unit.tx.execute(of_tenant(unit).where(autopay_attempts.c.attempt_id == attempt_id)).mappings().first()
    if row is None:
        raise AttemptNotFound("no such attempt")
    return row


def invoice_of(unit: UnitOfWork, provider: str, reference: str) -> UUID | None:
    """The invoice that a pending charge is for, where it is one of ours."""
    mine = of_tenant(unit, status="pending").where(
        autopay_attempts.c.provider == provider, autopay_attempts.c.reference == reference
    )
    return unit.tx.execute(mine.with_only_columns(autopay_attempts.c.invoice_id)).scalar()


def with_status(tx: Connection, status: str, limit: int) -> list[Waiting]:
    """Of all tenants, the oldest first: for the worker."""
    rows = select(autopay_attempts.c.tenant_id, autopay_attempts.c.invoice_id, autopay_attempts.c.attempt_id)
    rows = rows.where(autopay_attempts.c.status == status)
    rows = rows.order_by(autopay_attempts.c.requested_at, autopay_attempts.c.attempt_id).limit(limit)
    return [Waiting(*row) for row in tx.execute(rows)]
