"""/v1/accounting-periods: months of the books, which are closed for good."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import BaseModel
from sqlalchemy import RowMapping

from services.billing.api.access import CloseBooks, ReadBilling
from services.billing.api.books.ledger_forms import MONTH, month_of
from services.billing.domain.accounting_period import ACCOUNTING_PERIODS, ClosePeriod
from services.billing.domain.tenant_settings import TENANT_SETTINGS
from services.billing.projections.books import accounting_periods
from services.billing.tables import accounting_periods as table
from shared.http.pages import Listed, PageQuery, page_of
from shared.http.routes import TransactionalRoute
from shared.periods import local_day

router = APIRouter(prefix="/v1/accounting-periods", tags=["ledger"], route_class=TransactionalRoute)


class ClosingOut(BaseModel):
    """With `month` every month before `open_from` is closed."""

    month: str
    open_from: date
    closed_at: datetime
    closed_by: str


@router.get("")
def list_closings(unit: ReadBilling, page: PageQuery) -> Listed[ClosingOut]:
    return page_of(unit, accounting_periods.of_tenant(unit), table.c.month, page, _shown)


@router.post("/{month}/close")
def close(month: Annotated[str, Path(pattern=MONTH)], unit: CloseBooks) -> ClosingOut:
    """No posting lands in the month from now on, nor in one before it: what belongs there is booked on the first open
    day. One that is closed already is answered with the closing that it was part of."""
    today = local_day(unit.now, unit.state(TENANT_SETTINGS, unit.tenant_id).zone)
    command = ClosePeriod(month=month_of(month), today=today, closed_at=unit.now)
    unit.execute(ACCOUNTING_PERIODS, unit.tenant_id, command)
    return _shown(accounting_periods.closing_of(unit, month))


def _shown(row: RowMapping) -> ClosingOut:
    return ClosingOut(**{name: row[name] for name in ClosingOut.model_fields})
