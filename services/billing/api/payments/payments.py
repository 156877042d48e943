"""/v1/payments: money that came in, and the invoices it pays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from services.billing.api.access import ReadBilling, RecordPayments
from services.billing.api.invoices.invoice_forms import InvoiceId
from services.billing.api.payments.payment_forms import AllocateIn, PaymentId, PaymentIn, PaymentOut, payment_out
from services.billing.domain.customer import CUSTOMER, Customer, customer_id
from services.billing.domain.invoice.state import InvoiceNotFound
from services.billing.domain.payment import PAYMENT
from services.billing.domain.payment.allocation import OpenInvoice, Share, oldest_first
from services.billing.domain.payment.events import PaymentFacts
from services.billing.domain.payment.state import AllocationsRefused, Payment, PaymentNotFound, payment_id
from services.billing.processes import paying
from services.billing.projections import customers
from services.billing.projections.invoices import invoices
from services.billing.projections.payments import payments
from services.billing.tables import payments as table
from shared.http.pages import Listed, PageQuery, page_of
from shared.http.routes import TransactionalRoute
from shared.money import Money
from shared.periods import local_day, start_of_day
from shared.unit_of_work import UnitOfWork

router = APIRouter(prefix="/v1/payments", tags=["payments"], route_class=TransactionalRoute)


@router.post("", status_code=201)
def record(body: PaymentIn, unit: RecordPayments) -> PaymentOut:
    """Named invoices take no more than is open of them. What pays nothing waits unapplied."""
    facts, shares = received(body, unit)
    unit.carry_out(paying.receive(unit.state(PAYMENT, facts.payment_id), facts, shares))
    return payment_out(payments.get(unit, facts.payment_id))


@router.get("")
def list_payments(
    unit: ReadBilling,
    page: PageQuery,
    invoice_id: Annotated[InvoiceId | None, Query()] = None,
    customer: str | None = None,
    unapplied: bool | None = None,
) -> Listed[PaymentOut]:
    """`unapplied` are those of which something waits for an invoice."""
    mine = payments.of_tenant(unit, invoice_id=invoice_id, customer=customer, unapplied=unapplied)
    return page_of(unit, mine, table.c.payment_id, page, payment_out)


@router.get("/{payment_id}")
def show(payment_id: PaymentId, unit: ReadBilling) -> PaymentOut:
    return payment_out(payments.get(unit, payment_id))


@router.post("/{payment_id}/allocations", status_code=201)
def allocate(payment_id: PaymentId, body: AllocateIn, unit: RecordPayments) -> PaymentOut:
    """What is unapplied of it pays an invoice of the same customer."""
    payment, invoice = known(unit, payment_id), invoices.open_invoice(invoices.by_number(unit, body.invoice))
    _check_payer(payment.facts.customer_id, [invoice])
    currency = payment.facts.amount.currency
    is_open = invoice.open.minor and invoice.open.currency == currency
    most = min(payment.free, invoice.open) if is_open else payment.free
    amount = most if body.amount_minor is None else Money(body.amount_minor, currency)
    share = Share(invoice_id=invoice.invoice_id, number=invoice.number, amount=amount)
    first, *others = paying.apply(payment, [share], unit.now)
    unit.carry_out([first])
    unit.because(unit.cause).carry_out(others)  # the version that was asked for is of the payment
    return payment_out(payments.get(unit, payment_id))


def received(body: PaymentIn, unit: UnitOfWork) -> tuple[PaymentFacts, list[Share]]:
    """Who pays what, as the form says."""
    named = _named(body, unit)
    payer = _payer(body, named, unit)
    return _facts(body, payer, unit), _shares(body, named, unit)


def known(unit: UnitOfWork, payment_id: UUID) -> Payment:
    payment: Payment | None = unit.state(PAYMENT, payment_id)
    if payment is None:
        raise PaymentNotFound("no such payment")
    return payment


def _named(body: PaymentIn, unit: UnitOfWork) -> list[OpenInvoice]:
    if body.invoice is not None and body.allocations is not None:
        raise AllocationsRefused("name the invoice or the allocations, not both", field="/allocations")
    if body.invoice is not None:
        return [invoices.open_invoice(invoices.by_number(unit, body.invoice))]
    numbers = [allocation.invoice for allocation in body.allocations or ()]
    return [
        invoices.open_invoice(invoices.by_number(unit, number, field=f"/allocations/{n}/invoice"))
        for n, number in enumerate(numbers)
    ]


def _payer(body: PaymentIn, named: Sequence[OpenInvoice], unit: UnitOfWork) -> UUID:
    if body.customer is None and not named:
        raise InvoiceNotFound("name the invoices that are paid, or the customer who pays", field="/invoice")
    payer = customer_id(unit.tenant_id, body.customer) if body.customer is not None else named[0].customer_id
    customers.get(unit, payer, field="/customer")
    _check_payer(payer, named)
    return payer


def _check_payer(payer: UUID, named: Sequence[OpenInvoice]) -> None:
    if any(invoice.customer_id != payer for invoice in named):
        raise AllocationsRefused("a payment pays invoices of its own customer only", field="/invoice")


def _shares(body: PaymentIn, named: Sequence[OpenInvoice], unit: UnitOfWork) -> list[Share]:
    amount = Money(body.amount_minor, body.currency)
    if body.invoice is not None:
        return [Share(invoice_id=named[0].invoice_id, number=named[0].number, amount=amount)]
    if body.allocations is None:
        assert body.customer is not None  # somebody pays
        return list(oldest_first(invoices.open_of_customer(unit, body.customer, body.currency), amount))
    if sum(allocation.amount_minor for allocation in body.allocations) > body.amount_minor:
        raise AllocationsRefused("the allocations are more than the payment", field="/allocations")
    return [
        Share(invoice_id=invoice.invoice_id, number=invoice.number, amount=Money(part.amount_minor, body.currency))
        for invoice, part in zip(named, body.allocations, strict=True)
    ]


def _facts(body: PaymentIn, payer: UUID, unit: UnitOfWork) -> PaymentFacts:
    customer: Customer = unit.state(CUSTOMER, payer)
    received_at = body.received_at or unit.now
    if body.received_at is None and body.received_on is not None:
        received_at = start_of_day(body.received_on, customer.zone)
    if (body.provider is None) != (body.provider_reference is None):
        raise AllocationsRefused("a provider's payment has the provider's reference", field="/provider_reference")
    id_ = unit.new_id()
    if body.provider is not None and body.provider_reference is not None:
        id_ = payment_id(unit.tenant_id, body.provider, body.provider_reference)
    return PaymentFacts(
        payment_id=id_,
        customer_id=payer,
        customer_key=customer.key,
        zone=customer.zone,
        amount=Money(body.amount_minor, body.currency),
        method=body.method,
        reference=body.reference,
        received_at=received_at,
        received_on=body.received_on or local_day(received_at, customer.zone),
        provider=body.provider,
        provider_reference=body.provider_reference,
    )
