"""Which domain events the rest of the company hears about, and in which words."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from services.billing.domain.autopay import Attempt, AutopayFailed
from services.billing.domain.catalogue import PlanPublished
from services.billing.domain.customer import Customer, CustomerChanged
from services.billing.messaging.outbound_budgets import budget_contract
from services.billing.messaging.outbound_invoices import dunning_contract, invoice_contract
from services.billing.messaging.outbound_quotes import plan_contract, quote_contract
from services.billing.messaging.outbound_subscriptions import (
    notice_contract,
    subscription_contract,
    term_contract,
    trial_contract,
    usage_period_contract,
)
from shared.contracts import billing as contracts
from shared.messages import Contract

TOPICS = {
    "customer": "billing.customers",
    "plan": "billing.catalogue",
    "quote": "billing.quotes",
    "subscription": "billing.subscriptions",
    "usage_period": "billing.usage_periods",
    "invoice": "billing.invoices",
    "dunning": "billing.dunning",
    "autopay": "billing.payments",
    "budget": "billing.budgets",
}


TRANSLATIONS = (
    subscription_contract,
    usage_period_contract,
    term_contract,
    notice_contract,
    trial_contract,
    invoice_contract,
    dunning_contract,
    quote_contract,
    budget_contract,
)


def to_contract(event: Any) -> Contract | None:
    match event:
        case CustomerChanged(customer_id=customer_id, customer=customer):
            return _customer_changed(customer_id, customer)
        case AutopayFailed(attempt=attempt, reason=reason, failed_at=failed_at):
            return _autopay_failed(attempt, reason, failed_at)
        case PlanPublished():
            return plan_contract(event)
        case _:
            return next((contract for translate in TRANSLATIONS if (contract := translate(event))), None)


def _autopay_failed(attempt: Attempt, reason: str, failed_at: datetime) -> contracts.AutopayFailedV1:
    owed = attempt.owed
    return contracts.AutopayFailedV1(
        invoice_id=owed.invoice_id,
        number=owed.invoice,
        subscription_id=owed.subscription_id,
        customer_id=owed.customer_id,
        customer_key=owed.customer_key,
        currency=attempt.amount.currency,
        amount_minor=attempt.amount.minor,
        attempt=attempt.number,
        is_last=attempt.is_last,
        reason=reason,
        failed_at=failed_at,
    )


def _customer_changed(customer_id: Any, customer: Customer) -> contracts.CustomerChangedV1:
    return contracts.CustomerChangedV1(
        customer_id=customer_id,
        key=customer.key,
        name=customer.name,
        zone=customer.zone,
        currency=customer.currency,
        locale=customer.locale,
        segment=customer.segment,
        region=customer.region,
    )
