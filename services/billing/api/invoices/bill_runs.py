"""/v1/bill-runs: how far the bills of a day are, and what holds up those that are not issued."""

from __future__ import annotations

from datetime import date
from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel

from services.billing.api.access import ReadBilling
from services.billing.api.invoices.invoice_forms import InvoiceId, PeriodId, SubscriptionId
from services.billing.projections.invoices import bill_runs
from services.billing.projections.invoices.bill_runs import State, Unissued
from shared.http.fields import Day
from shared.http.routes import TransactionalRoute

router = APIRouter(prefix="/v1/bill-runs", tags=["invoices"], route_class=TransactionalRoute)


class UnissuedOut(BaseModel):
    """`due` waits for the worker, `waiting` for usage, `parked` for a decision about what went wrong, `held` for somebody to
    look at it, `review` for its days of review to end."""

    state: State
    subscription_id: SubscriptionId
    invoice_id: InvoiceId | None
    reason: str
    waits_for: list[PeriodId]


class BillRunOut(BaseModel):
    """`planned` where its instant has not come, `running` while a bill is due, `waiting` where all that is left waits for
    something else. `due` are days of subscriptions: not each of them has something to pay. The first hundred that are not
    issued are listed."""

    day: date
    status: Literal["nothing", "planned", "running", "waiting", "done"]
    due: int
    waiting: int
    parked: int
    held: int
    review: int
    discarded: int
    issued: int
    unissued: list[UnissuedOut]


@router.get("/{day}")
def show(day: Day, unit: ReadBilling) -> BillRunOut:
    """Of a billing day in the customers' own zones. There is nothing to start or to resume: what is due is made by whichever
    worker runs, each bill once."""
    found = bill_runs.of_day(unit, day)
    states: tuple[State, ...] = ("due", "waiting", "parked", "held", "review", "discarded", "issued")
    return BillRunOut(
        day=day,
        status=found.status,
        **{state: found.counts[state] for state in states},
        unissued=[_shown(each) for each in found.unissued],
    )


def _shown(each: Unissued) -> UnissuedOut:
    return UnissuedOut(
        state=each.state,
        subscription_id=each.subscription_id,
        invoice_id=each.invoice_id,
        reason=each.reason,
        waits_for=list(each.waits_for),
    )
