"""/v1/invoices: drafts, issued invoices, and what is done with them."""

from __future__ import annotations

from datetime import date
from functools import partial
from itertools import islice
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from services.billing.api.access import ChangeInvoices, ReadBilling, ReleaseInvoices, VoidInvoices, WriteOffInvoices
from services.billing.api.invoices.invoice_documents import invoice_document
from services.billing.api.invoices.invoice_forms import InvoiceId, InvoiceOut, SubscriptionId
from services.billing.api.invoices.shown_invoices import ShownInvoices
from services.billing.desk import desk_of, subscription_of
from services.billing.domain.invoice import INVOICE
from services.billing.domain.invoice.commands import (
    CreditInvoice,
    CreditLines,
    DiscardInvoice,
    Number,
    ReleaseInvoice,
    VoidInvoice,
    WriteOffInvoice,
)
from services.billing.domain.invoice.giving_back import LinePart
from services.billing.domain.invoice.header import InvoiceKind
from services.billing.domain.invoice.state import Invoice, InvoiceNotFound, InvoiceStatus
from services.billing.domain.tenant_settings import TENANT_SETTINGS
from services.billing.processes import included_credit, progressive, wallets
from services.billing.processes.correction_documents import on_discarded
from services.billing.processes.invoicing import on_issued
from services.billing.projections.invoices import invoice_numbers, invoices
from services.billing.tables import invoices as table
from shared.http.fields import Day
from shared.http.moments import AtMoment
from shared.http.pages import Listed, PageQuery, ready_page_of
from shared.http.ready import Ready
from shared.http.routes import TransactionalRoute
from shared.money import Money
from shared.periods import local_day
from shared.unit_of_work import UnitOfWork

router = APIRouter(prefix="/v1/invoices", tags=["invoices"], route_class=TransactionalRoute)

MOST_LINES = 10**6
Reason = Annotated[str, StringConstraints(min_length=1, max_length=500)]


class Why(BaseModel):
    model_config = ConfigDict(extra="forbid")
    reason: Reason


class CreditedLine(BaseModel):
    """`amount_minor` net of the line with that number, and at most what it still carries; tax follows."""

    model_config = ConfigDict(extra="forbid")
    line: Annotated[int, Field(strict=True, ge=1, le=MOST_LINES)]
    amount_minor: Annotated[int, Field(strict=True, gt=0, lt=10**15)]

    def of(self, currency: str) -> LinePart:
        return LinePart(line=self.line, amount=Money(self.amount_minor, currency))


class Credited(Why):
    """Without `lines` it is all that the invoice still carries."""

    lines: Annotated[list[CreditedLine], Field(min_length=1, max_length=1000)] | None = None


@router.get("", response_model=Listed[InvoiceOut])
def list_invoices(
    request: Request,
    unit: ReadBilling,
    page: PageQuery,
    customer: str | None = None,
    subscription_id: Annotated[SubscriptionId | None, Query()] = None,
    status: InvoiceStatus | None = None,
    kind: InvoiceKind | None = None,
    number: str | None = None,
    issued_from: Day | None = None,
    issued_to: Day | None = None,
    held: bool | None = None,
) -> Ready:
    """`issued_to` is the first day after the range."""
    mine = invoices.of_tenant(
        unit,
        customer=customer,
        subscription_id=subscription_id,
        status=status,
        kind=kind,
        number=number,
        issued_from=issued_from,
        issued_to=issued_to,
        held=held,
    )
    return ready_page_of(unit, invoices.stamped(mine), table.c.invoice_id, page, partial(_kept(request).of_rows, unit))


def _kept(request: Request) -> ShownInvoices:
    shown: ShownInvoices = request.app.state.shown_invoices
    return shown


@router.get("/{invoice_id}", response_model=InvoiceOut)
def show(invoice_id: InvoiceId, unit: ReadBilling, moment: AtMoment) -> Ready:
    with invoices.THEN.at(unit, invoice_id, moment):
        return _shown(unit, invoice_id)


@router.post("/{invoice_id}/issue", response_model=InvoiceOut)
def issue(invoice_id: InvoiceId, unit: ChangeInvoices) -> Ready:
    """Ends the review of a draft early. Above the bound of the settings it is held."""
    _issue(unit, invoice_id)
    return _shown(unit, invoice_id)


@router.post("/{invoice_id}/release", response_model=InvoiceOut)
def release(invoice_id: InvoiceId, body: Why, unit: ReleaseInvoices) -> Ready:
    """Somebody has looked at what is held, and it is issued, due by the terms of payment from today on."""
    unit.execute(INVOICE, invoice_id, ReleaseInvoice(reason=body.reason, on=_today(unit, invoice_id)))
    _issue(unit.because(unit.cause), invoice_id)
    return _shown(unit, invoice_id)


@router.post("/{invoice_id}/discard", response_model=InvoiceOut)
def discard(invoice_id: InvoiceId, body: Why, unit: ChangeInvoices) -> Ready:
    """What corrects earlier invoices on it is answered by documents of its own: they were issued, and it never will be. The
    usage of an interim invoice is billed with its period."""
    unit.execute(INVOICE, invoice_id, DiscardInvoice(reason=body.reason))
    draft: Invoice = unit.state(INVOICE, invoice_id)
    desk = desk_of(unit)
    unit.because(unit.cause).carry_out(on_discarded(draft, desk.contract, desk))
    unit.because(unit.cause).carry_out(progressive.on_given_up(draft))
    return _shown(unit, invoice_id)


@router.post("/{invoice_id}/void", response_model=InvoiceOut)
def void(invoice_id: InvoiceId, body: Why, unit: VoidInvoices) -> Ready:
    """Only where nothing was paid in money; what wallets had paid goes back to them. The number stays taken. The usage of an
    interim invoice is billed with its period; once that is billed, the interim invoice can be credited only."""
    _taking_back(unit, invoice_id, VoidInvoice(reason=body.reason), "void")
    return _shown(unit, invoice_id)


@router.post("/{invoice_id}/write-off", response_model=InvoiceOut)
def write_off(invoice_id: InvoiceId, body: Why, unit: WriteOffInvoices) -> Ready:
    """What is open of it is not expected any more; what comes in later is recovered."""
    command = WriteOffInvoice(reason=body.reason, on=_today(unit, invoice_id))
    unit.execute(INVOICE, invoice_id, command)
    return _shown(unit, invoice_id)


@router.post("/{invoice_id}/credit-notes", status_code=201, response_model=InvoiceOut)
def credit(invoice_id: InvoiceId, body: Credited, unit: ChangeInvoices) -> Ready:
    """A credit note over parts of `lines`, or over all that the invoice still carries, with a number of its own series."""
    number = _next_number(unit, invoice_numbers.CREDIT_NOTES)
    command = _crediting(unit, invoice_id, body, number)
    _taking_back(unit, invoice_id, command, number.text)
    return _shown(unit, invoice_id)


def _crediting(unit: UnitOfWork, invoice_id: UUID, body: Credited, number: Number) -> CreditInvoice | CreditLines:
    on = _today(unit, invoice_id)
    if body.lines is None:
        return CreditInvoice(number=number, on=on, reason=body.reason)
    currency = invoices.get(unit, invoice_id)["currency"]
    parts = tuple(part.of(currency) for part in body.lines)
    return CreditLines(number=number, on=on, at=unit.now, reason=body.reason, parts=parts)


def _shown(unit: UnitOfWork, invoice_id: UUID) -> Ready:
    return Ready(invoice_document(invoices.get(unit, invoice_id)))


def _taking_back(
    unit: UnitOfWork, invoice_id: UUID, command: VoidInvoice | CreditInvoice | CreditLines, document: str
) -> None:
    """With what wallets have back of it."""
    before: Invoice | None = unit.state(INVOICE, invoice_id)
    if unit.execute(INVOICE, invoice_id, command):
        assert before is not None  # something was decided about it
        restored = wallets.restore(before, unit.state(INVOICE, invoice_id), document, unit.now)
        unit.because(unit.cause).carry_out(restored)
        if isinstance(command, VoidInvoice):
            unit.because(unit.cause).carry_out(included_credit.on_voided(before, desk_of(unit)))
            unit.because(unit.cause).carry_out(progressive.on_given_up(before))


def _issue(unit: UnitOfWork, invoice_id: UUID) -> None:
    draft: Invoice | None = unit.state(INVOICE, invoice_id)
    if draft is None:
        raise InvoiceNotFound("no such invoice")
    number, desk = _next_number(unit), desk_of(unit)
    orders = wallets.issue(draft, number, desk.bound(draft.header.party.currency), desk)
    unit.carry_out(islice(orders, 1))
    issued: Invoice = unit.state(INVOICE, invoice_id)
    if issued.facts is None:
        return
    unit.because(unit.cause).carry_out(orders)
    subscription, version = subscription_of(unit, issued)
    # Other invoices are answered as well: the version that was asked for is of this one.
    unit.because(unit.cause).carry_out(on_issued(subscription, version, issued, number, desk))


def _today(unit: UnitOfWork, invoice_id: UUID) -> date:
    """The customer's day."""
    return local_day(unit.now, invoices.get(unit, invoice_id)["document"]["party"]["zone"])


def _next_number(unit: UnitOfWork, suffix: str = "") -> Number:
    settings = unit.state(TENANT_SETTINGS, unit.tenant_id)
    return invoice_numbers.next_number(unit, settings.legal_entity, settings.invoice_series + suffix)
