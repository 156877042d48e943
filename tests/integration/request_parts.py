"""What of request bodies is said more than once, or at length."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from tests.integration.billing.shop import FEE

NOBODYS = UUID(int=7)
REASON = {"reason": "no longer needed"}
LINES = [
    {
        "plan": "gate-use",
        "starts_on": "2031-01-01",
        "quantity": 2,
        "discount_percent": "2.5",
        "discounts": [{"reason": "volume", "percent": "2.5"}],
        "term_months": 12,
        "coupons": [],
        "cost_centre": "rd",
        "ramp": [{"after_months": 6, "quantity": 3, "discount_percent": "1", "prices": {"platform_fee": FEE["price"]}}],
    }
]

MARCH = {"starts_on": "2031-03-01", "ends_on": "2031-04-01"}
TRIALS: dict[str, dict[str, Any]] = {
    "POST /v1/prices/evaluate": {
        "currency": "EUR",
        "price": {
            "model": "graduated",
            "tiers": [{"up_to": "10", "unit_amount": "1", "flat_amount": "2"}, {"unit_amount": "0.5"}],
            "convert": {"divide_by": "10", "round": "up"},
            "discount": {"quantity": "1", "percent": "10"},
            "maximum_amount": "100",
        },
        "quantity": "12.5",
        "billed_before": {"quantity": "1", "amount": "2"},
        "last_of_period": True,
    },
    "POST /v1/prorations/evaluate": {
        "currency": "EUR",
        "amount": "10.00",
        "policy": "seconds",
        "period": MARCH,
        "part": MARCH,
        "zone": "Europe/Berlin",
    },
    "POST /v1/billing-periods/preview": {"anchor_on": "2031-01-31", "every": "month", "calendar": False, "count": 3},
    "POST /v1/true-ups/evaluate": {
        "currency": "EUR",
        "commitment": "10.00",
        "part": "25/28",
        "charges": "8.00",
        "charges_part": "1",
    },
    "POST /v1/invoices/preview": {
        "currency": "EUR",
        "on": "2031-03-01",
        "tax_policy": "tax_per_line",
        "lines": [{"id": "a", "amount": "10.00", "tax_rates": ["0.19"], "discounts": [{"percent": "5"}]}],
        "coupons": [{"id": "ten", "percent": "10"}],
        "credit_notes": [{"id": "note", "amount": "1.00"}],
        "wallets": [
            {
                "id": "w",
                "balance": "5",
                "priority": 1,
                "expires_on": "2031-12-31",
                "promotional": True,
                "applies_to": ["a"],
            }
        ],
    },
    "POST /v1/credit-notes/preview": {"currency": "EUR", "net": "10.00", "tax_rate": "0.25"},
}
CANCELLATION = REASON | {"effective": "date", "on": "2031-02-01", "credit": "none"}
AMENDMENT: dict[str, Any] = {
    "effective": "date",
    "on": "2031-01-20",
    "quantity": 3,
    "plan": "gate-use",
    "plan_version": 1,
    "add": [],
    "calendar": False,
    "anchor_on": "2031-01-20",
    "zone": "America/New_York",
    "remove": [],
}
LIMITS = {"discount_percent": "25", "discount_amount": {"USD": "1000"}, "margin_percent": "10"}
APPROVAL = {
    "own": LIMITS,
    "manager": LIMITS,
    "director": LIMITS,
    "approvers": {"dora": "manager"},
    "clauses": {"escrow": "director"},
}
ALTERNATIVES = [{"term_months": 24, "uplift_percent": "4", "discount_percent": "1"}]
PAPERS = {
    "clauses": [{"code": "security", "title": "Data security", "text": "As agreed.", "justification": "Asked for."}],
    "documents": [{"title": "Specification", "address": "https://example.com/spec.pdf", "sha256": "ab" * 32}],
}
TRANSFER = {"customer": "F9", "on": "2031-02-02", "purchase_order": "PO 7"}
PAUSE = REASON | {"until": "2031-01-25", "extend": True}
WHAT_IF = {
    "plan": "gate-use",
    "prices": {"USD": {"platform_fee": {"price": FEE["price"], "filtered_prices": []}}},
    "since": "2031-01",
    "until": "2031-12",
    "customer": "F9",
    "limit": 10,
}
STARTED = {"kind": "delivery", "on": "2031-01-10", "reference": "note 4711"}
NOTICE = {"sent_at": "2031-01-10T09:00:00Z", "channel": "mail", "reference": "letter 4711"}
TOP_UP = {
    "threshold_minor": 10,
    "amount_minor": 20,
    "most_in_month": 2,
    "limit_minor": 40,
    "keep_days": 30,
}
ONE_OFF = {
    "code": "setup",
    "description": "Installation",
    "quantity": "1.5",
    "price": {"model": "per_unit", "unit_amount": "100.00"},
    "tax_rates": ["0.08875"],
    "revenue_class": "special_project_overdue",
}
QUOTED_ONCE = [
    {
        "code": "setup",
        "description": "Set-up",
        "product": None,
        "quantity": "2.5",
        "price": {"model": "per_unit", "unit_amount": "120.00"},
        "discount_percent": "2.5",
        "discounts": [{"reason": "launch", "percent": "2.5"}],
        "tax_rates": ["0.08875"],
        "revenue_class": "new",
        "delivered_on": "2031-01-20",
        "unit_cost": "80.00",
    }
]
COUPON = {"name": "Welcome", "percent": "10", "invoices": 3, "charges": ["fee"], "redeem_until": "2032-01-01"}


TAX_RATES = {
    "rates": [
        {
            "code": "state",
            "category": "standard",
            "rate": "0.08875",
            "from_on": "2030-01-01",
            "until_on": "2032-01-01",
            "compound": True,
        }
    ]
}
