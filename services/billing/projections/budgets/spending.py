"""What was billed for the cost centres of a customer, by the books, and what its contracts are still to be billed for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import Select, func, select

from services.billing.domain.billed_items import Billed
from services.billing.domain.budget.spending import ByCostCentre, committed
from services.billing.domain.contract_value import ContractItems
from services.billing.tables import ledger_postings as postings
from shared.periods import Days
from shared.statements import run
from shared.unit_of_work import UnitOfWork

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


def by_cost_centre(
    unit: UnitOfWork, customer_id: UUID, days: Days, known: Known = NOW
) -> dict[tuple[str | None, str], Spending]:
    """By cost centre, None where none was named, and currency: all that was booked in the days."""
    where = {"tenant": unit.tenant_id, "customer": customer_id, "start": days.start, "end": days.end}
    rows = run(unit.tx, _SPENDING, where | {"through": known.through, "at": known.at})
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


def commitments(unit: UnitOfWork, customer_id: UUID, days: Days, today: date) -> ByCostCentre:
    """What all contracts of a customer are still to be billed for within the days, in minor units."""
    rows = run(unit.tx, _CONTRACTS, {"tenant": unit.tenant_id, "customer": customer_id}).fetchall()
    waiting = _waiting(unit, [row[0] for row in rows])
    found: ByCostCentre = ByCostCentre()
    for id_, items, through in rows:
        billed = Billed(_THROUGH.decode(through) if through else {}, waiting.get(id_, frozenset()))
        found.update(committed(_ITEMS.decode(items), billed, days, today))
    return found


def _waiting(unit: UnitOfWork, ids: Sequence[UUID]) -> dict[UUID, set[tuple[str, date]]]:
    found: dict[UUID, set[tuple[str, date]]] = defaultdict(set)
    for id_, items in run(unit.tx, _NOT_ISSUED, {"tenant": unit.tenant_id, "ids": list(ids)}):
        found[id_].update(_PLACES.decode(items))
    return found


_ITEMS = msgspec.json.Decoder(ContractItems)
_THROUGH = msgspec.json.Decoder(dict[str, date])
_PLACES = msgspec.json.Decoder(list[tuple[str, date]])

_BOOKED = """
SELECT {names} COALESCE(-sum(amount_minor) FILTER (WHERE kind <> 'recognition'), 0)::bigint,
       COALESCE(-sum(amount_minor) FILTER (WHERE account = 'revenue'), 0)::bigint
FROM ledger_postings
WHERE tenant_id = %(tenant)s AND customer_id = %(customer)s AND account IN ('revenue', 'deferred_revenue')
  AND booked_on >= %(start)s AND booked_on < %(end)s
  AND booked_on <= COALESCE(%(through)s, 'infinity'::date)
  AND recorded_at <= COALESCE(%(at)s, 'infinity'::timestamptz)"""

_SPENDING = f"{_BOOKED.format(names='cost_centre, currency,')} GROUP BY cost_centre, currency"
_OF_ONE = f"{_BOOKED.format(names='')} AND cost_centre = %(cost_centre)s AND currency = %(currency)s"

_CONTRACTS = """
SELECT s.subscription_id, c.items::text, b.through::text
FROM subscriptions s
JOIN LATERAL (SELECT items FROM contracts c
  WHERE c.tenant_id = s.tenant_id AND c.subscription_id = s.subscription_id ORDER BY known_from DESC LIMIT 1) c ON true
LEFT JOIN LATERAL (SELECT through FROM contract_bills b
  WHERE b.tenant_id = s.tenant_id AND b.subscription_id = s.subscription_id ORDER BY version DESC LIMIT 1) b ON true
WHERE s.tenant_id = %(tenant)s AND s.customer_id = %(customer)s"""

# What bills took that is on no invoice yet; a draft that was given up took it for good.
_NOT_ISSUED = """
SELECT b.subscription_id, b.items::text
FROM contract_bills b
LEFT JOIN invoice_parts p ON p.tenant_id = b.tenant_id AND p.bill_id = b.invoice_id
LEFT JOIN invoices i ON i.tenant_id = b.tenant_id AND i.invoice_id = COALESCE(p.invoice_id, b.invoice_id)
WHERE b.tenant_id = %(tenant)s AND b.subscription_id = ANY(%(ids)s)
  AND (i.invoice_id IS NULL OR i.issued_on IS NULL AND i.status <> 'discarded')"""
