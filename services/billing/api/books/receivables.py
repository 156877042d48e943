"""/v1/receivables: who owes how much, and for how long."""

from __future__ import annotations

from datetime import date

from fastapi import APIRouter
from pydantic import BaseModel
from sqlalchemy import RowMapping

from services.billing.api.access import ReadBilling
from services.billing.domain.tenant_settings import TENANT_SETTINGS
from services.billing.projections.books import receivables
from shared.http.fields import Day
from shared.http.pages import Listed, PageQuery, page_of
from shared.http.routes import TransactionalRoute
from shared.periods import local_day

router = APIRouter(prefix="/v1/receivables", tags=["ledger"], route_class=TransactionalRoute)


class Aged(BaseModel):
    """What was open at the end of the day, by how many days it was overdue then; total is the sum of the others."""

    currency: str
    not_due_minor: int
    to_30_days_minor: int
    to_60_days_minor: int
    to_90_days_minor: int
    over_90_days_minor: int
    total_minor: int


class AgedCustomer(Aged):
    customer: str


class AgedReceivables(Listed[AgedCustomer]):
    """`totals` are of all customers, whatever the page; they are the balance of the account receivables."""

    at: date
    totals: list[Aged]


@router.get("/aged")
def show_aged(unit: ReadBilling, page: PageQuery, at: Day | None = None) -> AgedReceivables:
    """By customer; today without `at`."""
    day = at or local_day(unit.now, unit.state(TENANT_SETTINGS, unit.tenant_id).zone)
    aged = receivables.by_customer(unit, day)
    listed = page_of(unit, receivables.listed(aged), aged.c.place, page, _customer)
    totals = [Aged(**_amounts(row)) for row in receivables.totals(unit, aged)]
    return AgedReceivables(at=day, items=listed.items, next_cursor=listed.next_cursor, totals=totals)


def _customer(row: RowMapping) -> AgedCustomer:
    return AgedCustomer(customer=row["customer_key"], **_amounts(row))


def _amounts(row: RowMapping) -> dict[str, str]:
    return {"currency": row["currency"], **{f"{name}_minor": row[name] for name in receivables.NAMES}}
