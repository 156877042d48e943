"""/v1/reconciliation: whether the sums of a month close, and what of it is off."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel

from services.billing.api.access import ReadBilling
from services.billing.api.invoice_forms import InvoiceId
from services.billing.api.ledger_forms import MONTH, month_of
from services.billing.projections import reconciliation
from services.billing.projections.reconciliation import Name, Off, Sum
from shared.http.routes import TransactionalRoute

router = APIRouter(prefix="/v1/reconciliation", tags=["ledger"], route_class=TransactionalRoute)


class SumOut(BaseModel):
    """`lines` are revenue and deferred revenue, `totals` receivables and what of them is refundable, `taxes` tax payable,
    `payments` cash, received less given back, `losses` what was written off less
    what was recovered; those of documents beside those of the ledger. `booked_later_minor` is the part that stands in a later
    month, because this one was closed."""

    name: Name
    currency: str
    documents_minor: int
    ledger_minor: int
    difference_minor: int
    booked_later_minor: int


class OffOut(BaseModel):
    """A document of which the ledger says something else, or what a customer paid or got back on a day, by its key."""

    name: Name
    currency: str
    document: str | None
    invoice_id: InvoiceId | None
    documents_minor: int
    ledger_minor: int


class Reconciliation(BaseModel):
    """`off_count` is how much is off in all; the first hundred are listed."""

    period: str
    closes: bool
    sums: list[SumOut]
    off: list[OffOut]
    off_count: int


@router.get("")
def show(unit: ReadBilling, period: Annotated[str, Query(pattern=MONTH)]) -> Reconciliation:
    """By the days that documents and payments belong to. Whether all usage was billed is asked of usage: its completeness
    statement."""
    sums, off, count = reconciliation.of_month(unit, month_of(period))
    closes = not count and all(found.documents == found.ledger for found in sums)
    return Reconciliation(
        period=period,
        closes=closes,
        sums=[_sum_out(found) for found in sums],
        off=[_off_out(found) for found in off],
        off_count=count,
    )


def _sum_out(found: Sum) -> SumOut:
    return SumOut(
        name=found.name,
        currency=found.currency,
        documents_minor=found.documents,
        ledger_minor=found.ledger,
        difference_minor=found.documents - found.ledger,
        booked_later_minor=found.booked_later,
    )


def _off_out(found: Off) -> OffOut:
    return OffOut(
        name=found.name,
        currency=found.currency,
        document=found.document,
        invoice_id=found.invoice_id,
        documents_minor=found.documents,
        ledger_minor=found.ledger,
    )
