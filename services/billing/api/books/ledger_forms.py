"""How the ledger looks at the API. Amounts are minor units, either debited or credited."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Query
from pydantic import BaseModel
from sqlalchemy import RowMapping

from services.billing.api.invoices.invoice_forms import CustomerId, InvoiceId
from services.billing.domain.ledger.posting import Account, EntryKind
from services.billing.domain.ledger.recognition import next_month
from services.billing.domain.plan import RevenueClass
from services.billing.projections.books.journal import Wanted
from shared.http.fields import Day
from shared.ids import prefixed

EntryId = Annotated[UUID, prefixed("jnl")]
EventId = Annotated[UUID, prefixed("evt")]
Currency = Annotated[str, Query(pattern="^[A-Z]{3}$")]
MONTH = r"^(19|20|21)[0-9]{2}-(0[1-9]|1[0-2])$"


class PostingOut(BaseModel):
    """`line` is that of the invoice or credit note, `cost_centre` the one that the customer named for it."""

    account: Account
    revenue_class: RevenueClass | None
    tax_rate: str | None
    line: int | None
    cost_centre: str | None
    currency: str
    debit_minor: int
    credit_minor: int


class EntryOut(BaseModel):
    """`effective_on` is the day that the entry belongs to; `booked_on` is later where the books of that day were closed.
    `event` is what caused it, as the log calls it. `document` is the number of the invoice or credit note."""

    entry_id: EntryId
    kind: EntryKind
    booked_on: date
    effective_on: date
    customer_id: CustomerId
    customer: str
    invoice_id: InvoiceId | None
    document: str | None
    event: str
    event_id: EventId
    recorded_at: datetime
    postings: list[PostingOut]


class BalanceOut(BaseModel):
    """Debits less credits: what is owed to us is positive, what we owe and what we earned is negative."""

    account: Account
    revenue_class: RevenueClass | None
    currency: str
    balance_minor: int


class Balances(BaseModel):
    at: date
    known_at: datetime | None
    balances: list[BalanceOut]


def month_of(period: str) -> date:
    return date.fromisoformat(f"{period}-01")


async def _wanted(
    period: Annotated[str | None, Query(pattern=MONTH)] = None,
    booked_from: Day | None = None,
    booked_to: Day | None = None,
    customer: Annotated[str | None, Query(max_length=100)] = None,
    invoice_id: Annotated[InvoiceId | None, Query()] = None,
    account: Account | None = None,
    currency: Annotated[str | None, Query(pattern="^[A-Z]{3}$")] = None,
    cost_centre: Annotated[str | None, Query(max_length=100)] = None,
) -> Wanted:
    """`period` is a month, as in 2031-01; `booked_to` is the first day after the range."""
    if period is not None:
        booked_from, booked_to = month_of(period), next_month(month_of(period))
    return Wanted(
        start=booked_from,
        end=booked_to,
        customer=customer,
        invoice_id=invoice_id,
        account=account,
        currency=currency,
        cost_centre=cost_centre,
    )


WantedPostings = Annotated[Wanted, Depends(_wanted)]


def entry_out(row: RowMapping) -> EntryOut:
    names = ("entry_id", "kind", "booked_on", "effective_on", "customer_id", "invoice_id", "document", "event")
    return EntryOut(
        **{name: row[name] for name in (*names, "event_id", "recorded_at")},
        customer=row["customer_key"],
        postings=[posting_out(posting) for posting in row["postings"]],
    )


def posting_out(posting: Any) -> PostingOut:
    amount = posting["amount_minor"]
    names = ("account", "revenue_class", "tax_rate", "line", "cost_centre", "currency")
    return PostingOut(
        **{name: posting[name] for name in names}, debit_minor=max(amount, 0), credit_minor=max(-amount, 0)
    )
