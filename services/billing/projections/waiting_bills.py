"""Bills that wait for usage periods to close: an invoice is delayed rather than wrong."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import Connection, func, select

from services.billing.domain.invoice.events import InvoiceDrafted
from services.billing.domain.subscription.events import Bill, BillRequested
from services.billing.tables import waiting_bills
from shared.event_store import Recorded
from shared.statements import Insertion, ahead, run, write_rows
from shared.unit_of_work import Session, UnitOfWork


def project(tx: Connection, recorded: Sequence[Recorded]) -> None:
    """A bill that is drafted together with its request has not waited."""
    drafted = {(e.tenant_id, e.stream_id) for e in recorded if isinstance(e.event, InvoiceDrafted)}
    requested = {(e.tenant_id, e.event.bill.invoice_id): e for e in recorded if isinstance(e.event, BillRequested)}
    write_rows(tx, _WAITING, [_row(e, e.event.bill) for key, e in requested.items() if key not in drafted])
    waited = sorted(drafted - requested.keys())
    if waited:
        tenants, ids = zip(*waited, strict=True)
        run(tx, _OVER, {"tenants": list(tenants), "ids": list(ids)})


def _row(entry: Recorded, bill: Bill) -> dict[str, Any]:
    return {
        "tenant_id": entry.tenant_id,
        "invoice_id": bill.invoice_id,
        "subscription_id": entry.stream_id,
        "billing_on": bill.billing_on,
        "bill": msgspec.to_builtins(bill),
    }


def of_subscription(unit: UnitOfWork, subscription_id: UUID) -> list[Bill]:
    mine = (waiting_bills.c.tenant_id == unit.tenant_id, waiting_bills.c.subscription_id == subscription_id)
    rows = unit.tx.execute(select(waiting_bills.c.bill).where(*mine).order_by(waiting_bills.c.billing_on)).scalars()
    return [msgspec.convert(row, Bill) for row in rows]


def alone(session: Session, tenant_id: UUID) -> None:
    """Nobody else of this tenant requests bills or hears of usage until the transaction ends.

    A bill that does not see the closing, and a closing that does not see the bill, would leave it waiting for ever. So
    usage periods are loaded only afterwards.
    """
    lock = ("waiting_bills", tenant_id)
    if lock not in session.kept:
        ahead(session.connection, _LOCK, {"tenant": tenant_id})
        session.kept[lock] = True


def count(tx: Connection, tenant_id: UUID, now: datetime) -> int:
    """How many bills wait, whatever the time: all that are here have been asked for."""
    mine = waiting_bills.c.tenant_id == tenant_id
    return tx.execute(select(func.count()).select_from(waiting_bills).where(mine)).scalar_one()


_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended(%(tenant)s::text, 13))"

_WAITING = Insertion(
    "waiting_bills",
    {"tenant_id": "uuid", "invoice_id": "uuid", "subscription_id": "uuid", "billing_on": "date", "bill": "jsonb"},
    "ON CONFLICT DO NOTHING",
)

_OVER = """
DELETE FROM waiting_bills USING unnest(%(tenants)s::uuid[], %(ids)s::uuid[]) AS drafted(tenant_id, invoice_id)
WHERE waiting_bills.tenant_id = drafted.tenant_id AND waiting_bills.invoice_id = drafted.invoice_id"""
