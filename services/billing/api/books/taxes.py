"""/v1/taxes: what was taxed in a month, by tax, category and country, and what the books say is payable for it."""

from __future__ import annotations

import csv
import io
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel

from services.billing.api.access import ReadBilling
from services.billing.api.books.journal_files import cell
from services.billing.api.books.ledger_forms import MONTH, month_of
from services.billing.domain.ledger.recognition import next_month
from services.billing.projections.books import tax_report
from shared.http.routes import TransactionalRoute
from shared.unit_of_work import UnitOfWork

router = APIRouter(prefix="/v1/taxes", tags=["taxes"], route_class=TransactionalRoute)

Period = Annotated[str, Query(pattern=MONTH)]


class TaxedOut(BaseModel):
    """Of all documents of the month, less what was credited or made void in it: the net, and the tax on it. A rate that
    stands on the price has no place. `treatment` is `charged`, or why not: `exempt`, `reverse_charge`, or `no_rate` where
    none was listed or agreed. `tax_rate` is what the tax is summed under on invoices and in the ledger."""

    country: str
    place: str
    category: str
    code: str
    rate: str | None
    treatment: str
    tax_rate: str | None
    currency: str
    documents: int
    taxable_minor: int
    tax_minor: int


class PayableOut(BaseModel):
    """`ledger_minor` is what the month put on the account of tax payable."""

    currency: str
    tax_minor: int
    ledger_minor: int


class TaxReport(BaseModel):
    period: str
    closes: bool
    taxes: list[TaxedOut]
    payable: list[PayableOut]


@router.get("")
def show(unit: ReadBilling, period: Period) -> TaxReport:
    """By the days on which documents are booked; where a month was closed, that is in a later one."""
    rows = tax_report.of_month(unit, _month(period))
    payable = tax_report.payable(unit, _month(period), rows)
    return TaxReport(
        period=period,
        closes=all(each.reported == each.booked for each in payable),
        taxes=[_taxed_out(row) for row in rows],
        payable=[
            PayableOut(currency=each.currency, tax_minor=each.reported, ledger_minor=each.booked) for each in payable
        ],
    )


@router.get(
    "/report.csv",
    response_class=Response,
    responses={200: {"content": {"text/csv": {"schema": {"type": "string"}}}}},
)
def export(unit: ReadBilling, period: Period) -> Response:
    """The same rows. No text begins like a formula: where one would, an apostrophe is put first."""
    file, names = io.StringIO(), list(TaxedOut.model_fields)
    writer = csv.writer(file)
    writer.writerow(names)
    for row in _rows(unit, period):
        writer.writerow([cell(getattr(row, name)) for name in names])
    return Response(file.getvalue().encode(), media_type="text/csv; charset=utf-8")


def _rows(unit: UnitOfWork, period: str) -> list[TaxedOut]:
    return [_taxed_out(row) for row in tax_report.of_month(unit, _month(period))]


def _taxed_out(row: dict[str, Any]) -> TaxedOut:
    return TaxedOut(country=row["place"][:2], **row)


def _month(period: str) -> tuple[date, date]:
    return month_of(period), next_month(month_of(period))
