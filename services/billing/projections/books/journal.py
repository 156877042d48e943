"""The postings of the ledger in the order of the books, alone and entry by entry."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, exists, func, select

from services.billing.tables import ledger_postings as postings
from shared.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Postings booked from `start` up to, not including, `end`."""

    start: date | None = None
    end: date | None = None
    customer: str | None = None
    invoice_id: UUID | None = None
    account: str | None = None
    currency: str | None = None
    cost_centre: str | None = None


def of_tenant(unit: UnitOfWork, wanted: Wanted) -> Select[Any]:
    return select(postings).where(postings.c.tenant_id == unit.tenant_id, *_wanted(wanted))


def entries(unit: UnitOfWork, wanted: Wanted) -> Select[Any]:
    """The first posting of each entry in which there is a posting that is wanted, with all of the entry's `postings`."""
    others, all_of_it = postings.alias("others"), postings.alias("all_of_it")
    same = and_(others.c.tenant_id == postings.c.tenant_id, others.c.entry_id == postings.c.entry_id)
    first = select(postings, _together(all_of_it)).where(postings.c.tenant_id == unit.tenant_id, postings.c.number == 1)
    common, own = _common(wanted), _own(wanted, others)
    return first.where(*common, exists().where(same, *own)) if own else first.where(*common)


def _together(of: Any) -> ColumnElement[Any]:
    names = ("account", "revenue_class", "tax_rate", "line", "cost_centre", "currency", "amount_minor")
    one = func.jsonb_build_object(*(part for name in names for part in (name, of.c[name])))
    mine = (of.c.tenant_id == postings.c.tenant_id, of.c.entry_id == postings.c.entry_id)
    return select(func.jsonb_agg(one).label("postings")).where(*mine).scalar_subquery().label("postings")


def _wanted(wanted: Wanted) -> list[ColumnElement[bool]]:
    return [*_common(wanted), *_own(wanted, postings)]


def _common(wanted: Wanted) -> list[ColumnElement[bool]]:
    """What all postings of an entry have in common."""
    equal = {postings.c.customer_key: wanted.customer, postings.c.invoice_id: wanted.invoice_id}
    found = [column == value for column, value in equal.items() if value is not None]
    if wanted.start is not None:
        found.append(postings.c.booked_on >= wanted.start)
    return found if wanted.end is None else [*found, postings.c.booked_on < wanted.end]


def _own(wanted: Wanted, of: Any) -> list[ColumnElement[bool]]:
    equal = {of.c.account: wanted.account, of.c.currency: wanted.currency, of.c.cost_centre: wanted.cost_centre}
    return [column == value for column, value in equal.items() if value is not None]
