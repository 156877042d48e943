"""Which domain events the rest of the company hears about, and in which words."""

from __future__ import annotations

from typing import Any

from services.billing.domain.customer import Customer, CustomerChanged
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


def to_contract(event: Any) -> Contract | None:
    match event:
        case CustomerChanged(customer_id=customer_id, customer=customer):
            return _customer_changed(customer_id, customer)
        case _:
            return None


def _customer_changed(customer_id: Any, customer: Customer) -> contracts.CustomerChangedV1:
    return contracts.CustomerChangedV1(
        customer_id=customer_id,
        key=customer.key,
        name=customer.name,
        zone=customer.zone,
        currency=customer.currency,
        locale=customer.locale,
    )
