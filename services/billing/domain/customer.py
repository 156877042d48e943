"""A customer as the ERP or CRM knows it: kept up to date by its external id."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Literal
from uuid import UUID, uuid5

from services.billing.domain.customer_facts import SizeBand
from services.billing.domain.tax_status import TaxStatus
from services.billing.domain.taxation.tax_place import validate_place
from services.billing.domain.taxation.vat_id import validate_tax_status, validate_vat_id
from shared.decider import Decider
from shared.errors import DomainError, NotFound
from shared.money import exponent
from shared.periods import zone

InvoicingMode = Literal["per_subscription", "consolidated"]


class CustomerNotFound(NotFound):
    pass


class PurchaseOrderMissing(DomainError):
    """The customer pays nothing without the number of its purchase order."""


class InvoicingDayPassed(DomainError):
    """Bills of a day that has begun were made as it was said before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Invoicing:
    """How bills are invoiced from a billing day on: each by itself, or those of one day together."""

    mode: InvoicingMode
    effective_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
    """`key` is the external id, by which usage events and other systems name the customer. Without a `tax` status tax is
    charged, by the rates of `tax_place`: a country, or a part of one. `vat_id` is without spaces. `invoicing` is what was
    chosen, by day; before the first one each subscription has invoices of its own."""

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
    invoicing: tuple[Invoicing, ...] = ()
    size_band: SizeBand | None = None
    industry: str = ""
    tier: str = ""

    def invoicing_on(self, day: date) -> InvoicingMode:
        chosen = [each.mode for each in self.invoicing if each.effective_on <= day]
        return chosen[-1] if chosen else "per_subscription"

    def check_purchase_order(self, given: str | None) -> None:
        """Raises PurchaseOrderMissing."""
        if self.purchase_order_required and given is None:
            raise PurchaseOrderMissing("the customer accepts nothing without a purchase order", field="/purchase_order")


@dataclass(frozen=True, slots=True, kw_only=True)
class PutCustomer:
    """`invoicing` is a choice from a day on; without one what was chosen stays. `today` is the customer's day."""

    customer_id: UUID
    customer: Customer
    invoicing: Invoicing | None = None
    today: date | None = None


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
    customer = replace(command.customer, invoicing=_chosen(current, command))
    return [] if current == customer else [CustomerChanged(customer_id=command.customer_id, customer=customer)]


def _chosen(current: Customer | None, command: PutCustomer) -> tuple[Invoicing, ...]:
    """The last word counts from its day on; what was chosen for days before stays."""
    before, said = current.invoicing if current else (), command.invoicing
    if said is None or said == (before[-1] if before else None):
        return before
    if current is not None and command.today is not None and said.effective_on <= command.today:
        raise InvoicingDayPassed(f"give a day after {command.today}", field="/invoicing/effective_on")
    return (*(each for each in before if each.effective_on < said.effective_on), said)


def evolve(_: Customer | None, event: CustomerChanged) -> Customer | None:
    return event.customer


CUSTOMER: Decider[Customer | None, PutCustomer, CustomerChanged] = Decider(
    "customer", None, decide, evolve, {"customer_changed": CustomerChanged}
)
