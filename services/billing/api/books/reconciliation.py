"""/v1/reconciliation: whether the sums of a month close, and what of it is off."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel

from services.billing.api.access import ReadBilling
from services.billing.api.amounts import PlainDecimal
from services.billing.api.books.ledger_forms import MONTH, month_of
from services.billing.api.invoices.invoice_forms import InvoiceId, PeriodId
from services.billing.projections.books import reconciliation
from services.billing.projections.books.reconciliation import Name, Off, Sum
from services.billing.projections.invoices import metered_usage
from services.billing.projections.invoices.metered_usage import Metered, PeriodOff
from shared.http.routes import TransactionalRoute

router = APIRouter(prefix="/v1/reconciliation", tags=["ledger"], route_class=TransactionalRoute)


class SumOut(BaseModel):
    """`lines` are revenue and deferred revenue, `totals` receivables and what of them is refundable, `taxes` tax payable,
    `payments` cash, received less given back, `losses` what was written off less what was recovered, `credits` what wallets
    have that was paid for, less what was drawn of others; those of documents beside those of the ledger.
    `booked_later_minor` is the part that stands in a later month, because this one was closed."""

    name: Name
    currency: str
    documents_minor: int
    ledger_minor: int
    difference_minor: int
    booked_later_minor: int


class OffOut(BaseModel):
    """A document of which the ledger says something else, or what a customer paid or got back or had of credit on a day, by its
    key."""

    name: Name
    currency: str
    document: str | None
    invoice_id: InvoiceId | None
    documents_minor: int
    ledger_minor: int


class MeteredOut(BaseModel):
    """By meter, of the periods whose last day is in the month: metered = billed + pending + void + left out, in quantities and
    in events. `pending` waits for its invoice or for the answer to what came late, `void` was on an invoice that was made
    void, `left_out` came late and changes no price, or is ignored by policy. Of `open_periods` usage has not told yet."""

    meter: str
    periods: int
    open_periods: int
    metered: PlainDecimal
    billed: PlainDecimal
    pending: PlainDecimal
    void: PlainDecimal
    left_out: PlainDecimal
    difference: PlainDecimal
    metered_events: int
    billed_events: int
    pending_events: int
    void_events: int
    left_out_events: int
    difference_events: int


class PeriodOffOut(BaseModel):
    """A period that documents bill otherwise than it was metered."""

    period_id: PeriodId
    meter: str
    invoice_id: InvoiceId | None
    metered: PlainDecimal
    billed: PlainDecimal
    metered_events: int
    billed_events: int


class Reconciliation(BaseModel):
    """`off_count` is how much is off in all; the first hundred are listed. So are the first hundred of `usage_off`."""

    period: str
    closes: bool
    sums: list[SumOut]
    off: list[OffOut]
    off_count: int
    usage: list[MeteredOut]
    usage_off: list[PeriodOffOut]


@router.get("")
def show(unit: ReadBilling, period: Annotated[str, Query(pattern=MONTH)]) -> Reconciliation:
    """By the days that documents and payments belong to, and of usage by the last days of its periods. Whether all that came
    in was metered is asked of usage: its completeness statement."""
    sums, off, count = reconciliation.of_month(unit, month_of(period))
    usage, usage_off = metered_usage.of_month(unit, month_of(period))
    closes = not count and not usage_off and all(found.documents == found.ledger for found in sums)
    return Reconciliation(
        period=period,
        closes=closes,
        sums=[_sum_out(found) for found in sums],
        off=[_off_out(found) for found in off],
        off_count=count,
        usage=[_metered(found) for found in usage],
        usage_off=[_period_off(found) for found in usage_off],
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


def _metered(found: Metered) -> MeteredOut:
    return MeteredOut(**asdict(found), difference=found.difference, difference_events=found.difference_events)


def _period_off(found: PeriodOff) -> PeriodOffOut:
    return PeriodOffOut(**asdict(found))
