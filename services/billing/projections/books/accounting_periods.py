"""Months of the books that are closed, and the turn of those who write: a month is closed after who began before it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, RowMapping, Select, select

from services.billing.domain.accounting_period import AccountingPeriodClosed
from services.billing.tables import accounting_periods
from shared.event_store import Recorded
from shared.statements import Insertion, ahead, is_appending, write_rows
from shared.unit_of_work import UnitOfWork


def held(tx: Connection, recorded: Sequence[Recorded]) -> dict[UUID, date]:
    """The first open day of each tenant that closed a month; until the transaction ends nobody closes another one.

    Asked before the events are written, so that the log has them in the order of these turns, and a rebuild books them
    as they were booked.
    """
    tenants = sorted({entry.tenant_id for entry in recorded})
    if is_appending(tx):
        closing = any(isinstance(entry.event, AccountingPeriodClosed) for entry in recorded)
        ahead(tx, _CLOSE if closing else _BOOK, {"tenants": tenants})
    return dict(ahead(tx, _OPEN_FROM, {"tenants": tenants}).fetchall())


def note(tx: Connection, recorded: Sequence[Recorded]) -> None:
    write_rows(tx, _PERIODS, [_row(e, e.event) for e in recorded if isinstance(e.event, AccountingPeriodClosed)])


def _row(entry: Recorded, event: AccountingPeriodClosed) -> dict[str, Any]:
    return {
        "tenant_id": entry.tenant_id,
        "month": event.month.strftime("%Y-%m"),
        "open_from": event.open_from,
        "closed_at": event.closed_at,
        "closed_by": entry.cause.context.get("principal", ""),
    }


def of_tenant(unit: UnitOfWork) -> Select[Any]:
    return select(accounting_periods).where(accounting_periods.c.tenant_id == unit.tenant_id)


def closing_of(unit: UnitOfWork, month: str) -> RowMapping:
    """The one by which a month was closed."""
    since = of_tenant(unit).where(accounting_periods.c.month >= month).order_by(accounting_periods.c.month).limit(1)
    return unit.tx.execute(since).mappings().one()


# Locks of tenants share 64 names, so that a transaction of many tenants does not hold a lock for each.
_NAMES = """
FROM (SELECT DISTINCT hashtext(tenant::text) & 63 AS name FROM unnest(%(tenants)s::uuid[]) AS tenant ORDER BY 1) AS names"""
_BOOK = f"SELECT pg_advisory_xact_lock_shared(1013, name) {_NAMES}"
_CLOSE = f"SELECT pg_advisory_xact_lock(1013, name) {_NAMES}"

_OPEN_FROM = """
SELECT tenant_id, max(open_from) FROM accounting_periods WHERE tenant_id = ANY(%(tenants)s) GROUP BY tenant_id"""

_PERIODS = Insertion(
    "accounting_periods",
    {"tenant_id": "uuid", "month": "text", "open_from": "date", "closed_at": "timestamptz", "closed_by": "text"},
    "ON CONFLICT DO NOTHING",
)
