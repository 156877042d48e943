"""Remembers billing's customers, by whom opportunities are found and metrics are cut."""

from __future__ import annotations

from services.renewals.domain.known_customer import KNOWN_CUSTOMER, Customer, LearnCustomer
from shared.orders import Order


def on_customer_changed(customer: Customer) -> list[Order]:
    return [Order(KNOWN_CUSTOMER, customer.customer_id, LearnCustomer(customer=customer))]
