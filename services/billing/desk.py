"""What a process writes documents with, and by which rates they are taxed, out of the unit of work that it runs in."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from services.billing.domain.coupon import MeteredCharge
from services.billing.domain.customer import Customer
from services.billing.domain.invoice import INVOICE
from services.billing.domain.invoice.state import Invoice
from services.billing.domain.subscription import SUBSCRIPTION
from services.billing.domain.subscription.couponed import with_usage_before
from services.billing.domain.subscription.state import Subscription
from services.billing.domain.taxation.rates import Taxation, places_of
from services.billing.domain.taxation.tax_place import TAX_PLACE, tax_place_id
from services.billing.domain.tenant_settings import TENANT_SETTINGS, TenantSettings
from services.billing.domain.usage_period import USAGE_PERIOD
from services.billing.domain.wallet import WALLET
from services.billing.processes.correcting import rated_with
from services.billing.processes.metered_charges import metered_charges
from services.billing.processes.writing import Desk
from services.billing.projections.invoices.invoice_numbers import CREDIT_NOTES, next_number
from services.billing.projections.invoices.invoice_parts import invoice_of
from services.billing.projections.payments.usable_wallets import usable
from shared.unit_of_work import UnitOfWork


def subscription_of(unit: UnitOfWork, invoice: Invoice) -> tuple[Subscription | None, int]:
    """As it is by now, with its version; a one-off invoice has none, and those of a consolidated one are asked of the desk."""
    id_ = invoice.header.subscription_id
    return (None, 0) if id_ is None else (unit.state(SUBSCRIPTION, id_), unit.version(SUBSCRIPTION, id_))


def desk_of(unit: UnitOfWork) -> Desk:
    settings = unit.state(TENANT_SETTINGS, unit.tenant_id)
    entity, series = settings.legal_entity, settings.invoice_series
    return Desk(
        invoice=partial(unit.state, INVOICE),
        legal_entity=entity,
        next_number=partial(next_number, unit, entity, series),
        next_credit_note=partial(next_number, unit, entity, series + CREDIT_NOTES),
        at=unit.now,
        bounds=settings.invoice_bounds,
        wallets=partial(usable, unit),
        wallet=partial(unit.state, WALLET),
        period=partial(unit.state, USAGE_PERIOD),
        contract=lambda id_: (unit.state(SUBSCRIPTION, id_), unit.version(SUBSCRIPTION, id_)),
    )


def taxation_of(unit: UnitOfWork, customer: Customer | None) -> Taxation | None:
    """By the customer's place, or the seller's where that is not known; None where there is nothing but rates of prices."""
    settings: TenantSettings = unit.state(TENANT_SETTINGS, unit.tenant_id)
    place = (customer.tax_place if customer else "") or settings.tax_place
    listed = (unit.state(TAX_PLACE, tax_place_id(unit.tenant_id, each)) for each in places_of(place))
    places = tuple(rates for rates in listed if rates is not None)
    if not places and settings.tax_rounding == "tax_per_rate":
        return None
    return Taxation(place=place, rounding=settings.tax_rounding, places=places)


def metered_before(unit: UnitOfWork, subscription: Subscription, at: datetime) -> dict[UUID, tuple[MeteredCharge, ...]]:
    """Of earlier bills of the billing period of an instant, as the invoices that they are on are rated by now; what is not
    issued is not known."""
    found = {}
    for bill in with_usage_before(subscription, subscription.day(at)):
        invoice: Invoice | None = unit.state(INVOICE, invoice_of(unit, bill.invoice_id))
        if invoice is not None and invoice.facts is not None:
            usage = rated_with(invoice, None, partial(unit.state, USAGE_PERIOD), partial(_events, unit))
            found[bill.invoice_id] = metered_charges(subscription, bill, usage)
    return found


def _events(unit: UnitOfWork, period_id: UUID) -> list[Any]:
    return [entry.event for entry in unit.history(USAGE_PERIOD, period_id)]
