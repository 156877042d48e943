"""What customers owed at the end of a day, by how long it was overdue then: from the ledger, so it is its balance."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, RowMapping, Select, Text, case, func, literal, select
from sqlalchemy.sql.selectable import Subquery

from services.billing.tables import invoices
from services.billing.tables import ledger_postings as postings
from shared.unit_of_work import UnitOfWork

# The last day of being overdue that a bucket has; what is overdue for longer is in the last one.
BUCKETS = {"not_due": 0, "to_30_days": 30, "to_60_days": 60, "to_90_days": 90}
OVER = "over_90_days"
NAMES = (*BUCKETS, OVER, "total")


def by_customer(unit: UnitOfWork, day: date) -> Subquery:
    """One row a customer and currency, known by `place`; who owes nothing has none."""
    owed = _owed(unit, day)
    overdue = literal(day) - invoices.c.due_on
    sums = {name: _sum(owed.c.owed, overdue, name) for name in (*BUCKETS, OVER)}
    place = func.concat(invoices.c.customer_key, "/", invoices.c.currency).cast(Text).label("place")
    same = (invoices.c.invoice_id == owed.c.invoice_id, invoices.c.tenant_id == unit.tenant_id)
    grouped = select(
        place,
        invoices.c.customer_key,
        invoices.c.currency,
        *(amount.label(name) for name, amount in sums.items()),
        func.sum(owed.c.owed).cast(BigInteger).label("total"),
    )
    named = (invoices.c.customer_key, invoices.c.currency)
    return grouped.join(owed, same[0]).where(same[1]).group_by(*named).subquery("aged")


def _owed(unit: UnitOfWork, day: date) -> Subquery:
    mine = (postings.c.tenant_id == unit.tenant_id, postings.c.account == "receivables", postings.c.booked_on <= day)
    owed = select(postings.c.invoice_id, func.sum(postings.c.amount_minor).label("owed")).where(*mine)
    return owed.group_by(postings.c.invoice_id).having(func.sum(postings.c.amount_minor) != 0).subquery("owed")


def _sum(owed: ColumnElement[Any], overdue: ColumnElement[Any], name: str) -> ColumnElement[Any]:
    ends = list(BUCKETS.values())
    first = ends[ends.index(BUCKETS[name]) - 1] if BUCKETS.get(name) else None
    if name == OVER:
        chosen = overdue > ends[-1]
    elif first is None:
        chosen = overdue <= 0
    else:
        chosen = (overdue > first) & (overdue <= BUCKETS[name])
    return func.coalesce(func.sum(case((chosen, owed), else_=0)), 0).cast(BigInteger)


def listed(aged: Subquery) -> Select[Any]:
    return select(aged)


def totals(unit: UnitOfWork, aged: Subquery) -> Sequence[RowMapping]:
    sums = (func.sum(aged.c[name]).cast(BigInteger).label(name) for name in NAMES)
    by_currency = select(aged.c.currency, *sums).group_by(aged.c.currency).order_by(aged.c.currency)
    return unit.tx.execute(by_currency).mappings().all()
