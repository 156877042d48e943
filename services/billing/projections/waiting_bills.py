"""Bills that wait for usage periods to close: an invoice is delayed rather than wrong."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import Connection, delete, func, select
from sqlalchemy.dialects.postgresql import insert

from services.billing.domain.invoice.events import InvoiceDrafted
from services.billing.domain.subscription.events import Bill, BillRequested
from services.billing.tables import waiting_bills
from shared.event_store import Recorded
from shared.statements import write
from shared.unit_of_work import UnitOfWork

_insert = insert(waiting_bills).on_conflict_do_nothing()


def project(tx: Connection, recorded: Sequence[Recorded]) -> None:
    requested = [_row(entry, entry.event.bill) for entry in recorded if isinstance(entry.event, BillRequested)]
    write(tx, _insert, *requested)
    for entry in recorded:
        if isinstance(entry.event, InvoiceDrafted):
            mine = waiting_bills.c.tenant_id == entry.tenant_id
            tx.execute(delete(waiting_bills).where(mine, waiting_bills.c.invoice_id == entry.stream_id))


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


def alone(unit: UnitOfWork) -> None:
    """Nobody else of this tenant requests bills or hears of usage until the transaction ends.

    A bill that does not see the closing, and a closing that does not see the bill, would leave it waiting for ever.
    """
    unit.tx.exec_driver_sql(
        "SELECT pg_advisory_xact_lock(hashtextextended(%(tenant)s::text, 13))", {"tenant": unit.tenant_id}
    )


def count(tx: Connection, tenant_id: UUID, now: datetime) -> int:
    """How many bills wait, whatever the time: all that are here have been asked for."""
    mine = waiting_bills.c.tenant_id == tenant_id
    return tx.execute(select(func.count()).select_from(waiting_bills).where(mine)).scalar_one()
