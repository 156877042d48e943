"""What billing answers to its own messages: quotes become subscriptions, invoices become debts."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from uuid import UUID

from services.billing.desk import desk_of, taxation_of
from services.billing.domain.budget import BUDGET
from services.billing.domain.customer import CUSTOMER, Customer
from services.billing.domain.dunning.events import Debt
from services.billing.domain.invoice import INVOICE
from services.billing.domain.payment import PAYMENT
from services.billing.domain.payment_plan import PAYMENT_PLAN
from services.billing.domain.payment_profile import PAYMENT_PROFILE, PaymentProfile
from services.billing.domain.quote import QUOTE
from services.billing.domain.quote.state import Quote
from services.billing.domain.subscription import SUBSCRIPTION
from services.billing.domain.subscription.commands import NotePayment
from services.billing.domain.tenant_settings import TENANT_SETTINGS, TenantSettings
from services.billing.processes import (
    autopaying,
    collecting,
    instalments,
    late_fees,
    metering,
    one_off,
    ordering,
    paying,
)
from services.billing.processes.collecting import Debtor
from services.billing.projections.budgets import budget_checks
from services.billing.projections.payments import payment_plans, payments
from services.billing.projections.subscriptions import subscriptions
from shared.contracts.billing import QuoteAcceptedV1
from shared.contracts.billing_invoices import (
    InvoiceCreditedV1,
    InvoiceIssuedV1,
    InvoiceMessage,
    InvoicePaidV1,
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
    quote: Quote = unit.state(QUOTE, body.quote_id)
    for order in ordering.on_quote_accepted(body.quote_id, quote):
        yield order
        yield from metering.on_subscription_created(unit.state(SUBSCRIPTION, order.stream_id))
    if not quote.lines:
        customer: Customer | None = unit.state(CUSTOMER, quote.party.customer_id)
        tax = customer.tax if customer else None
        yield from one_off.on_quote_accepted(quote, tax, taxation_of(unit, customer), desk_of(unit))


def invoice_issued(message: Message, unit: UnitOfWork) -> Iterator[Order]:
    body = message.read(InvoiceIssuedV1)
    left = Money(body.total_minor if body.open_minor is None else body.open_minor, body.currency)
    for debtor, part in _debts(body, left):
        debt = Debt(invoice_id=body.invoice_id, number=body.number, due_on=body.due_on, open=part)
        yield from collecting.on_invoice_issued(debtor, body.zone, debt)
    yield from _note_budgets(body, unit)
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


def _note_budgets(body: InvoiceMessage, unit: UnitOfWork) -> Iterator[Order]:
    """What is credited or void may have taken something back itself."""
    if not body.cost_centres:
        return
    touched = budget_checks.touched(unit, body.customer_id, body.cost_centres, body.issued_on, body.zone)
    yield from (Order(BUDGET, budget_id, noted) for budget_id, noted in touched)


def payment_allocated(message: Message) -> Iterator[Order]:
    body = message.read(InvoicePaymentAllocatedV1)
    return _on_debts_changed(body, Money(body.open_minor, body.currency), message)


def invoice_paid(message: Message, unit: UnitOfWork) -> Iterator[Order]:
    """What waited for it goes on."""
    body = message.read(InvoicePaidV1)
    ids = (body.subscription_id, *(each.subscription_id for each in body.subscriptions))
    for id_ in subscriptions.waiting(unit, [id_ for id_ in ids if id_ is not None]):
        yield Order(SUBSCRIPTION, id_, NotePayment(at=message.time))
    yield from _review_plan(message, unit, body.invoice_id)


def _review_plan(message: Message, unit: UnitOfWork, invoice_id: UUID) -> Iterator[Order]:
    """A payment plan of the invoice may be kept by now, or short of what came in for it."""
    plan_id = payment_plans.standing_of(unit, invoice_id)
    if plan_id is not None:
        known, owed = partial(unit.state, PAYMENT_PLAN), partial(payment_plans.owing, unit)
        yield from instalments.review(plan_id, known, owed, message.time)


def invoice_voided(message: Message, unit: UnitOfWork) -> Iterator[Order]:
    """Nothing is owed any more."""
    body = message.read(InvoiceVoidedV1)
    yield from _note_budgets(body, unit)
    yield from _on_debts_changed(body, Money.zero(body.currency), message)
    yield from _review_plan(message, unit, body.invoice_id)


def invoice_credited(message: Message, unit: UnitOfWork) -> Iterator[Order]:
    body = message.read(InvoiceCreditedV1)
    yield from _note_budgets(body, unit)
    left, lost = (Money(minor, body.currency) for minor in (body.open_minor, body.written_off_minor))
    yield from _on_debts_changed(body, left, message)
    for debtor, part in _debts(body, lost):
        yield from collecting.on_loss_changed(debtor, body.invoice_id, part, message.time)
    yield from _review_plan(message, unit, body.invoice_id)


def invoice_written_off(message: Message, unit: UnitOfWork) -> Iterator[Order]:
    body = message.read(InvoiceWrittenOffV1)
    lost = Money(body.written_off_minor, body.currency)
    for debtor, part in _debts(body, lost):
        yield from collecting.on_written_off(debtor, body.invoice_id, part, message.time)
    yield from _review_plan(message, unit, body.invoice_id)


def invoice_recovered(message: Message) -> Iterator[Order]:
    body = message.read(InvoiceRecoveredV1)
    lost = Money(body.written_off_minor, body.currency)
    for debtor, part in _debts(body, lost):
        yield from collecting.on_loss_changed(debtor, body.invoice_id, part, message.time)


def invoice_reopened(message: Message, unit: UnitOfWork) -> Iterator[Order]:
    body = message.read(InvoiceReopenedV1)
    left = Money(body.open_minor, body.currency)
    for debtor, part in _debts(body, left):
        if part.minor:
            debt = Debt(invoice_id=body.invoice_id, number=body.number, due_on=body.due_on, open=part)
            yield from collecting.on_invoice_reopened(debtor, body.zone, debt, message.time)
    yield from _review_plan(message, unit, body.invoice_id)


def _on_debts_changed(body: InvoiceMessage, left: Money, message: Message) -> Iterator[Order]:
    for debtor, part in _debts(body, left):
        yield from collecting.on_debt_changed(debtor, body.invoice_id, part, message.time)


def _debts(body: InvoiceMessage, amount: Money) -> list[tuple[Debtor, Money]]:
    """Whose debt it is: of a consolidated invoice each subscription owes its part."""
    shares = {each.subscription_id: each.share_minor for each in body.subscriptions}
    return collecting.debts(Debtor(body.subscription_id, body.customer_id), shares, amount)
