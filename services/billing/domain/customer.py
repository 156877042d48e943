"""A customer as the ERP or CRM knows it: kept up to date by its external id."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID, uuid5

from services.billing.domain.tax_status import TaxStatus
from services.billing.domain.taxation.tax_place import validate_place
from services.billing.domain.taxation.vat_id import validate_tax_status, validate_vat_id
from shared.decider import Decider
from shared.errors import DomainError, NotFound
from shared.money import exponent
from shared.periods import zone


class CustomerNotFound(NotFound):
    pass


class PurchaseOrderMissing(DomainError):
    """The customer pays nothing without the number of its purchase order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
    """`key` is the external id, by which usage events and other systems name the customer. Without a `tax` status tax is
    charged, by the rates of `tax_place`: a country, or a part of one. `vat_id` is without spaces."""

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
    tax_place: str = ""
    vat_id: str = ""

    def check_purchase_order(self, given: str | None) -> None:
        """Raises PurchaseOrderMissing."""
        if self.purchase_order_required and given is None:
            raise PurchaseOrderMissing("the customer accepts nothing without a purchase order", field="/purchase_order")


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
    validate_place(command.customer.tax_place, "/tax_place")
    validate_vat_id(command.customer.vat_id, "/vat_id")
    if command.customer.tax is not None:
        validate_tax_status(command.customer.tax, "/tax")
    if current == command.customer:
        return []
    return [CustomerChanged(customer_id=command.customer_id, customer=command.customer)]


def evolve(_: Customer | None, event: CustomerChanged) -> Customer | None:
    return event.customer


CUSTOMER: Decider[Customer | None, PutCustomer, CustomerChanged] = Decider(
    "customer", None, decide, evolve, {"customer_changed": CustomerChanged}
)
