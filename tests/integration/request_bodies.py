"""A body for each route that takes one, that gets through to what the route is about."""

from __future__ import annotations

from typing import Any

from shared.ids import shown
from tests.integration.billing.shop import CUSTOMER, PLAN
from tests.integration.renewals.desk import POLICY
from tests.integration.request_parts import (
    ALTERNATIVES,
    AMENDMENT,
    APPROVAL,
    CANCELLATION,
    COUPON,
    LINES,
    NOBODYS,
    NOTICE,
    ONE_OFF,
    PAPERS,
    PAUSE,
    QUOTED_ONCE,
    REASON,
    TAX_RATES,
    TOP_UP,
    TRANSFER,
    TRIALS,
    WHAT_IF,
)
from tests.integration.stocked import Names
from tests.integration.usage.meter_room import METERS, trip


def bodies(names: Names) -> dict[str, Any]:
    """A body for each route that takes one: of things of these names, and of the form that the document asks for."""
    subscription = names.get("subscription_id")
    return {
        "PUT /v1/test-clock": {"now": "2031-01-03T00:00:00Z"},
        "POST /v1/parked-messages/{id}/replay": REASON,
        "POST /v1/parked-messages/{id}/discard": REASON,
        "PUT /v1/settings": {
            "legal_entity": "default",
            "currency": "EUR",
            "zone": "UTC",
            "invoice_series": "INV",
            "unapplied_cash": "hold",
            "autopay_retry_days": [3, 5],
            "late_fee": {"percent": "1.5", "days": 7},
            "approval": APPROVAL,
            "required_clauses": [],
            "invoice_bounds": {"JPY": 100_000_000},
            "tax_place": "US",
            "tax_rounding": "tax_per_line",
        },
        "PUT /v1/customers/{external_id}": CUSTOMER
        | {
            "locale": "en",
            "segment": "air",
            "region": "us",
            "external_refs": {"crm": "1"},
            "purchase_order_required": False,
            "tax": {"treatment": "exempt", "reference": "C-1"},
            "tax_place": "US-NY",
            "vat_id": "DE136695976",
            "invoicing": {"mode": "consolidated", "effective_on": "2099-01-01"},
        },
        "PUT /v1/products/{code}": {"name": "Gate use", "description": "By the hour", "tax_category": None},
        "PUT /v1/coupons/{code}": COUPON,
        "PUT /v1/tax-rates/{place}": TAX_RATES,
        "PUT /v1/plans/{code}": PLAN,
        "POST /v1/quotes": {
            "customer": "F9",
            "external_id": "crm-1",
            "channel": None,
            "lines": LINES,
            "one_offs": QUOTED_ONCE,
            "valid_until": "2031-03-01T00:00:00Z",
            "alternatives": ALTERNATIVES,
            **PAPERS,
        },
        "POST /v1/quotes/{quote_id}/revise": {
            "lines": LINES,
            "one_offs": QUOTED_ONCE,
            "valid_until": "2031-03-01T00:00:00Z",
            "alternatives": ALTERNATIVES,
            **PAPERS,
        },
        "POST /v1/quotes/{quote_id}/send": {"valid_until": "2031-03-01T00:00:00Z"},
        "POST /v1/quotes/{quote_id}/refuse": REASON,
        "POST /v1/quotes/{quote_id}/decline": REASON,
        "POST /v1/quotes/{quote_id}/withdraw": REASON,
        "POST /v1/quote-acceptances": {
            "token": names.get("token"),
            "name": "Ann Buyer",
            "purchase_order": "4711",
            "term_months": 12,
        },
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
        "POST /v1/subscriptions/{subscription_id}/non-renewal": REASON | {"successor_subscription_id": subscription},
        "POST /v1/subscriptions/{subscription_id}/cancellation": CANCELLATION,
        "POST /v1/subscriptions/{subscription_id}/cancellation/preview": CANCELLATION,
        "POST /v1/subscriptions/{subscription_id}/amendments": AMENDMENT,
        "POST /v1/subscriptions/{subscription_id}/amendments/preview": AMENDMENT,
        "POST /v1/subscriptions/{subscription_id}/pause": PAUSE,
        "POST /v1/subscriptions/{subscription_id}/pause/preview": PAUSE,
        "POST /v1/subscriptions/{subscription_id}/transfer": TRANSFER,
        "POST /v1/subscriptions/{subscription_id}/transfer/preview": TRANSFER,
        "POST /v1/subscriptions/{subscription_id}/legal-notice": NOTICE,
        "POST /v1/invoices": {
            "customer": "F9",
            "currency": "USD",
            "lines": [ONE_OFF],
            "net_days": 14,
            "purchase_order": "PO-7",
            "review_days": 3,
        }
        | REASON,
        "POST /v1/invoices/{invoice_id}/lines": ONE_OFF | REASON,
        "POST /v1/invoices/{invoice_id}/lines/{number}/adjust": {"by_minor": -100} | REASON,
        "POST /v1/invoices/{invoice_id}/lines/{number}/remove": REASON,
        "POST /v1/invoices/{invoice_id}/discard": REASON,
        "POST /v1/invoices/{invoice_id}/void": REASON,
        "POST /v1/invoices/{invoice_id}/release": REASON,
        "POST /v1/invoices/{invoice_id}/write-off": REASON,
        "POST /v1/invoices/{invoice_id}/credit-notes": REASON,
        "POST /v1/ledger/verify": {"known_at": "2031-01-03T00:00:00Z", "root": "0" * 64},
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
        **_of_payments(names),
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
        "POST /v1/events": trip("9", origin="EWR", miles="4.5"),
        "PUT /v1/periods/{period_id}/thresholds": {"of": "1000", "percents": ["80", "100"]},
        "PUT /v1/meters/{slug}": METERS["trips"]
        | {
            "filters": [
                {"path": "$.origin", "in": ["EWR", "JFK"]},
                {"path": "$.miles", "range": {"from": "0", "to": "100"}},
            ],
            "clock": {
                "group": "hours",
                "zone": "America/New_York",
                "windows": [{"name": "night", "starts": "22:00", "ends": "06:00", "days": ["fri"]}],
                "otherwise": "day",
            },
        },
        "POST /v1/periods/{period_id}/recount": {},
        "POST /v1/periods/{period_id}/remeter": {},
        "POST /v1/events/rejected/replay": {
            "from": "2013-01-01T00:00:00Z",
            "to": "2013-02-01T00:00:00Z",
            "after": 0,
            "limit": 10,
        },
        "POST /v1/backfills": {"name": "history"},
        "POST /v1/backfills/{backfill_id}/loads": trip("10", origin="EWR"),
        "POST /v1/backfills/{backfill_id}/preview": {},
        "POST /v1/backfills/{backfill_id}/commit": {"rows": 1},
        "POST /v1/backfills/{backfill_id}/discard": REASON,
        "POST /v1/access/check": {
            "account": "F9",
            "features": ["gates"],
            "as_of": "2013-01-02T00:00:00Z",
            "min_position": 0,
        },
        "POST /v1/entitlements/{entitlement_id}/holds": REASON | {"hold": "fraud"},
        "POST /v1/entitlements/{entitlement_id}/holds/{kind}/remove": REASON,
        "PUT /v1/policies/{code}": POLICY | {"grace_mode": "full"},
        "POST /v1/opportunities": {"subscription_id": subscription},
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


def _of_payments(names: Names) -> dict[str, dict[str, Any]]:
    """Of one that is unapplied: it pays a part of the invoice, which is taken back; then some of it is given back."""
    part = {"invoice": names.get("invoice"), "amount_minor": 10}
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
        "POST /v1/payments/{payment_id}/allocations": part,
        "POST /v1/payments/{payment_id}/withdrawals": part | REASON | {"only_refundable": False},
        "POST /v1/payments/{payment_id}/refunds": REASON | {"amount_minor": 10, "reference": "back 1", "by_hand": True},
        "POST /v1/refunds/{refund_id}/settle": REASON | {"outcome": "succeeded", "reference": "re_1"},
        "POST /v1/autopay-attempts/{attempt_id}/settle": REASON | {"outcome": "failed", "reference": "ch_1"},
        "POST /v1/payments/{payment_id}/chargebacks": REASON | {"amount_minor": 10, "reference": "cb 1"},
    }
