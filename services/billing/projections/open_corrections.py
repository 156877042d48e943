"""Revisions of usage that came after an invoice was issued, and what they would change it by."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Select, select
from sqlalchemy.dialects.postgresql import insert

from services.billing.domain.invoice.events import CorrectionNoted
from services.billing.tables import open_corrections as corrections
from shared.event_store import Recorded
from shared.statements import write
from shared.unit_of_work import UnitOfWork

_insert = insert(corrections).on_conflict_do_nothing()


def project(tx: Connection, recorded: Sequence[Recorded]) -> None:
    rows = [_row(entry, entry.event) for entry in recorded if isinstance(entry.event, CorrectionNoted)]
    write(tx, _insert, *rows)


def _row(entry: Recorded, event: CorrectionNoted) -> dict[str, Any]:
    return {
        "tenant_id": entry.tenant_id,
        "correction_id": event.correction_id,
        "invoice_id": entry.stream_id,
        "period_id": event.period_id,
        "charge": event.charge,
        "delta_minor": event.delta.minor,
        "currency": event.delta.currency,
        "correction": {"number": event.facts.number, "revision": event.revision, "cause": event.cause},
    }


def of_tenant(unit: UnitOfWork, *, invoice_id: UUID | None = None) -> Select[Any]:
    mine = select(corrections).where(corrections.c.tenant_id == unit.tenant_id)
    return mine if invoice_id is None else mine.where(corrections.c.invoice_id == invoice_id)
