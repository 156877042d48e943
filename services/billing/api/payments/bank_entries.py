"""/v1/bank-statement-entries: what came in, and what a person says of it where no rule was certain."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from sqlalchemy import RowMapping

from services.billing.api.access import ImportStatements, ReadBilling
from services.billing.api.payments.bank_statements import counter_of
from services.billing.api.payments.payment_forms import AllocationIn, PaymentId, PaymentIn, Reason
from services.billing.api.payments.payments import received
from services.billing.domain.bank_entry import (
    BANK,
    BANK_ENTRY,
    EntryNotFound,
    EntryStatus,
    KnownEntry,
    Match,
    MatchRule,
    SetEntryAside,
)
from services.billing.processes import banking
from services.billing.projections.payments import bank_entries
from services.billing.tables import bank_entries as table
from shared.http.pages import Listed, PageQuery, page_of
from shared.http.routes import TransactionalRoute
from shared.ids import prefixed

router = APIRouter(prefix="/v1/bank-statement-entries", tags=["bank statements"], route_class=TransactionalRoute)

EntryId = Annotated[UUID, prefixed("ben")]


class MatchIn(BaseModel):
    """Who paid, and which invoices: without `allocations` the oldest due of the customer, with none of them nothing yet."""

    model_config = ConfigDict(extra="forbid")
    customer: Annotated[str, StringConstraints(max_length=100)] | None = None
    allocations: Annotated[list[AllocationIn], Field(max_length=100)] | None = None


class AsideIn(BaseModel):
    model_config = ConfigDict(extra="forbid")
    reason: Reason


class MatchOut(BaseModel):
    """`confidence` in percent, as the rule has it."""

    rule: MatchRule
    confidence: int
    customer: str
    invoices: list[str]


class EntryOut(BaseModel):
    """`suggestion` is what might have been meant; `reason` is why it was set aside."""

    entry_id: EntryId
    status: EntryStatus
    statement: str
    account: str
    reference: str
    bank_reference: str | None
    amount_minor: int
    currency: str
    is_incoming: bool
    is_reversal: bool
    booked_on: date
    valued_on: date
    payer: str
    payer_account: str
    text: str
    end_to_end: str
    suggestion: MatchOut | None
    match: MatchOut | None
    payment_id: PaymentId | None
    reason: str | None
    version: int


@router.get("")
def list_entries(
    unit: ReadBilling,
    page: PageQuery,
    status: EntryStatus | None = None,
    statement: str | None = None,
    account: str | None = None,
) -> Listed[EntryOut]:
    mine = bank_entries.of_tenant(unit, status=status, statement=statement, account=account)
    return page_of(unit, mine, table.c.entry_id, page, _shown)


@router.get("/{entry_id}")
def show(entry_id: EntryId, unit: ReadBilling) -> EntryOut:
    return _shown(bank_entries.get(unit, entry_id))


@router.post("/{entry_id}/match", status_code=201)
def match(entry_id: EntryId, body: MatchIn, unit: ImportStatements) -> EntryOut:
    """The entry becomes a payment of the customer that is named, or whose invoices are."""
    known: KnownEntry | None = unit.state(BANK_ENTRY, entry_id)
    if known is None:
        raise EntryNotFound("no such entry")
    entry = known.entry
    told = PaymentIn(
        customer=body.customer,
        allocations=body.allocations,
        amount_minor=entry.amount.minor,
        currency=entry.amount.currency,
        provider=BANK,
        provider_reference=entry.name,
    )
    facts, shares = received(told, unit)
    found = Match(
        rule="person",
        confidence=100,
        customer_id=facts.customer_id,
        customer_key=facts.customer_key,
        invoices=tuple(share.number for share in shares),
    )
    first, *others = banking.match(entry, found, shares, counter_of(unit))
    unit.carry_out([first])
    unit.because(unit.cause).carry_out(others)  # the version that was asked for is of the entry
    return _shown(bank_entries.get(unit, entry_id))


@router.post("/{entry_id}/set-aside", status_code=201)
def set_aside(entry_id: EntryId, body: AsideIn, unit: ImportStatements) -> EntryOut:
    unit.execute(BANK_ENTRY, entry_id, SetEntryAside(reason=body.reason))
    return _shown(bank_entries.get(unit, entry_id))


def _shown(row: RowMapping | dict[str, Any]) -> EntryOut:
    told = dict(row["entry"])
    amount, found, suggestion = told.pop("amount"), told.pop("match"), told.pop("suggestion")
    return EntryOut(
        **told,
        entry_id=row["entry_id"],
        status=row["status"],
        version=row["version"],
        amount_minor=amount["minor"],
        currency=amount["currency"],
        match=_match(found),
        suggestion=_match(suggestion),
    )


def _match(told: dict[str, Any] | None) -> MatchOut | None:
    if told is None:
        return None
    names = ("rule", "confidence", "invoices")
    return MatchOut(**{name: told[name] for name in names}, customer=told["customer_key"])
