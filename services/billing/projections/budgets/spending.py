"""What was billed for the cost centres of a customer, by the books, and what its contracts are still to be billed for."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import Select, func, select

from services.billing.domain.billed_items import Billed
from services.billing.domain.contract_value import ContractItems
from services.billing.tables import ledger_postings as postings
from shared.periods import Days
from shared.statements import run
from shared.unit_of_work import UnitOfWork

Contract = tuple[ContractItems, Billed]
OF_REVENUE = ("revenue", "deferred_revenue")


@dataclass(frozen=True, slots=True, kw_only=True)
class Spending:
    """In minor units, net: what documents carry, and what of it, or of documents before, is earned in these days."""

    billed: int = 0
    earned: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """`through` is the last day that counts, `at` the last instant at which somebody told it; None is any."""

    through: date | None = None
    at: datetime | None = None


NOW = Known()


def by_cost_centre(unit: UnitOfWork, customer: str, days: Days) -> dict[tuple[str | None, str], Spending]:
    """By cost centre, None where none was named, and currency: all that was booked in the days. `customer` is the key."""
    rows = run(unit.tx, _ALL, {"tenant": unit.tenant_id, "customer": customer, "start": days.start, "end": days.end})
    return {(name, currency): Spending(billed=billed, earned=earned) for name, currency, billed, earned in rows}


def of_cost_centre(
    unit: UnitOfWork, customer_id: UUID, cost_centre: str, currency: str, days: Days, known: Known = NOW
) -> Spending:
    where = {"tenant": unit.tenant_id, "customer": customer_id, "start": days.start, "end": days.end}
    asked = {"cost_centre": cost_centre, "currency": currency, "through": known.through, "at": known.at}
    [(billed, earned)] = run(unit.tx, _OF_ONE, where | asked)
    return Spending(billed=billed, earned=earned)


def documents(unit: UnitOfWork, customer_id: UUID, cost_centre: str, currency: str, days: Days) -> Select[Any]:
    """Every line of an invoice or credit note that counts as billed, with its net as `net_minor`; `place` is its order."""
    mine = (
        postings.c.tenant_id == unit.tenant_id,
        postings.c.customer_id == customer_id,
        postings.c.cost_centre == cost_centre,
        postings.c.currency == currency,
        postings.c.account.in_(OF_REVENUE),
        postings.c.kind != "recognition",
        postings.c.booked_on >= days.start,
        postings.c.booked_on < days.end,
    )
    names = ("entry_id", "kind", "booked_on", "invoice_id", "document", "line")
    same = [postings.c[name] for name in names]
    net, place = -func.sum(postings.c.amount_minor), func.min(postings.c.place)
    lines = select(*same, net.label("net_minor"), place.label("place")).where(*mine).group_by(*same).subquery()
    return select(lines)


def contracts(unit: UnitOfWork, customer_id: UUID, currency: str) -> list[Contract]:
    """All of a customer in a currency, with what of them was billed by now."""
    where = {"tenant": unit.tenant_id, "customer": customer_id, "currency": currency}
    waiting: dict[UUID, set[tuple[str, date]]] = defaultdict(set)
    for id_, places in run(unit.tx, _NOT_ISSUED, where):
        waiting[id_].update(_PLACES.decode(places))
    return [
        (_ITEMS.decode(items), Billed(_THROUGH.decode(through) if through else {}, waiting[id_]))
        for id_, items, through in run(unit.tx, _CONTRACTS, where)
    ]


_ITEMS = msgspec.json.Decoder(ContractItems)
_THROUGH = msgspec.json.Decoder(dict[str, date])
_PLACES = msgspec.json.Decoder(list[tuple[str, date]])

_ALL = """
SELECT cost_centre, currency,
       COALESCE(-sum(amount_minor) FILTER (WHERE kind <> 'recognition'), 0)::bigint,
       COALESCE(-sum(amount_minor) FILTER (WHERE account = 'revenue'), 0)::bigint
FROM ledger_postings
WHERE tenant_id = %(tenant)s AND customer_key = %(customer)s AND account IN ('revenue', 'deferred_revenue')
  AND booked_on >= %(start)s AND booked_on < %(end)s
GROUP BY cost_centre, currency"""

_OF_ONE = """
SELECT COALESCE(-sum(amount_minor) FILTER (WHERE kind <> 'recognition'), 0)::bigint,
       COALESCE(-sum(amount_minor) FILTER (WHERE account = 'revenue'), 0)::bigint
FROM ledger_postings
WHERE tenant_id = %(tenant)s AND customer_id = %(customer)s AND cost_centre = %(cost_centre)s
  AND currency = %(currency)s AND account IN ('revenue', 'deferred_revenue')
  AND booked_on >= %(start)s AND booked_on < %(end)s
  AND booked_on <= COALESCE(%(through)s, 'infinity'::date)
  AND recorded_at <= COALESCE(%(at)s, 'infinity'::timestamptz)"""

_CONTRACTS = """
SELECT s.subscription_id, c.items::text, b.through::text
FROM subscriptions s
JOIN LATERAL (SELECT items, currency FROM contracts c
  WHERE c.tenant_id = s.tenant_id AND c.subscription_id = s.subscription_id ORDER BY known_from DESC LIMIT 1) c ON true
LEFT JOIN LATERAL (SELECT through FROM contract_bills b
  WHERE b.tenant_id = s.tenant_id AND b.subscription_id = s.subscription_id ORDER BY version DESC LIMIT 1) b ON true
WHERE s.tenant_id = %(tenant)s AND s.customer_id = %(customer)s AND c.currency = %(currency)s"""

# What bills took that is on no invoice yet; a draft that was given up took it for good.
_NOT_ISSUED = """
SELECT b.subscription_id, b.items::text
FROM contract_bills b JOIN subscriptions s ON s.tenant_id = b.tenant_id AND s.subscription_id = b.subscription_id
WHERE b.tenant_id = %(tenant)s AND s.customer_id = %(customer)s AND b.invoice_id IN (
  SELECT invoice_id FROM waiting_bills WHERE tenant_id = %(tenant)s
  UNION ALL
  SELECT COALESCE(bill_id, invoice_id) FROM invoices LEFT JOIN invoice_parts USING (tenant_id, invoice_id)
  WHERE tenant_id = %(tenant)s AND customer_id = %(customer)s AND issued_on IS NULL AND status <> 'discarded')"""
