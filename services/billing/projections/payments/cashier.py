"""What a provider's news is settled with: who is meant, and what waits for money."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from services.billing.domain.customer import CUSTOMER, Customer, CustomerNotFound, customer_id
from services.billing.domain.invoice import INVOICE
from services.billing.domain.invoice.commands import Number
from services.billing.domain.payment import PAYMENT
from services.billing.domain.payment.allocation import Share, oldest_first
from services.billing.domain.payment.cashier import Cashier, Payer
from services.billing.domain.provider_charge import PROVIDER_CHARGE, Paid
from services.billing.domain.tenant_settings import TENANT_SETTINGS, TenantSettings
from services.billing.domain.top_up import TOP_UP
from services.billing.domain.wallet import WALLET
from services.billing.projections.invoices import invoices
from services.billing.projections.invoices.invoice_numbers import RECEIPTS, next_number
from shared.unit_of_work import UnitOfWork


def cashier_of(unit: UnitOfWork) -> Cashier:
    return Cashier(
        tenant_id=unit.tenant_id,
        charge=partial(unit.state, PROVIDER_CHARGE),
        payment=partial(unit.state, PAYMENT),
        invoice=partial(unit.state, INVOICE),
        wallet=partial(unit.state, WALLET),
        top_up=partial(unit.state, TOP_UP),
        payer=partial(_payer, unit),
        shares=partial(_shares, unit),
        next_receipt=partial(_next_receipt, unit),
    )


def _next_receipt(unit: UnitOfWork) -> Number:
    settings: TenantSettings = unit.state(TENANT_SETTINGS, unit.tenant_id)
    return next_number(unit, settings.legal_entity, settings.invoice_series + RECEIPTS)


def _payer(unit: UnitOfWork, paid: Paid) -> Payer:
    """Who is named, or whose invoice is."""
    if paid.customer is not None:
        id_ = customer_id(unit.tenant_id, paid.customer)
    elif paid.invoice is not None:
        id_ = invoices.by_number(unit, paid.invoice, field="/data/invoice")["customer_id"]
    else:
        raise CustomerNotFound("neither a customer nor an invoice is named", field="/data/customer")
    customer: Customer | None = unit.state(CUSTOMER, id_)
    if customer is None:
        raise CustomerNotFound("no such customer", field="/data/customer")
    return Payer(customer_id=id_, key=customer.key, zone=customer.zone)


def _shares(unit: UnitOfWork, payer: Payer, paid: Paid) -> Sequence[Share]:
    """The invoice that is named as far as it is open; without one the oldest due first. Money that came in is never
    refused for what it was meant to pay: it waits."""
    owed = invoices.open_of_customer(unit, payer.key, paid.amount.currency, number=paid.invoice)
    return list(oldest_first(owed, paid.amount))
