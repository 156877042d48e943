"""What was billed on days of the past, as the log has it: subscriptions, their bills, and the latest totals of their usage."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby
from typing import Any
from uuid import UUID

import msgspec

from services.billing.domain.invoice import INVOICE
from services.billing.domain.invoice.edit_events import EDIT_TYPES
from services.billing.domain.invoice.line_edits import LineEdit
from services.billing.domain.invoice.tariff import GroupTotals
from services.billing.domain.subscription import SUBSCRIPTION
from services.billing.domain.subscription.events import Bill, BillRequested
from services.billing.domain.subscription.state import Subscription
from services.billing.projections.subscriptions.shared_lines import SharedLines
from shared.event_types import EventTypes
from shared.periods import Days
from shared.statements import run
from shared.unit_of_work import UnitOfWork

A_PAGE = 500
_TYPES = EventTypes([INVOICE])


@dataclass(frozen=True, slots=True)
class History:
    """`usage` has the totals of every period of `bills`, by its id, and `edits` what people changed of drafts, by invoice."""

    customer: str
    subscription: Subscription
    bills: tuple[Bill, ...]
    usage: Mapping[UUID, GroupTotals]
    edits: Mapping[UUID, Sequence[LineEdit]]


class _Total(msgspec.Struct):
    """What of a stored total makes the price."""

    group: str
    quantity: Decimal
    count: int


_TOTALS = msgspec.json.Decoder(list[_Total])


def of_plan(
    unit: UnitOfWork, plan: str, days: Days, *, after: str = "", customer: str | None = None
) -> Iterator[History]:
    """By customer, from the one after `after` on: subscriptions that ever had the plan, and what was billed of them on
    these days and drafted, but not what was voided."""
    chosen = run(unit.tx, _CHOSEN, {"tenant": unit.tenant_id, "after": after, "customer": customer, **_having(plan)})
    customers = {row[0]: row[1] for row in chosen}
    ids, lines = list(customers), SharedLines()
    for start in range(0, len(ids), A_PAGE):
        page = ids[start : start + A_PAGE]
        found = list(_contracts(unit, page, days, lines))
        usage = _usage(unit, [item.period_id for _, bills in found for bill in bills for item in bill.usage])
        edits = _edits(unit, page)
        place = {id_: n for n, id_ in enumerate(page)}
        for subscription, bills in sorted(found, key=lambda each: place[each[0].subscription_id]):
            yield History(customers[subscription.subscription_id], subscription, bills, usage, edits)


def _having(plan: str) -> dict[str, str]:
    """An amended subscription may have had it before."""
    return {"term": msgspec.json.encode({"terms": [{"plan": plan}]}).decode()}


def _contracts(
    unit: UnitOfWork, ids: Sequence[UUID], days: Days, lines: SharedLines
) -> Iterator[tuple[Subscription, tuple[Bill, ...]]]:
    where = {"tenant": unit.tenant_id, "ids": list(ids), "without": list(_STATUS_ONLY)}
    invoiced = {row[0] for row in run(unit.tx, _INVOICED, where)}
    events = run(unit.tx, _EVENTS, where).fetchall()
    for _, rows in groupby(events, key=lambda row: row[0]):
        subscription, bills = _contract(rows, lines)
        asked = tuple(bill for bill in bills if bill.billing_on in days and bill.invoice_id in invoiced)
        if subscription is not None and asked:
            yield subscription, asked


def _contract(rows: Iterator[Any], lines: SharedLines) -> tuple[Subscription | None, list[Bill]]:
    subscription, bills = None, []
    for _, name, data in rows:
        event = lines.decode(name, data)
        if isinstance(event, BillRequested):
            bills.append(event.bill)
        else:
            subscription = SUBSCRIPTION.evolve(subscription, event)
    return subscription, bills


def _usage(unit: UnitOfWork, ids: Sequence[UUID]) -> Mapping[UUID, GroupTotals]:
    found: dict[UUID, GroupTotals] = defaultdict(list)
    for id_, totals in run(unit.tx, _LATEST, {"tenant": unit.tenant_id, "ids": list(ids)}):
        found[id_] = [(total.group, total.quantity, total.count) for total in _TOTALS.decode(totals)]
    return found


def _edits(unit: UnitOfWork, ids: Sequence[UUID]) -> Mapping[UUID, Sequence[LineEdit]]:
    """Of the invoices of these subscriptions, in the order in which they were made."""
    found: dict[UUID, list[LineEdit]] = defaultdict(list)
    for id_, name, data in run(unit.tx, _EDITED, {"tenant": unit.tenant_id, "ids": list(ids), "types": [*EDIT_TYPES]}):
        found[id_].append(_TYPES.decode("invoice", name, data).made)
    return found


# What only moves the status: no price depends on that.
_STATUS_ONLY = ("subscription_activated", "term_started", "subscription_term_ended", "subscription_expired")

_CHOSEN = """
SELECT subscription_id, customer_key FROM subscriptions
WHERE tenant_id = %(tenant)s AND customer_key COLLATE "C" > %(after)s AND customer_key = COALESCE(%(customer)s, customer_key)
  AND (subscription @> %(term)s::jsonb OR subscription->'amendments' <> '[]')
ORDER BY customer_key COLLATE "C", subscription_id"""

_INVOICED = """
SELECT invoice_id FROM invoices
WHERE tenant_id = %(tenant)s AND subscription_id = ANY(%(ids)s) AND status NOT IN ('discarded', 'voided')
UNION ALL
SELECT bill_id FROM invoice_parts JOIN invoices USING (tenant_id, invoice_id)
WHERE tenant_id = %(tenant)s AND invoice_parts.subscription_id = ANY(%(ids)s) AND status NOT IN ('discarded', 'voided')"""

_EVENTS = """
SELECT stream_id, type, data::text FROM events
WHERE tenant_id = %(tenant)s AND category = 'subscription' AND stream_id = ANY(%(ids)s)
  AND type <> ALL(%(without)s)
ORDER BY stream_id, version"""

_EDITED = """
SELECT e.stream_id, e.type, e.data::text FROM invoices i
JOIN events e ON e.tenant_id = i.tenant_id AND e.category = 'invoice' AND e.stream_id = i.invoice_id
WHERE i.tenant_id = %(tenant)s AND i.subscription_id = ANY(%(ids)s) AND i.document->'edits' <> '[]'
  AND e.type = ANY(%(types)s)
ORDER BY e.stream_id, e.version"""

# The last event that has totals is the closing or the latest revision.
_LATEST = """
SELECT DISTINCT ON (stream_id) stream_id, (data->'totals')::text FROM events
WHERE tenant_id = %(tenant)s AND category = 'usage_period' AND stream_id = ANY(%(ids)s)
  AND type IN ('usage_period_closed', 'usage_period_revised')
ORDER BY stream_id, version DESC"""
