"""Bills that wait for usage periods to close, or for the others of the day: an invoice is delayed rather than wrong."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
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
    drafted = {(e.tenant_id, id_) for e in recorded if isinstance(e.event, InvoiceDrafted) for id_ in _bills(e.event)}
    requested = {(e.tenant_id, e.event.bill.invoice_id): e for e in recorded if isinstance(e.event, BillRequested)}
    write_rows(tx, _WAITING, [_row(e, e.event.bill) for key, e in requested.items() if key not in drafted])
    waited = sorted(drafted - requested.keys())
    if waited:
        tenants, ids = zip(*waited, strict=True)
        run(tx, _OVER, {"tenants": list(tenants), "ids": list(ids)})


def _bills(event: InvoiceDrafted) -> Iterator[UUID]:
    """Those that the invoice is made of, by the ids of the invoices that they ask for."""
    return (part.bill.invoice_id for part in event.header.bills)


def _row(entry: Recorded, bill: Bill) -> dict[str, Any]:
    return {
        "tenant_id": entry.tenant_id,
        "invoice_id": bill.invoice_id,
        "subscription_id": entry.stream_id,
        "billing_on": bill.billing_on,
        "bill": msgspec.to_builtins(bill),
        "customer_id": bill.together and bill.together.customer_id,
        "currency": bill.together and bill.together.currency,
        "invoice_at": bill.together and bill.together.invoice_at,
    }


def of_subscription(unit: UnitOfWork, subscription_id: UUID) -> list[Bill]:
    mine = (waiting_bills.c.tenant_id == unit.tenant_id, waiting_bills.c.subscription_id == subscription_id)
    rows = unit.tx.execute(select(waiting_bills.c.bill).where(*mine).order_by(waiting_bills.c.billing_on)).scalars()
    return [msgspec.convert(row, Bill) for row in rows]


@dataclass(frozen=True, slots=True)
class WaitingDay:
    """Bills of a customer that are invoiced together, with their subscriptions."""

    customer_id: UUID
    billing_on: date
    currency: str
    bills: Sequence[tuple[UUID, Bill]]


def of_customers(tx: Connection, tenant_id: UUID, customers: Sequence[UUID], at: datetime) -> list[WaitingDay]:
    """Days that are over by then, of which no bill is still to be asked for."""
    rows = run(tx, _DAYS, {"tenant": tenant_id, "customers": list(customers), "at": at})
    found: dict[tuple[UUID, date, str], list[tuple[UUID, Bill]]] = {}
    for customer_id, billing_on, currency, subscription_id, bill in rows:
        found.setdefault((customer_id, billing_on, currency), []).append((subscription_id, msgspec.convert(bill, Bill)))
    return [WaitingDay(*day, bills) for day, bills in found.items()]


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
    """How many bills wait for usage: all that are here have been asked for. Those that wait for their day to be over have a
    timer."""
    is_due = waiting_bills.c.invoice_at.is_(None) | (waiting_bills.c.invoice_at <= now)
    mine = waiting_bills.c.tenant_id == tenant_id
    return tx.execute(select(func.count()).select_from(waiting_bills).where(mine, is_due)).scalar_one()


_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended(%(tenant)s::text, 13))"

_WAITING = Insertion(
    "waiting_bills",
    {
        "tenant_id": "uuid",
        "invoice_id": "uuid",
        "subscription_id": "uuid",
        "billing_on": "date",
        "bill": "jsonb",
        "customer_id": "uuid",
        "currency": "text",
        "invoice_at": "timestamptz",
    },
    "ON CONFLICT DO NOTHING",
)

# A day whose timer has not fired may still get bills, also where it is late.
_DAYS = """
SELECT customer_id, billing_on, currency, subscription_id, bill FROM waiting_bills AS w
WHERE tenant_id = %(tenant)s AND customer_id = ANY(%(customers)s) AND invoice_at <= %(at)s
  AND NOT EXISTS (SELECT FROM timers t WHERE t.tenant_id = w.tenant_id AND t.name = 'consolidation'
                  AND t.subject = w.customer_id AND t.fire_at = w.invoice_at)
ORDER BY customer_id, billing_on, currency, subscription_id, invoice_id"""

_OVER = """
DELETE FROM waiting_bills USING unnest(%(tenants)s::uuid[], %(ids)s::uuid[]) AS drafted(tenant_id, invoice_id)
WHERE waiting_bills.tenant_id = drafted.tenant_id AND waiting_bills.invoice_id = drafted.invoice_id"""
