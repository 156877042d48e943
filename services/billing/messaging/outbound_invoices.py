"""Invoices and dunning in the words of the published language."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from services.billing.domain.dunning import events as dunning
from services.billing.domain.invoice import events
from shared.contracts import billing as contracts
from shared.contracts import billing_invoices
from shared.messages import Contract


def invoice_contract(event: Any) -> Contract | None:
    match event:
        case events.InvoiceIssued(facts=facts):
            return billing_invoices.InvoiceIssuedV1(**_facts(facts), open_minor=event.open.minor)
        case events.PaymentAllocated():
            return _allocated(event)
        case events.PaymentReturned(reopened=reopened) if reopened.minor:
            return _reopened(event)
        case events.InvoiceWrittenOff(facts=facts, amount=amount, written_off=written_off, reason=reason):
            return billing_invoices.InvoiceWrittenOffV1(
                **_facts(facts), amount_minor=amount.minor, written_off_minor=written_off.minor, reason=reason
            )
        case events.InvoiceRecovered():
            return _recovered(event)
        case events.InvoicePaid(facts=facts):
            return billing_invoices.InvoicePaidV1(**_facts(facts))
        case events.InvoiceOverdue(facts=facts, open=left):
            return billing_invoices.InvoiceOverdueV1(**_facts(facts), open_minor=left.minor)
        case events.InvoiceVoided(facts=facts, reason=reason):
            return billing_invoices.InvoiceVoidedV1(**_facts(facts), reason=reason)
        case events.CreditNoteIssued():
            return _credited(event)
        case _:
            return None


def _allocated(event: events.PaymentAllocated) -> Contract:
    return billing_invoices.InvoicePaymentAllocatedV1(
        **_facts(event.facts),
        payment_id=event.payment_id,
        amount_minor=event.amount.minor,
        open_minor=event.open.minor,
    )


def _reopened(event: events.PaymentReturned) -> Contract:
    return billing_invoices.InvoiceReopenedV1(
        **_facts(event.facts),
        payment_id=event.payment_id,
        amount_minor=event.reopened.minor,
        open_minor=event.open.minor,
        reason=event.reason,
    )


def _recovered(event: events.InvoiceRecovered) -> Contract:
    return billing_invoices.InvoiceRecoveredV1(
        **_facts(event.facts),
        payment_id=event.payment_id,
        amount_minor=event.amount.minor,
        written_off_minor=event.written_off.minor,
    )


def _credited(event: events.CreditNoteIssued) -> billing_invoices.InvoiceCreditedV1:
    return billing_invoices.InvoiceCreditedV1(
        **_facts(event.facts),
        credit_minor=event.amount.minor,
        reason=event.reason,
        credit_note=event.credit_note_number,
        open_minor=event.open.minor if event.open else 0,
        refundable_minor=event.refundable.minor,
        written_off_minor=event.written_off.minor if event.written_off else 0,
    )


def dunning_contract(event: Any) -> Contract | None:
    match event:
        case dunning.DunningStepReached(subscription_id=None) | dunning.DunningCleared(subscription_id=None):
            return _of_customer(event)
        case dunning.DunningStepReached(subscription_id=UUID() as subscription_id):
            return contracts.DunningStepReachedV1(
                subscription_id=subscription_id,
                customer_id=event.customer_id,
                step=event.step,
                reached_at=event.reached_at,
                invoices=[_debt(debt) for debt in event.debts],
            )
        case dunning.DunningCleared(subscription_id=UUID() as subscription_id):
            return contracts.DunningClearedV1(
                subscription_id=subscription_id, customer_id=event.customer_id, cleared_at=event.cleared_at
            )
        case _:
            return None


def _of_customer(event: dunning.DunningStepReached | dunning.DunningCleared) -> Contract:
    """A name of its own: nobody who stops service for a subscription acts on it."""
    match event:
        case dunning.DunningCleared(customer_id=customer_id, cleared_at=at):
            return contracts.CustomerDunningClearedV1(customer_id=customer_id, cleared_at=at)
        case dunning.DunningStepReached(customer_id=customer_id, step=step, reached_at=at, debts=debts):
            owed = [_debt(debt) for debt in debts]
            return contracts.CustomerDunningStepReachedV1(
                customer_id=customer_id, step=step, reached_at=at, invoices=owed
            )


def _debt(debt: dunning.Debt) -> contracts.OverdueInvoice:
    return contracts.OverdueInvoice(
        invoice_id=debt.invoice_id,
        number=debt.number,
        due_on=debt.due_on,
        open_minor=debt.open.minor,
        currency=debt.open.currency,
    )


def _facts(facts: events.Facts) -> dict[str, Any]:
    return {
        "invoice_id": facts.invoice_id,
        "number": facts.number,
        "subscription_id": facts.subscription_id,
        "customer_id": facts.party.customer_id,
        "customer_key": facts.party.key,
        "zone": facts.party.zone,
        "currency": facts.total.currency,
        "issued_on": facts.issued_on,
        "due_on": facts.due_on,
        "total_minor": facts.total.minor,
        "kind": facts.kind,
        "corrects_invoice_id": facts.corrects_invoice_id,
        "subscriptions": [
            billing_invoices.InvoicedSubscription(subscription_id=each.subscription_id, share_minor=each.share.minor)
            for each in facts.subscriptions
        ],
        "cost_centres": list(facts.cost_centres),
    }
