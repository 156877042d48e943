"""Subscriptions as they stood at two instants, with the bills that waited for their invoice: read from the log itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import groupby
from typing import Any
from uuid import UUID

from services.billing.domain.subscription import SUBSCRIPTION
from services.billing.domain.subscription.events import Bill, BillRequested
from services.billing.domain.subscription.state import Subscription
from shared.event_types import EventTypes
from shared.statements import run
from shared.unit_of_work import UnitOfWork

_TYPES = EventTypes([SUBSCRIPTION])


@dataclass(frozen=True, slots=True)
class Contract:
    """`before` is how it stood when the span began, None where there was none; `waiting` are bills without an invoice
    at its end."""

    before: Subscription | None
    after: Subscription
    waiting: tuple[Bill, ...] = ()


def between(unit: UnitOfWork, start: datetime, end: datetime, last_day: date) -> Iterator[Contract]:
    """All contracts there were before `end`; an invoice counts that was issued by the `last_day`."""
    where = {"tenant": unit.tenant_id, "end": end, "day": last_day}
    settled = {row[0] for row in run(unit.tx, _SETTLED, where)}
    events = run(unit.tx, _EVENTS, where).fetchall()
    for _, rows in groupby(events, key=lambda row: row[0]):
        contract = _contract(_in_time(rows, end), start, settled)
        if contract is not None:
            yield contract


def _in_time(rows: Iterable[Sequence[Any]], end: datetime) -> Iterator[tuple[Any, datetime]]:
    """What happened before `end`: as the log has it, up to the first event of later."""
    for _, name, data, occurred_at in rows:
        if occurred_at >= end:
            return
        yield _TYPES.decode("subscription", name, data), occurred_at


def _contract(happened: Iterable[tuple[Any, datetime]], start: datetime, settled: set[UUID]) -> Contract | None:
    before: Subscription | None = None
    after: Subscription | None = None
    bills: list[Bill] = []
    for event, occurred_at in happened:
        after = SUBSCRIPTION.evolve(after, event)
        before = after if occurred_at < start else before
        if isinstance(event, BillRequested):
            bills.append(event.bill)
    waiting = tuple(bill for bill in bills if bill.invoice_id not in settled)
    return None if after is None else replace(Contract(before, after), waiting=waiting)


_EVENTS = """
SELECT stream_id, type, data::text, occurred_at FROM events
WHERE tenant_id = %(tenant)s AND category = 'subscription' ORDER BY stream_id, version"""

_SETTLED = """
SELECT invoice_id FROM invoices
WHERE tenant_id = %(tenant)s AND (issued_on <= %(day)s OR status = 'discarded')"""
