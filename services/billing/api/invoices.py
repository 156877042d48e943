"""/v1/invoices: drafts, issued invoices, and what is done with them."""

from __future__ import annotations

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, StringConstraints

from services.billing.api.access import ChangeInvoices, ReadBilling, ReleaseInvoices, VoidInvoices, WriteOffInvoices
from services.billing.api.invoice_forms import InvoiceId, InvoiceOut, SubscriptionId, invoice_out
from services.billing.desk import desk_of
from services.billing.domain.invoice import INVOICE
from services.billing.domain.invoice.commands import (
    CreditInvoice,
    DiscardInvoice,
    IssueInvoice,
    Number,
    ReleaseInvoice,
    VoidInvoice,
    WriteOffInvoice,
)
from services.billing.domain.invoice.state import Invoice, InvoiceNotFound, InvoiceStatus
from services.billing.domain.subscription import SUBSCRIPTION
from services.billing.domain.tenant_settings import TENANT_SETTINGS
from services.billing.processes.correction_documents import on_discarded
from services.billing.processes.invoicing import on_issued
from services.billing.projections import invoice_numbers, invoices
from services.billing.tables import invoices as table
from shared.http.fields import Day
from shared.http.moments import AtMoment
from shared.http.pages import Listed, PageQuery, page_of
from shared.http.routes import TransactionalRoute
from shared.periods import local_day
from shared.unit_of_work import UnitOfWork

router = APIRouter(prefix="/v1/invoices", tags=["invoices"], route_class=TransactionalRoute)

Reason = Annotated[str, StringConstraints(min_length=1, max_length=500)]


class Why(BaseModel):
    model_config = ConfigDict(extra="forbid")
    reason: Reason


@router.get("")
def list_invoices(
    unit: ReadBilling,
    page: PageQuery,
    customer: str | None = None,
    subscription_id: Annotated[SubscriptionId | None, Query()] = None,
    status: InvoiceStatus | None = None,
    number: str | None = None,
    issued_from: Day | None = None,
    issued_to: Day | None = None,
    held: bool | None = None,
) -> Listed[InvoiceOut]:
    """`issued_to` is the first day after the range."""
    mine = invoices.of_tenant(
        unit,
        customer=customer,
        subscription_id=subscription_id,
        status=status,
        number=number,
        issued_from=issued_from,
        issued_to=issued_to,
        held=held,
    )
    return page_of(unit, mine, table.c.invoice_id, page, invoice_out)


@router.get("/{invoice_id}")
def show(invoice_id: InvoiceId, unit: ReadBilling, moment: AtMoment) -> InvoiceOut:
    with invoices.THEN.at(unit, invoice_id, moment):
        return invoice_out(invoices.get(unit, invoice_id))


@router.post("/{invoice_id}/issue")
def issue(invoice_id: InvoiceId, unit: ChangeInvoices) -> InvoiceOut:
    """Ends the review of a draft early. Above the bound of the settings it is held."""
    _issue(unit, invoice_id)
    return invoice_out(invoices.get(unit, invoice_id))


@router.post("/{invoice_id}/release")
def release(invoice_id: InvoiceId, body: Why, unit: ReleaseInvoices) -> InvoiceOut:
    """Somebody has looked at what is held, and it is issued, due by the terms of payment from today on."""
    unit.execute(INVOICE, invoice_id, ReleaseInvoice(reason=body.reason, on=_today(unit, invoice_id)))
    _issue(unit.because(unit.cause), invoice_id)
    return invoice_out(invoices.get(unit, invoice_id))


@router.post("/{invoice_id}/discard")
def discard(invoice_id: InvoiceId, body: Why, unit: ChangeInvoices) -> InvoiceOut:
    """What corrects earlier invoices on it is answered by documents of its own: they were issued, and it never will be."""
    unit.execute(INVOICE, invoice_id, DiscardInvoice(reason=body.reason))
    draft: Invoice = unit.state(INVOICE, invoice_id)
    subscription_id = draft.header.subscription_id
    subscription, version = unit.state(SUBSCRIPTION, subscription_id), unit.version(SUBSCRIPTION, subscription_id)
    unit.because(unit.cause).carry_out(on_discarded(subscription, version, draft, desk_of(unit)))
    return invoice_out(invoices.get(unit, invoice_id))


@router.post("/{invoice_id}/void")
def void(invoice_id: InvoiceId, body: Why, unit: VoidInvoices) -> InvoiceOut:
    """Only where nothing was paid; the number stays taken."""
    unit.execute(INVOICE, invoice_id, VoidInvoice(reason=body.reason))
    return invoice_out(invoices.get(unit, invoice_id))


@router.post("/{invoice_id}/write-off")
def write_off(invoice_id: InvoiceId, body: Why, unit: WriteOffInvoices) -> InvoiceOut:
    """What is open of it is not expected any more; what comes in later is recovered."""
    command = WriteOffInvoice(reason=body.reason, on=_today(unit, invoice_id))
    unit.execute(INVOICE, invoice_id, command)
    return invoice_out(invoices.get(unit, invoice_id))


@router.post("/{invoice_id}/credit-notes", status_code=201)
def credit(invoice_id: InvoiceId, body: Why, unit: ChangeInvoices) -> InvoiceOut:
    """A credit note over the whole invoice, with a number of its own series."""
    number, on = _next_number(unit, invoice_numbers.CREDIT_NOTES), _today(unit, invoice_id)
    command = CreditInvoice(number=number, on=on, reason=body.reason)
    unit.execute(INVOICE, invoice_id, command)
    return invoice_out(invoices.get(unit, invoice_id))


def _issue(unit: UnitOfWork, invoice_id: UUID) -> None:
    draft: Invoice | None = unit.state(INVOICE, invoice_id)
    if draft is None:
        raise InvoiceNotFound("no such invoice")
    number, desk = _next_number(unit), desk_of(unit)
    command = IssueInvoice(number=number, bound=desk.bound(draft.header.party.currency))
    unit.execute(INVOICE, invoice_id, command)
    issued: Invoice = unit.state(INVOICE, invoice_id)
    if issued.facts is None:
        return
    id_ = issued.header.subscription_id
    subscription, version = unit.state(SUBSCRIPTION, id_), unit.version(SUBSCRIPTION, id_)
    # Other invoices are answered as well: the version that was asked for is of this one.
    unit.because(unit.cause).carry_out(on_issued(subscription, version, issued, number, desk))


def _today(unit: UnitOfWork, invoice_id: UUID) -> date:
    """The customer's day."""
    return local_day(unit.now, invoices.get(unit, invoice_id)["document"]["party"]["zone"])


def _next_number(unit: UnitOfWork, suffix: str = "") -> Number:
    settings = unit.state(TENANT_SETTINGS, unit.tenant_id)
    return invoice_numbers.next_number(unit, settings.legal_entity, settings.invoice_series + suffix)
