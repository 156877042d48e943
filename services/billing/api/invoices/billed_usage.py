"""/v1/usage-periods/{id}/lines: what usage was billed as, which the usage service names for each event."""

from __future__ import annotations

from datetime import date
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Query
from pydantic import BaseModel
from sqlalchemy import RowMapping

from services.billing.api.access import ReadBilling
from services.billing.api.invoices.invoice_forms import InvoiceId, LineOut, PeriodId
from services.billing.api.invoices.line_documents import line_document
from services.billing.domain.invoice.state import InvoiceStatus
from services.billing.projections.invoices import billed_usage
from shared.http.routes import TransactionalRoute
from shared.ids import shown

router = APIRouter(prefix="/v1/usage-periods", tags=["usage periods"], route_class=TransactionalRoute)


class BilledLineOut(BaseModel):
    """`invoice` is the invoice's number, none while it is a draft, `status` the invoice's. A line of a credit note says
    of which one, and takes its amount back. `explain` is where the line explains itself."""

    invoice_id: InvoiceId
    invoice: str | None
    credit_note: str | None
    status: InvoiceStatus
    issued_on: date | None
    currency: str
    line: LineOut
    explain: str


class BilledUsageOut(BaseModel):
    lines: list[BilledLineOut]


@router.get("/{period_id}/lines")
def list_lines(
    period_id: PeriodId, unit: ReadBilling, group: Annotated[str | None, Query(max_length=2000)] = None
) -> BilledUsageOut:
    """Lines of the period, with all that corrected them: of one group, or of all."""
    rows = billed_usage.lines_of(unit, period_id, group)
    return BilledUsageOut(lines=[_shown(row) for row in rows])


def _shown(row: RowMapping) -> BilledLineOut:
    line = LineOut.model_validate(line_document(row["line"]))
    path = f"/v1/invoices/{shown('inv', row['invoice_id'])}/lines/{line.number}/explain"
    note = row["credit_note"]
    return BilledLineOut(
        line=line,
        explain=f"{path}?{urlencode({'credit_note': note})}" if note else path,
        **{name: value for name, value in row.items() if name != "line"},
    )
