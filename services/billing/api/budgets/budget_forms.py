"""How budgets look at the API. Amounts are minor units of `currency`, net of tax."""

from __future__ import annotations

from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import RowMapping

from services.billing.api.amounts import PlainDecimal
from services.billing.api.invoices.invoice_forms import InvoiceId
from services.billing.api.payments.payment_forms import Minor, Reason
from services.billing.domain.budget.state import BudgetStatus
from services.billing.domain.ledger.posting import EntryKind
from services.billing.projections.budgets.spending import Spending
from shared.ids import prefixed

BudgetId = Annotated[UUID, prefixed("bud")]
Percent = Annotated[int, Field(ge=1, le=1000, strict=True)]


class BudgetIn(BaseModel):
    """When so many percent of the amount are billed, which `alert_percents` say in order, a message tells it."""

    model_config = ConfigDict(extra="forbid")
    amount_minor: Minor
    alert_percents: Annotated[list[Percent], Field(max_length=10)] = Field(default_factory=lambda: [80, 100])
    reason: Reason


class WithdrawnIn(BaseModel):
    model_config = ConfigDict(extra="forbid")
    reason: Reason


class BudgetSummary(BaseModel):
    """For the days from `starts_on` up to, not including, `ends_on`. `reason` is of the last change, and `by` is who made it.
    `reached_percent` is the highest of `alert_percents` that was told since it was set."""

    budget_id: BudgetId
    customer: str
    cost_centre: str
    period: str
    starts_on: date
    ends_on: date
    currency: str
    amount_minor: int
    alert_percents: list[int]
    status: BudgetStatus
    reached_percent: int
    reached_at: datetime | None
    reason: str
    by: str
    version: int


class BudgetOut(BudgetSummary):
    """`billed_minor` is what documents booked in these days carry, credit notes taken off, `earned_minor` what of what was
    billed ever is for these days. `committed_minor` is what agreed terms are still to be billed for in them: flat charges,
    and what is charged once; usage is known when it is billed, and of a moment that is past it is not told. Variance is what
    is left: amount - billed; `expected_variance_minor` is amount - billed - committed. `used_percent` has 2 places."""

    billed_minor: int
    earned_minor: int
    committed_minor: int | None
    variance_minor: int
    expected_variance_minor: int | None
    used_percent: PlainDecimal


class BilledLineOut(BaseModel):
    """A line of an invoice or credit note; `invoice_id` is the invoice, also of a credit note."""

    kind: EntryKind
    booked_on: date
    document: str
    invoice_id: InvoiceId
    line: int
    net_minor: int


class SpendingOut(BaseModel):
    """A cost centre, null for what was billed for none. `budget_minor` is that of this period, where there is one, and
    `variance_minor` what is left of it."""

    cost_centre: str | None
    currency: str
    billed_minor: int
    earned_minor: int
    budget_minor: int | None
    variance_minor: int | None


class SpendingByCostCentre(BaseModel):
    """All that was booked for the customer in the days, and so the sum of all that it was billed."""

    customer: str
    period: str
    starts_on: date
    ends_on: date
    cost_centres: list[SpendingOut]


def summary_of(row: RowMapping) -> BudgetSummary:
    return BudgetSummary(**_told(row))


def budget_out(row: RowMapping, spent: Spending, committed: int | None) -> BudgetOut:
    amount = row["amount_minor"]
    used = Decimal(100 * spent.billed) / amount
    return BudgetOut(
        **_told(row),
        billed_minor=spent.billed,
        earned_minor=spent.earned,
        committed_minor=committed,
        variance_minor=amount - spent.billed,
        expected_variance_minor=None if committed is None else amount - spent.billed - committed,
        used_percent=used.quantize(Decimal("0.01"), ROUND_HALF_UP),
    )


def _told(row: RowMapping) -> dict[str, object]:
    return {**row["budget"], **{name: row[name] for name in _COLUMNS}, "customer": row["customer_key"]}


def spending_out(name: str | None, currency: str, spent: Spending, budget: int | None) -> SpendingOut:
    return SpendingOut(
        cost_centre=name,
        currency=currency,
        billed_minor=spent.billed,
        earned_minor=spent.earned,
        budget_minor=budget,
        variance_minor=None if budget is None else budget - spent.billed,
    )


_COLUMNS = (
    "budget_id",
    "cost_centre",
    "period",
    "starts_on",
    "ends_on",
    "currency",
    "amount_minor",
    "status",
    "version",
)
