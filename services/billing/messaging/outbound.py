"""Which domain events the rest of the company hears about, and in which words."""

from __future__ import annotations

from typing import Any

from services.billing.domain.catalogue import PlanPublished
from services.billing.domain.customer import Customer, CustomerChanged
from services.billing.messaging.outbound_invoices import dunning_contract, invoice_contract
from services.billing.messaging.outbound_quotes import plan_contract, quote_contract
from services.billing.messaging.outbound_subscriptions import subscription_contract
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
}


TRANSLATIONS = (
    subscription_contract,
    invoice_contract,
    dunning_contract,
    quote_contract,
)


def to_contract(event: Any) -> Contract | None:
    match event:
        case CustomerChanged(customer_id=customer_id, customer=customer):
            return _customer_changed(customer_id, customer)
        case PlanPublished():
            return plan_contract(event)
        case _:
            return next((contract for translate in TRANSLATIONS if (contract := translate(event))), None)


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
