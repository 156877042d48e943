"""Usage periods as billing asked for them: state, revision, and the invoice that bills them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import Connection, Select, Text, cast, literal, select, update
from sqlalchemy.dialects.postgresql import JSONB, insert

from services.billing.domain.invoice.events import InvoiceDrafted
from services.billing.domain.period_total import PeriodTotal
from services.billing.domain.usage_period import (
    UsagePeriodClosed,
    UsagePeriodOpened,
    UsagePeriodRevised,
    UsagePeriodShortened,
)
from services.billing.tables import usage_periods as periods
from shared.event_store import Recorded
from shared.statements import run, write
from shared.unit_of_work import Session, UnitOfWork

_insert = insert(periods).on_conflict_do_nothing()


def project(tx: Connection, recorded: Sequence[Recorded]) -> None:
    opened = [_row(entry, entry.event) for entry in recorded if isinstance(entry.event, UsagePeriodOpened)]
    write(tx, _insert, *opened)
    billed = [(e.tenant_id, id_, e.stream_id, day) for e in recorded for id_, day in _billed(e.event)]
    if billed:
        columns = zip(("tenants", "ids", "invoices", "days"), zip(*billed, strict=True), strict=True)
        run(tx, _BILLED, {name: list(values) for name, values in columns})
    told = {(e.tenant_id, e.stream_id): _totals(e.event.totals) for e in recorded if isinstance(e.event, _TELLING)}
    closed = [(e.tenant_id, e.stream_id) for e in recorded if isinstance(e.event, UsagePeriodClosed)]
    if closed:
        tenants, ids = zip(*closed, strict=True)
        run(tx, _CLOSED, {"tenants": list(tenants), "ids": list(ids), "totals": [told[key] for key in closed]})
    for entry in recorded:
        if changed := _changed(entry, told):
            mine = (periods.c.tenant_id == entry.tenant_id, periods.c.period_id == entry.stream_id)
            tx.execute(update(periods).where(*mine).values(changed))


def _changed(entry: Recorded, told: Mapping[tuple[UUID, UUID], str]) -> dict[str, Any]:
    match entry.event:
        case UsagePeriodShortened(item=item):
            return {"ends_on": item.ends_on}
        case UsagePeriodRevised(revision=revision):
            return {"revision": revision, "totals": cast(literal(told[entry.tenant_id, entry.stream_id], Text), JSONB)}
    return {}


def _billed(event: object) -> Iterator[tuple[UUID, date]]:
    for part in event.header.bills if isinstance(event, InvoiceDrafted) else ():
        yield from ((item.period_id, part.bill.billing_on) for item in part.bill.usage)


def _row(entry: Recorded, event: UsagePeriodOpened) -> dict[str, Any]:
    return {
        "tenant_id": entry.tenant_id,
        "period_id": event.item.period_id,
        "subscription_id": event.subscription_id,
        "charge": event.item.charge,
        "starts_on": event.item.starts_on,
        "ends_on": event.item.ends_on,
        "status": "open",
        "revision": 0,
        "term_number": event.item.term_number,
        "amendment": event.item.amendment,
        "is_progressive": event.is_progressive or None,
    }


def _totals(totals: Iterable[PeriodTotal]) -> str:
    """What of them makes the price: the group, the quantity, and how many events made it."""
    return msgspec.json.encode([(total.group, total.quantity, total.count) for total in totals]).decode()


_TELLING = (UsagePeriodClosed, UsagePeriodRevised)


def invoice_of(unit: UnitOfWork, period_id: UUID) -> UUID | None:
    mine = (periods.c.tenant_id == unit.tenant_id, periods.c.period_id == period_id)
    invoice_id: UUID | None = unit.tx.execute(select(periods.c.invoice_id).where(*mine)).scalar_one_or_none()
    return invoice_id


def unbilled(session: Session, tenant_id: UUID, subscription_ids: Sequence[UUID], last_day: date) -> list[UUID]:
    """Those of these subscriptions that end by a day and have no invoice."""
    where = {"tenant": tenant_id, "ids": list(subscription_ids), "day": last_day}
    return [row[0] for row in run(session.connection, _UNBILLED, where)]


def closed_among(unit: UnitOfWork, period_ids: Iterable[UUID]) -> list[UUID]:
    where = {"tenant": unit.tenant_id, "ids": list(period_ids)}
    return [row[0] for row in run(unit.tx, _CLOSED_AMONG, where)]


def of_tenant(unit: UnitOfWork, *, subscription_id: UUID | None = None, status: str | None = None) -> Select[Any]:
    mine = select(periods).where(periods.c.tenant_id == unit.tenant_id)
    if subscription_id is not None:
        mine = mine.where(periods.c.subscription_id == subscription_id)
    return mine if status is None else mine.where(periods.c.status == status)


def ending_after(unit: UnitOfWork, subscription_id: UUID, day: date) -> list[UUID]:
    """Those of a subscription that could still end earlier than they do, by a change on that day."""
    mine = of_tenant(unit, subscription_id=subscription_id).where(periods.c.ends_on > day)
    mine = mine.with_only_columns(periods.c.period_id)
    return list(unit.tx.execute(mine.order_by(periods.c.starts_on, periods.c.period_id)).scalars())


_BILLED = """
UPDATE usage_periods SET invoice_id = billed.invoice_id, billed_on = billed.day
FROM unnest(%(tenants)s::uuid[], %(ids)s::uuid[], %(invoices)s::uuid[], %(days)s::date[])
  AS billed(tenant_id, period_id, invoice_id, day)
WHERE usage_periods.tenant_id = billed.tenant_id AND usage_periods.period_id = billed.period_id"""

_CLOSED = """
UPDATE usage_periods SET status = 'closed', totals = closed.totals::jsonb
FROM unnest(%(tenants)s::uuid[], %(ids)s::uuid[], %(totals)s::text[]) AS closed(tenant_id, period_id, totals)
WHERE usage_periods.tenant_id = closed.tenant_id AND usage_periods.period_id = closed.period_id"""

_CLOSED_AMONG = """
SELECT period_id FROM usage_periods
WHERE tenant_id = %(tenant)s AND period_id = ANY(%(ids)s) AND status = 'closed'"""

_UNBILLED = """
SELECT period_id FROM usage_periods WHERE tenant_id = %(tenant)s AND subscription_id = ANY(%(ids)s)
  AND ends_on <= %(day)s AND invoice_id IS NULL"""
