"""An invoice, or an instalment, that is to be charged by itself: when, and what follows from what the provider answers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from services.billing.domain.autopay import (
    AUTOPAY,
    GIVEN_UP_AFTER,
    Attempt,
    Autopay,
    OfInstalment,
    Outcome,
    Owed,
    RecordOutcome,
    RequestAttempt,
    RequestInstalment,
    ScheduleAutopay,
    attempts_at,
)
from services.billing.domain.invoice.state import Invoice
from services.billing.domain.payment.cashier import Cashier
from services.billing.domain.payment_plan import charges
from services.billing.domain.payment_plan.events import Agreement
from services.billing.domain.payment_plan.instalments import Part
from services.billing.domain.payment_profile import PaymentProfile
from services.billing.domain.provider_charge import Paid, ProviderCharge, TellFailure, TellSuccess
from services.billing.processes import charging
from shared.orders import Order
from shared.periods import local_day


def on_invoice_issued(
    invoice: Invoice, profile: PaymentProfile, retry_days: tuple[int, ...], at: datetime
) -> Iterator[Order]:
    """Whether it is charged at all is asked again when an attempt falls due."""
    if not profile.autopay or invoice.status != "issued":
        return
    facts = invoice.issued
    owed = Owed(
        invoice_id=facts.invoice_id,
        invoice=facts.number,
        subscription_id=facts.subscription_id,
        customer_id=facts.party.customer_id,
        customer_key=facts.party.key,
    )
    instants = attempts_at(facts.due_on, facts.party.zone, retry_days, at)
    yield Order(AUTOPAY, facts.invoice_id, ScheduleAutopay(owed=owed, attempts_at=instants))


def on_due(invoice: Invoice, profile: PaymentProfile, at: datetime) -> Iterator[Order]:
    """What is open by now, by the method of now."""
    if invoice.status == "issued" and profile.autopay and profile.method is not None:
        command = RequestAttempt(amount=invoice.open, method=profile.method, at=at)
        yield Order(AUTOPAY, invoice.issued.invoice_id, command)


def on_instalments_due(
    agreement: Agreement, parts: Iterable[Part], profile: PaymentProfile, at: datetime
) -> Iterator[Order]:
    """What is due by now of each invoice of a payment plan, by the method of now. An invoice is charged for itself."""
    if agreement.autopay_retry_days is None or not profile.autopay or profile.method is None:
        return
    planned = {invoice.invoice_id: invoice for invoice in agreement.invoices}
    for due in charges.due(agreement, parts, local_day(at, agreement.zone)):
        invoice = planned[due.invoice_id]
        owed = Owed(
            invoice_id=invoice.invoice_id,
            invoice=invoice.number,
            subscription_id=invoice.subscription_id,
            customer_id=agreement.customer_id,
            customer_key=agreement.customer_key,
        )
        of_plan = OfInstalment(plan_id=agreement.plan_id, last_attempt_at=due.last_attempt_at)
        command = RequestInstalment(owed=owed, instalment=of_plan, amount=due.amount, method=profile.method, at=at)
        yield Order(AUTOPAY, invoice.invoice_id, command)


def on_answer(
    attempt: Attempt, outcome: Outcome, reference: str, reason: str, at: datetime, cashier: Cashier
) -> Iterator[Order]:
    """The same as if a webhook told it, so that whichever comes first is the one that counts."""
    provider, owed = attempt.method.provider, attempt.owed
    if outcome == "succeeded":
        paid = Paid(amount=attempt.amount, customer=owed.customer_key, invoice=owed.invoice)
        told = TellSuccess(provider=provider, reference=reference, paid=paid, at=at)
        yield from charging.on_news(told, cashier)
    if outcome == "failed":
        failure = TellFailure(provider=provider, reference=reference, reason=reason, at=at)
        yield from charging.on_news(failure, cashier)
    yield _recorded(attempt, outcome, reference, reason, at)


def on_charge_told(attempt: Attempt, reference: str, charge: ProviderCharge, at: datetime) -> Iterator[Order]:
    """What a webhook told of an attempt that was pending."""
    if charge.paid is not None:
        yield _recorded(attempt, "succeeded", reference, "", at)
    elif charge.failed_at is not None:
        yield _recorded(attempt, "failed", reference, charge.failure, at)


def on_given_up(autopay: Autopay, at: datetime) -> Iterator[Order]:
    """Nobody has told for so long what became of the attempt."""
    attempt = autopay.under_way
    if attempt is not None and attempt.requested_at + GIVEN_UP_AFTER <= at:
        reason = "the provider has not said what became of it"
        yield _recorded(attempt, "failed", autopay.reference or "", reason, at)


def _recorded(attempt: Attempt, outcome: Outcome, reference: str, reason: str, at: datetime) -> Order:
    command = RecordOutcome(key=attempt.key, outcome=outcome, reference=reference, reason=reason, at=at)
    return Order(AUTOPAY, attempt.owed.invoice_id, command)
