"""The billing API: everything is wired here and nowhere else."""

from __future__ import annotations

from fastapi import FastAPI

from services.billing.api import customers, settings
from services.billing.api.books import accounting_periods, ledger, receivables, reconciliation, revenue, taxes
from services.billing.api.budgets import budgets
from services.billing.api.catalogue import coupons, evaluations, plans, products, tax_rates
from services.billing.api.invoices import (
    bill_runs,
    billed_usage,
    collections,
    invoice_front,
    invoice_lines,
    invoices,
    one_off_invoices,
)
from services.billing.api.payments import (
    autopay,
    bank_entries,
    bank_statements,
    payment_plans,
    payment_profiles,
    payment_returns,
    payment_webhooks,
    payments,
    refunds,
    top_ups,
    wallets,
)
from services.billing.api.proof import conformance, event_chain, proof, rehearsal, rerating, what_if
from services.billing.api.quotes import acceptance_front, previews, quote_acceptances, quote_conformance, quotes
from services.billing.api.subscriptions import (
    legal_notices,
    pauses,
    purchase_orders,
    starts,
    subscription_changes,
    subscriptions,
    transfers,
    trials,
)
from services.billing.settings import Settings
from services.billing.store import create_store
from shared.database import FOR_REQUESTS, engine_for
from shared.http.app import new_app, start


def create_app(configuration: Settings) -> FastAPI:
    engine = engine_for(configuration.database, pool_size=configuration.pool_size, patience=FOR_REQUESTS)
    larger = {bank_statements.PATH: bank_statements.MOST_BYTES}
    app = new_app("billing", configuration, engine, create_store(), larger_bodies=larger)
    for room in (settings, customers, products, plans, quotes, quote_acceptances):
        app.include_router(room.router)
    for room in (coupons, tax_rates, taxes, evaluations, previews):
        app.include_router(room.router)
    for room in (subscriptions, subscription_changes, pauses, transfers, trials, legal_notices):
        app.include_router(room.router)
    for room in (purchase_orders, starts):
        app.include_router(room.router)
    for room in (invoices, bill_runs, one_off_invoices, invoice_lines, proof, billed_usage, collections):
        app.include_router(room.router)
    for room in (conformance, quote_conformance, rehearsal, rerating, what_if):
        app.include_router(room.router)
    for room in (payment_profiles, payments, payment_returns, refunds, payment_plans):
        app.include_router(room.router)
    for room in (bank_statements, bank_entries, payment_webhooks, autopay, wallets, top_ups):
        app.include_router(room.router)
    for room in (ledger, accounting_periods, revenue, reconciliation, receivables, budgets, event_chain):
        app.include_router(room.router)
    acceptance_front.install(app)
    invoice_front.install(app)
    return app


def from_environment() -> FastAPI:
    return start("billing", Settings(), create_app)
