"""What billing answers to its own messages: quotes become subscriptions, invoices become debts."""

from __future__ import annotations

from collections.abc import Iterator

from services.billing.domain.dunning.events import Debt
from services.billing.domain.invoice import INVOICE
from services.billing.domain.payment import PAYMENT
from services.billing.domain.payment_profile import PAYMENT_PROFILE, PaymentProfile
from services.billing.domain.quote import QUOTE
from services.billing.domain.subscription import SUBSCRIPTION
from services.billing.domain.tenant_settings import TENANT_SETTINGS, TenantSettings
from services.billing.processes import autopaying, collecting, late_fees, metering, ordering, paying
from services.billing.projections import payments
from shared.contracts.billing import QuoteAcceptedV1
from shared.contracts.billing_invoices import (
    InvoiceCreditedV1,
    InvoiceIssuedV1,
    InvoicePaymentAllocatedV1,
    InvoiceRecoveredV1,
    InvoiceReopenedV1,
    InvoiceVoidedV1,
    InvoiceWrittenOffV1,
)
from shared.messages import Message
from shared.money import Money
from shared.orders import Order
from shared.unit_of_work import UnitOfWork


def quote_accepted(message: Message, unit: UnitOfWork) -> Iterator[Order]:
    body = message.read(QuoteAcceptedV1)
    if body.purpose != "new":
        return  # renewals answers; its message renews the term
    for order in ordering.on_quote_accepted(body.quote_id, unit.state(QUOTE, body.quote_id)):
        yield order
        yield from metering.on_subscription_created(unit.state(SUBSCRIPTION, order.stream_id))


def invoice_issued(message: Message, unit: UnitOfWork) -> Iterator[Order]:
    body = message.read(InvoiceIssuedV1)
    total = Money(body.total_minor, body.currency)
    yield from collecting.on_invoice_issued(
        body.subscription_id, body.customer_id, body.zone, body.invoice_id, body.number, body.due_on, total
    )
    profile: PaymentProfile = unit.state(PAYMENT_PROFILE, body.customer_id)
    settings: TenantSettings = unit.state(TENANT_SETTINGS, unit.tenant_id)
    is_applied = (profile.unapplied_cash or settings.unapplied_cash) == "apply"
    if not (is_applied or profile.autopay or settings.late_fee.percent):
        return
    invoice = unit.state(INVOICE, body.invoice_id)
    if is_applied:
        waiting = payments.unapplied_of(unit, body.customer_key, body.currency)
        yield from paying.settle(invoice, [unit.state(PAYMENT, id_) for id_ in waiting], message.time)
    yield from late_fees.on_invoice_issued(invoice, settings.late_fee)
    yield from autopaying.on_invoice_issued(invoice, profile, settings.autopay_retry_days, message.time)


def payment_allocated(message: Message) -> Iterator[Order]:
    body = message.read(InvoicePaymentAllocatedV1)
    left = Money(body.open_minor, body.currency)
    return collecting.on_debt_changed(body.subscription_id, body.invoice_id, left, message.time)


def invoice_voided(message: Message) -> Iterator[Order]:
    """Nothing is owed any more."""
    body = message.read(InvoiceVoidedV1)
    nothing = Money.zero(body.currency)
    return collecting.on_debt_changed(body.subscription_id, body.invoice_id, nothing, message.time)


def invoice_credited(message: Message) -> Iterator[Order]:
    body = message.read(InvoiceCreditedV1)
    left, lost = (Money(minor, body.currency) for minor in (body.open_minor, body.written_off_minor))
    yield from collecting.on_debt_changed(body.subscription_id, body.invoice_id, left, message.time)
    yield from collecting.on_loss_changed(body.subscription_id, body.invoice_id, lost, message.time)


def invoice_written_off(message: Message) -> Iterator[Order]:
    body = message.read(InvoiceWrittenOffV1)
    lost = Money(body.written_off_minor, body.currency)
    return collecting.on_written_off(body.subscription_id, body.invoice_id, lost, message.time)


def invoice_recovered(message: Message) -> Iterator[Order]:
    body = message.read(InvoiceRecoveredV1)
    lost = Money(body.written_off_minor, body.currency)
    return collecting.on_loss_changed(body.subscription_id, body.invoice_id, lost, message.time)


def invoice_reopened(message: Message) -> Iterator[Order]:
    body = message.read(InvoiceReopenedV1)
    left = Money(body.open_minor, body.currency)
    debt = Debt(invoice_id=body.invoice_id, number=body.number, due_on=body.due_on, open=left)
    return collecting.on_invoice_reopened(body.subscription_id, body.customer_id, body.zone, debt, message.time)
