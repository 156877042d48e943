"""Revisions of usage that came after an invoice was issued, what they changed it by, and the documents that answered."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Select, bindparam, select, update
from sqlalchemy.dialects.postgresql import JSONB, insert

from services.billing.domain.correction import CorrectionDocument
from services.billing.domain.invoice.events import CorrectionAnswered, CorrectionNoted
from services.billing.tables import corrections
from shared.event_store import Recorded
from shared.statements import write
from shared.unit_of_work import UnitOfWork

_insert = insert(corrections).on_conflict_do_nothing()


def project(tx: Connection, recorded: Sequence[Recorded]) -> None:
    for entry in recorded:
        match entry.event:
            case CorrectionNoted():
                write(tx, _insert, _row(entry, entry.event))
            case CorrectionAnswered(correction_ids=ids):
                mine = (corrections.c.tenant_id == entry.tenant_id, corrections.c.correction_id.in_(ids))
                tx.execute(update(corrections).where(*mine).values(_answer(entry.event)))


def _row(entry: Recorded, event: CorrectionNoted) -> dict[str, Any]:
    currency = event.delta.currency
    told = {
        "number": event.facts.number,
        "revision": event.revision,
        "cause": event.cause,
        "policy": event.policy,
        "total_minor": event.difference.totals(currency).total.minor if event.policy else None,
        "event_ids": list(event.event_ids),
        "documents": [],
    }
    return {
        "tenant_id": entry.tenant_id,
        "correction_id": event.correction_id,
        "invoice_id": entry.stream_id,
        "period_id": event.period_id,
        "charge": event.charge,
        "delta_minor": event.delta.minor,
        "currency": currency,
        "status": event.status,
        "correction": told,
    }


def _answer(event: CorrectionAnswered) -> dict[str, Any]:
    documents = [_document(document, event.facts.total.currency) for document in event.documents]
    answered = bindparam(None, {"documents": documents}, JSONB)
    return {"status": event.answer, "correction": corrections.c.correction.op("||")(answered)}


def _document(document: CorrectionDocument, currency: str) -> dict[str, Any]:
    return {
        "kind": document.kind,
        "invoice_id": str(document.invoice_id),
        "number": document.number,
        "total_minor": document.carried.totals(currency).total.minor,
    }


def of_tenant(unit: UnitOfWork, *, invoice_id: UUID | None = None, status: str | None = None) -> Select[Any]:
    mine = select(corrections).where(corrections.c.tenant_id == unit.tenant_id)
    if invoice_id is not None:
        mine = mine.where(corrections.c.invoice_id == invoice_id)
    return mine if status is None else mine.where(corrections.c.status == status)
