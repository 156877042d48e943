"""A year without usage, through three services: one pays late, one renews late, one moves on, one leaves."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.house import Service
from tests.support.world import World

POLICY = {
    "open_days": 90,
    "grace_days": 14,
    "grace_mode": "full",
    "reinstatement_days": 365,
    "reinstatement_percent": "20",
    "uplift_percent": "4",
}
FEE = {
    "code": "fee",
    "name": "Platform fee",
    "kind": "flat",
    "in_advance": True,
    "tax_rates": ["0.08875"],
    "price": {"model": "per_unit", "unit_amount": "1500.00"},
}
PLAN = {
    "name": "Fee only",
    "every": "month",
    "calendar": True,
    "term_months": 12,
    "net_days": 15,
    "renewal_policy": "standard",
    "prices": {"USD": [FEE]},
    "features": {"gate-use": None},
}
CUSTOMERS = ("AA", "F9", "OO", "US", "VX")


class Airport(World):
    """The story's verbs."""

    def open(self) -> None:
        self.move("2012-12-01T05:00:00Z")
        self.call("renewals", "PUT", "/v1/policies/standard", POLICY)
        self.settle()
        self.call("billing", "PUT", "/v1/plans/fee-only", PLAN)
        for key in CUSTOMERS:
            customer = {"name": key, "zone": "America/New_York", "currency": "USD"}
            self.call("billing", "PUT", f"/v1/customers/{key}", customer)
            line = {"plan": "fee-only", "starts_on": "2013-01-01"}
            quote = self.call("billing", "POST", "/v1/quotes", {"customer": key, "lines": [line]})
            self.accept(quote["quote_id"])
        self.settle()

    def accept(self, quote_id: str) -> None:
        self.call("billing", "POST", f"/v1/quotes/{quote_id}/submit", {})
        sent = self.call("billing", "POST", f"/v1/quotes/{quote_id}/send", {})
        acceptance = {"token": sent["acceptance_token"], "name": "Manager"}
        self.call("billing", "POST", "/v1/quote-acceptances", acceptance)

    def renew(self, key: str) -> None:
        (quote,) = self.items("billing", "/v1/quotes", customer=key, purpose="renewal")
        self.accept(quote["quote_id"])
        self.settle()

    def pay(self, *but: str) -> None:
        for invoice in self.items("billing", "/v1/invoices", status="issued"):
            if invoice["customer"] not in but:
                payment = {"invoice": invoice["number"], "currency": "USD", "amount_minor": invoice["open_minor"]}
                self.call("billing", "POST", "/v1/payments", payment)
        self.settle()

    def lose(self, key: str, reason: str, **more: str) -> None:
        (opportunity,) = self.items("renewals", "/v1/opportunities", customer=key)
        path = f"/v1/opportunities/{opportunity['opportunity_id']}/close-lost"
        self.call("renewals", "POST", path, {"reason": reason, **more})
        self.settle()

    def access(self, key: str) -> dict[str, Any]:
        question = {"account": key, "features": ["gate-use"]}
        answer: dict[str, Any] = self.call("entitlement", "POST", "/v1/access/check", question)["answers"][0]
        return answer

    def reasons(self, *keys: str) -> list[str]:
        return [self.access(key)["reason"] for key in keys]


@pytest.fixture
def airport(billing: Service, entitlement: Service, renewals: Service, tenant: str) -> Airport:
    world = Airport([billing, entitlement, renewals], tenant)
    world.open()
    return world


def test_the_year(airport: Airport) -> None:
    assert {s["status"] for s in airport.items("billing", "/v1/subscriptions")} == {"scheduled"}
    for month in range(1, 7):
        airport.move(f"2013-{month:02}-14T16:00:00Z")
        airport.pay(*(["VX"] if month == 6 else []))
    assert airport.reasons("VX") == ["allowed"]
    airport.move("2013-07-06T16:00:00Z")
    assert airport.reasons("VX") == ["allowed"]
    airport.move("2013-07-07T16:00:00Z")
    suspended = airport.access("VX")
    assert suspended["reason"] == "hold:dunning"
    airport.pay()
    assert airport.reasons("VX") == ["allowed"]
    for month in range(8, 13):
        airport.move(f"2013-{month:02}-10T17:00:00Z")
        airport.pay()
    opportunities = airport.items("renewals", "/v1/opportunities")
    assert [o["base_minor"] for o in opportunities] == [1_800_000] * len(CUSTOMERS)
    for key in ("AA", "VX"):
        airport.renew(key)
    (successor,) = airport.items("billing", "/v1/subscriptions", customer="AA")
    airport.lose("US", "migrated_to_successor", successor_subscription_id=successor["subscription_id"])
    airport.move("2014-01-02T17:00:00Z")
    assert airport.reasons("AA", "F9", "OO", "US") == ["allowed", "allowed_in_grace", "allowed_in_grace", "migrated"]
    airport.pay()
    airport.move("2014-01-15T17:00:00Z")
    assert airport.reasons("F9", "OO") == ["expired", "expired"]
    airport.lose("OO", "budget_lost")
    airport.move("2014-01-20T17:00:00Z")
    airport.renew("F9")
    assert airport.reasons("F9") == ["allowed"]
    airport.move("2014-01-21T05:00:00Z")
    late = airport.items("billing", "/v1/invoices", customer="F9", status="issued")
    assert [(i["issued_on"], i["due_on"], i["total_minor"]) for i in late] == [("2014-01-20", "2014-02-04", 191064)]
    assert len(airport.items("billing", "/v1/invoices")) == 12 * 5 + 2 + 1
    holds = {
        (h["account"], h["hold"], h["placed_at"], h["removed_at"]) for h in airport.items("entitlement", "/v1/holds")
    }
    assert holds == {
        ("VX", "dunning", "2013-07-07T04:00:00Z", "2013-07-07T16:00:00Z"),
        ("F9", "expiry", "2014-01-15T05:00:00Z", "2014-01-20T17:00:00Z"),
        ("OO", "expiry", "2014-01-15T05:00:00Z", None),
    }
    metrics = airport.call("renewals", "GET", "/v1/metrics/renewals", due_from="2013-12-01", due_to="2014-01-01")
    wanted = {
        "due_count": 4,
        "won_count": 3,
        "on_time_count": 2,
        "lost_count": 1,
        "superseded_count": 1,
        "gross_renewal_rate": "0.7500",
        "net_conversion": "1.0400",
    }
    assert {name: metrics[name] for name in wanted} == wanted
