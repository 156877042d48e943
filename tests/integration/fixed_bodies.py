"""Bodies of requests that name nothing which a tenant was given."""

from __future__ import annotations

from typing import Any

from tests.integration.billing.shop import CUSTOMER, PLAN
from tests.integration.request_parts import (
    ALTERNATIVES,
    APPROVAL,
    COUPON,
    LINES,
    ONE_OFF,
    PAPERS,
    QUOTED_ONCE,
    REASON,
    TAX_RATES,
)
from tests.integration.usage.meter_room import METERS, trip

OF_EVERY_SERVICE: dict[str, Any] = {
    "PUT /v1/test-clock": {"now": "2031-01-03T00:00:00Z"},
    "POST /v1/parked-messages/{id}/replay": REASON,
    "POST /v1/parked-messages/{id}/discard": REASON,
}

TENANTS_AND_CUSTOMERS: dict[str, Any] = {
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
        "size_band": "medium",
        "industry": "aviation",
        "tier": "gold",
        "external_refs": {"crm": "1"},
        "purchase_order_required": False,
        "tax": {"treatment": "exempt", "reference": "C-1"},
        "tax_place": "US-NY",
        "vat_id": "DE136695976",
        "invoicing": {"mode": "consolidated", "effective_on": "2099-01-01"},
    },
}

CATALOGUE: dict[str, Any] = {
    "PUT /v1/products/{code}": {"name": "Gate use", "description": "By the hour", "tax_category": None},
    "PUT /v1/coupons/{code}": COUPON,
    "PUT /v1/tax-rates/{place}": TAX_RATES,
    "PUT /v1/plans/{code}": PLAN,
}

QUOTES: dict[str, Any] = {
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
}

INVOICES: dict[str, Any] = {
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
}

METER: dict[str, Any] = {
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
}

USAGE: dict[str, Any] = {
    "POST /v1/events": trip("9", origin="EWR", miles="4.5"),
    "PUT /v1/periods/{period_id}/thresholds": {"of": "1000", "percents": ["80", "100"]},
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
}

ENTITLEMENT: dict[str, Any] = {
    "POST /v1/access/check": {
        "account": "F9",
        "features": ["gates"],
        "as_of": "2013-01-02T00:00:00Z",
        "min_position": 0,
    },
    "POST /v1/entitlements/{entitlement_id}/holds": REASON | {"hold": "fraud"},
    "POST /v1/entitlements/{entitlement_id}/holds/{kind}/remove": REASON,
}
