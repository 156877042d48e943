"""A customer as the ERP or CRM knows it: kept up to date by its external id."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID, uuid5

from services.billing.domain.tax_status import TaxStatus
from shared.decider import Decider
from shared.errors import NotFound
from shared.money import exponent
from shared.periods import zone


class CustomerNotFound(NotFound):
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
    """`key` is the external id, by which usage events and other systems name the customer. Without a `tax` status tax is
    charged."""

    key: str
    name: str
    zone: str
    currency: str
    locale: str
    segment: str
    region: str
    external_refs: dict[str, str]
    purchase_order_required: bool = False
    tax: TaxStatus | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PutCustomer:
    customer_id: UUID
    customer: Customer


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerChanged:
    customer_id: UUID
    customer: Customer


def customer_id(tenant_id: UUID, key: str) -> UUID:
    """One customer for one external id, so that putting it twice makes no second one."""
    return uuid5(tenant_id, f"customer:{key}")


def decide(current: Customer | None, command: PutCustomer) -> list[CustomerChanged]:
    exponent(command.customer.currency)
    zone(command.customer.zone)
    if current == command.customer:
        return []
    return [CustomerChanged(customer_id=command.customer_id, customer=command.customer)]


def evolve(_: Customer | None, event: CustomerChanged) -> Customer | None:
    return event.customer


CUSTOMER: Decider[Customer | None, PutCustomer, CustomerChanged] = Decider(
    "customer", None, decide, evolve, {"customer_changed": CustomerChanged}
)
