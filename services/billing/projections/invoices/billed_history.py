"""What was billed on days of the past: subscriptions, and their items where each comes to the same by itself; otherwise, as the
log has it, their bills and the latest totals of their usage."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from uuid import UUID

import msgspec

from services.billing.domain.invoice import INVOICE
from services.billing.domain.invoice.amounts import Items
from services.billing.domain.invoice.edit_events import EDIT_TYPES
from services.billing.domain.invoice.line_edits import LineEdit
from services.billing.domain.invoice.tariff import GroupTotals
from services.billing.domain.subscription import SUBSCRIPTION
from services.billing.domain.subscription.events import Bill
from services.billing.domain.subscription.state import Subscription
from services.billing.projections.invoices.billed_items import BilledItems
from services.billing.projections.subscriptions.contract_questions import conditions
from services.billing.projections.subscriptions.shared_lines import SharedLines
from shared.event_types import EventTypes
from shared.periods import Days
from shared.statements import run
from shared.unit_of_work import UnitOfWork

AT_ONCE, A_PAGE = 5_000, 500  # of rows, which are short, and of the log
_TYPES = EventTypes([INVOICE, SUBSCRIPTION])


@dataclass(frozen=True, slots=True)
class History:
    """`usage` has the totals of every period of `bills`, by its id, and `edits` what people changed of drafts, by invoice.
    Where `items` say the same there are no bills."""

    customer: str
    subscription: Subscription
    items: Items | None = None
    bills: tuple[Bill, ...] = ()
    usage: Mapping[UUID, GroupTotals] = field(default_factory=dict)
    edits: Mapping[UUID, Sequence[LineEdit]] = field(default_factory=dict)


class _Total(msgspec.Struct):
    """What of a stored total makes the price."""

    group: str
    quantity: Decimal
    count: int


_TOTALS = msgspec.json.Decoder(list[_Total])


def of_plan(
    unit: UnitOfWork,
    plan: str,
    days: Days,
    is_apart: Callable[[Subscription], bool],
    *,
    after: str = "",
    customer: str | None = None,
) -> Iterator[History]:
    """By customer, from the one after `after` on: subscriptions that ever had the plan, and what was billed of them on
    these days and drafted, but not what was voided. `is_apart` says of which of them items are enough."""
    run(unit.tx, _PLANNED_ANEW, {})
    chosen = run(unit.tx, _CHOSEN, {"tenant": unit.tenant_id, "after": after, "customer": customer, **_having(plan)})
    customers = {row[0]: row[1] for row in chosen}
    ids, log, items, lines = list(customers), _Log(unit, days), BilledItems(), SharedLines()
    for some in _parts(ids, AT_ONCE):
        billed = items.of(unit, some, days)
        for page in _parts([id_ for id_ in some if id_ in billed], A_PAGE):
            contracts = conditions(unit, page, lines)
            apart = {id_ for id_ in page if billed[id_].is_whole and is_apart(contracts[id_])}
            told = log.bills([id_ for id_ in page if id_ not in apart])
            for id_ in page:
                if id_ in apart:
                    yield History(customers[id_], contracts[id_], items.items(billed[id_]))
                elif id_ in told.bills:
                    yield History(customers[id_], contracts[id_], None, told.bills[id_], told.usage, told.edits)


def _parts(ids: Sequence[UUID], size: int) -> Iterator[Sequence[UUID]]:
    return (ids[start : start + size] for start in range(0, len(ids), size))


def _having(plan: str) -> dict[str, str]:
    """An amended subscription may have had it before."""
    return {"term": msgspec.json.encode({"terms": [{"plan": plan}]}).decode()}


@dataclass(frozen=True, slots=True)
class _Told:
    bills: Mapping[UUID, tuple[Bill, ...]]
    usage: Mapping[UUID, GroupTotals]
    edits: Mapping[UUID, Sequence[LineEdit]]


@dataclass(frozen=True, slots=True)
class _Log:
    unit: UnitOfWork
    days: Days

    def bills(self, ids: Sequence[UUID]) -> _Told:
        if not ids:
            return _Told({}, {}, {})
        where = {"tenant": self.unit.tenant_id, "ids": list(ids), "type": _BILL}
        invoiced = {row[0] for row in run(self.unit.tx, _INVOICED, where)}
        asked = (
            (id_, _TYPES.decode("subscription", _BILL, data).bill) for id_, data in run(self.unit.tx, _REQUESTED, where)
        )
        bills: dict[UUID, tuple[Bill, ...]] = {}
        for id_, bill in asked:
            if bill.billing_on in self.days and bill.invoice_id in invoiced:
                bills[id_] = (*bills.get(id_, ()), bill)
        periods = [item.period_id for mine in bills.values() for bill in mine for item in bill.metered]
        return _Told(bills, _usage(self.unit, periods), _edits(self.unit, ids))


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


_BILL = "bill_requested"

# A plan for any number of subscriptions is one for few.
_PLANNED_ANEW = "SET LOCAL plan_cache_mode = force_custom_plan"

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

_REQUESTED = """
SELECT stream_id, data::text FROM events
WHERE tenant_id = %(tenant)s AND category = 'subscription' AND stream_id = ANY(%(ids)s) AND type = %(type)s
ORDER BY stream_id, version"""

_EDITED = """
SELECT e.stream_id, e.type, e.data::text FROM invoices i
JOIN events e ON e.tenant_id = i.tenant_id AND e.category = 'invoice' AND e.stream_id = i.invoice_id
WHERE i.tenant_id = %(tenant)s AND i.subscription_id = ANY(%(ids)s) AND i.document->'edits' <> '[]'
  AND e.type = ANY(%(types)s)
ORDER BY e.stream_id, e.version"""

# The last event that has totals is the closing or the latest revision, or what was told before.
_LATEST = """
SELECT DISTINCT ON (stream_id) stream_id, (data->'totals')::text FROM events
WHERE tenant_id = %(tenant)s AND category = 'usage_period' AND stream_id = ANY(%(ids)s)
  AND type IN ('used_so_far_recorded', 'usage_period_closed', 'usage_period_revised')
ORDER BY stream_id, version DESC"""
