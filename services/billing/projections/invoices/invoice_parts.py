"""Which bills of which subscriptions a consolidated invoice is made of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import CompoundSelect, Connection, select

from services.billing.domain.invoice.events import InvoiceDrafted
from services.billing.tables import invoice_parts as parts
from services.billing.tables import invoices
from shared.event_store import Recorded
from shared.statements import Insertion, write_rows
from shared.unit_of_work import UnitOfWork


def project(tx: Connection, recorded: Sequence[Recorded]) -> None:
    write_rows(tx, _PARTS, [row for entry in recorded for row in _rows(entry)])


def _rows(entry: Recorded) -> Iterator[dict[str, Any]]:
    if isinstance(entry.event, InvoiceDrafted):
        for part in entry.event.header.parts:
            yield {
                "tenant_id": entry.tenant_id,
                "bill_id": part.bill.invoice_id,
                "invoice_id": entry.stream_id,
                "subscription_id": part.subscription_id,
            }


def invoices_of(unit: UnitOfWork, subscription_id: UUID) -> CompoundSelect[Any]:
    """The ids of a subscription's own invoices, and of those that it is on with others: each found by its index."""
    own = invoices.alias()
    mine = (own.c.tenant_id == unit.tenant_id, own.c.subscription_id == subscription_id)
    shared = (parts.c.tenant_id == unit.tenant_id, parts.c.subscription_id == subscription_id)
    return select(own.c.invoice_id).where(*mine).union_all(select(parts.c.invoice_id).where(*shared))


def invoice_of(unit: UnitOfWork, bill_id: UUID) -> UUID:
    """Where a bill is; alone it has an invoice with its own id."""
    asked = select(parts.c.invoice_id).where(parts.c.tenant_id == unit.tenant_id, parts.c.bill_id == bill_id)
    found: UUID | None = unit.tx.scalar(asked)
    return found or bill_id


_PARTS = Insertion(
    "invoice_parts",
    {"tenant_id": "uuid", "bill_id": "uuid", "invoice_id": "uuid", "subscription_id": "uuid"},
    "ON CONFLICT DO NOTHING",
)
