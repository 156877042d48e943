"""A body for each route that takes one, that gets through to what the route is about."""

from __future__ import annotations

from typing import Any

from shared.ids import shown
from tests.integration.fixed_bodies import (
    CATALOGUE,
    ENTITLEMENT,
    INVOICES,
    METER,
    OF_EVERY_SERVICE,
    QUOTES,
    TENANTS_AND_CUSTOMERS,
    USAGE,
)
from tests.integration.renewals.desk import POLICY
from tests.integration.request_parts import (
    AMENDMENT,
    CANCELLATION,
    NOBODYS,
    NOTICE,
    PAUSE,
    REASON,
    STARTED,
    TOP_UP,
    TRANSFER,
    TRIALS,
    WHAT_IF,
)
from tests.integration.stocked import Names


def bodies(names: Names) -> dict[str, Any]:
    """A body for each route that takes one: of things of these names, and of the form that the document asks for."""
    return {
        **OF_EVERY_SERVICE,
        **TENANTS_AND_CUSTOMERS,
        **CATALOGUE,
        **_of_quotes(names),
        **_of_trials(names),
        **_of_subscriptions(names),
        **INVOICES,
        **_of_payments(names),
        **_of_credit(names),
        **_of_banks_and_providers(names),
        **METER,
        **USAGE,
        **ENTITLEMENT,
        **_of_renewals(names),
    }


def _of_quotes(names: Names) -> dict[str, Any]:
    return {
        **QUOTES,
        "POST /v1/quote-acceptances": {
            "token": names.get("token"),
            "name": "Ann Buyer",
            "purchase_order": "4711",
            "term_months": 12,
        },
    }


def _of_trials(names: Names) -> dict[str, Any]:
    """What is asked for and changes nothing."""
    return {
        **TRIALS,
        "POST /v1/what-if": WHAT_IF,
        "POST /v1/plans/{code}/rehearsal": {"version": 1},
        "POST /v1/rerating/preview": {
            "periods": [
                {
                    "period_id": names.get("period_id"),
                    "totals": [{"group": "JFK", "quantity": "4.5", "count": 3, "digest": "00"}],
                }
            ]
        },
    }


def _of_subscriptions(names: Names) -> dict[str, Any]:
    successor = {"successor_subscription_id": names.get("subscription_id")}
    return {
        "POST /v1/subscriptions/{subscription_id}/non-renewal": REASON | successor,
        "POST /v1/subscriptions/{subscription_id}/cancellation": CANCELLATION,
        "POST /v1/subscriptions/{subscription_id}/cancellation/preview": CANCELLATION,
        "POST /v1/subscriptions/{subscription_id}/amendments": AMENDMENT,
        "POST /v1/subscriptions/{subscription_id}/amendments/preview": AMENDMENT,
        "POST /v1/subscriptions/{subscription_id}/pause": PAUSE,
        "POST /v1/subscriptions/{subscription_id}/pause/preview": PAUSE,
        "POST /v1/subscriptions/{subscription_id}/transfer": TRANSFER,
        "POST /v1/subscriptions/{subscription_id}/transfer/preview": TRANSFER,
        "POST /v1/subscriptions/{subscription_id}/legal-notice": NOTICE,
        "POST /v1/subscriptions/{subscription_id}/start": STARTED,
        "PUT /v1/subscriptions/{subscription_id}/purchase-order": {"purchase_order": "4711"},
    }


def _of_payments(names: Names) -> dict[str, dict[str, Any]]:
    """Of one that is unapplied: it pays a part of the invoice, which is taken back; then some of it is given back."""
    part = {"invoice": names.get("invoice"), "amount_minor": 10}
    return {
        **_of_plans(names),
        "POST /v1/payments": {
            "invoice": names.get("invoice"),
            "customer": "F9",
            "amount_minor": 100,
            "currency": "USD",
            "method": "transfer",
            "reference": "wire 1",
            "received_at": "2031-01-03T00:00:00Z",
            "received_on": "2031-01-02",
        },
        "POST /v1/payments/{payment_id}/allocations": part,
        "POST /v1/payments/{payment_id}/withdrawals": part | REASON | {"only_refundable": False},
        "POST /v1/payments/{payment_id}/refunds": REASON | {"amount_minor": 10, "reference": "back 1", "by_hand": True},
        "POST /v1/refunds/{refund_id}/settle": REASON | {"outcome": "succeeded", "reference": "re_1"},
        "POST /v1/autopay-attempts/{attempt_id}/settle": REASON | {"outcome": "failed", "reference": "ch_1"},
        "POST /v1/payments/{payment_id}/chargebacks": REASON | {"amount_minor": 10, "reference": "cb 1"},
    }


def _of_plans(names: Names) -> dict[str, Any]:
    return {
        "PUT /v1/customers/{external_id}/payment-profile": {
            "unapplied_cash": "apply",
            "ibans": ["DE89370400440532013000"],
            "method": {"provider": "test", "token": "tok_1"},
            "autopay": False,
        },
        "POST /v1/payment-plans": {
            "invoices": [names.get("invoice")],
            "instalments": [{"due_on": "2031-02-01", "amount_minor": names.get("open_minor", 1)}],
            "grace_days": 5,
            "restores_service": True,
            "autopay": False,
            "note": "as agreed by phone",
        },
        "POST /v1/payment-plans/{plan_id}/withdraw": REASON,
    }


BUDGET = "/v1/customers/{external_id}/budgets/{cost_centre}/{period}"


def _of_credit(names: Names) -> dict[str, Any]:
    return {
        "POST /v1/wallets": REASON
        | {
            "customer": "F9",
            "name": "Prepaid",
            "amount_minor": 100,
            "currency": "USD",
            "promotional": False,
            "payment_id": names.get("payment_id"),
            "priority": 10,
            "expires_on": "2032-01-01",
            "charges": ["departures"],
        },
        "POST /v1/wallets/{wallet_id}/revoke": REASON,
        "PUT /v1/wallets/{wallet_id}/top-up": TOP_UP | REASON,
        "POST /v1/wallets/{wallet_id}/top-up/preview": TOP_UP,
        "POST /v1/wallets/{wallet_id}/top-up/switch-off": REASON,
        f"PUT {BUDGET}": REASON | {"amount_minor": 100_000, "alert_percents": [50, 100]},
        f"POST {BUDGET}/withdraw": REASON,
    }


def _of_banks_and_providers(names: Names) -> dict[str, Any]:
    return {
        "POST /v1/bank-statements": "statement,account,reference,booked_on,amount,currency,text\n"
        f"2031-2,DE89,1,2031-01-03,1.00,USD,{names.get('invoice')}\n",
        "POST /v1/payment-webhooks/{provider}": {
            "type": "charge.failed",
            "timestamp": "2031-01-03T00:00:00Z",
            "data": {"charge": "ch_1", "reason": "declined"},
        },
        "POST /v1/bank-statement-entries/{entry_id}/match": {
            "customer": "F9",
            "allocations": [{"invoice": names.get("invoice"), "amount_minor": 10}],
        },
        "POST /v1/bank-statement-entries/{entry_id}/set-aside": REASON,
    }


def _of_renewals(names: Names) -> dict[str, Any]:
    return {
        "PUT /v1/policies/{code}": POLICY | {"grace_mode": "full"},
        "POST /v1/opportunities": {"subscription_id": names.get("subscription_id")},
        "POST /v1/opportunities/{opportunity_id}/contacts": {
            "channel": "phone",
            "contact_id": shown("con", NOBODYS),
            "cost_minor": 5,
        },
        "POST /v1/opportunities/{opportunity_id}/close-lost": {
            "reason": "budget_lost",
            "note": "next year",
        },
    }
