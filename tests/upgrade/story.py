"""A quarter of two customers, told over REST, so that a release leaves something of everything in its databases."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import httpx

from infra.local import clock
from tests.support.waiting import eventually

TENANT = "released"
PAYER, DEBTOR = "payer", "debtor"
POLICY = {
    "open_days": 90,
    "grace_days": 14,
    "reinstatement_days": 90,
    "reinstatement_percent": "20",
    "uplift_percent": "4",
}
METER = {"event_type": "api.call", "aggregation": "sum", "value": "$.calls", "unit": "call"}
USERS = {"event_type": "api.call", "aggregation": "unique_count", "value": "$.user", "unit": "user"}
FEE = {
    "code": "fee",
    "name": "Team",
    "kind": "flat",
    "in_advance": True,
    "price": {"model": "per_unit", "unit_amount": "49.00"},
}
CALLS = {
    "code": "calls",
    "name": "API calls",
    "kind": "metered",
    "meter": "calls",
    "price": {
        "model": "graduated",
        "tiers": [{"up_to": "10000", "unit_amount": "0"}, {"up_to": None, "unit_amount": "0.002"}],
    },
    "tax_rates": ["0.19"],
}
SEATS = {
    "code": "seats",
    "name": "Users",
    "kind": "metered",
    "meter": "users",
    "price": {"model": "per_unit", "unit_amount": "3.00"},
}
PLAN = {
    "name": "Team",
    "every": "month",
    "term_months": 3,
    "net_days": 14,
    "collect_seconds": 0,
    "renewal_policy": "standard",
    "features": {"api": None, "seats": 3},
    "prices": {"EUR": [FEE, CALLS, SEATS]},
}


# What is asked of each service when it is captured, and again after every later upgrade.
QUESTIONS = {
    "billing": (
        "/v1/customers",
        "/v1/products",
        "/v1/plans",
        "/v1/quotes",
        "/v1/subscriptions",
        "/v1/invoices",
        "/v1/payments",
        "/v1/dunning",
        "/v1/corrections",
    ),
    "usage": ("/v1/meters", "/v1/periods", "/v1/events/unmatched", "/v1/events/conflicting"),
    "entitlement": ("/v1/entitlements", "/v1/holds", f"/v1/accounts/{DEBTOR}/why-suspended"),
    "renewals": ("/v1/policies", "/v1/opportunities", "/v1/metrics/renewals?due_from=2026-01-01&due_to=2027-01-01"),
}


def day(text: str, hour: int = 12) -> datetime:
    return datetime.fromisoformat(text).replace(hour=hour, tzinfo=UTC)


@dataclass
class Story:
    """`clients` by service, of an operator of TENANT."""

    clients: Mapping[str, httpx.Client]

    def tell(self) -> None:
        """Ends on the tenth of February: one has paid and renewed, the other one is suspended."""
        self.move("2026-01-01", hour=0)
        self.set_up()
        for customer in (PAYER, DEBTOR):
            self.sell(customer)
        self.use()
        self.move("2026-02-01")
        self.pay()
        self.send(PAYER, "late", at="2026-01-31", calls=20_000, user="ann")
        self.move("2026-02-10")
        self.change_minds()
        self.renew()
        self.move("2026-02-11")

    def set_up(self) -> None:
        self.put("usage", "/v1/meters/calls", METER)
        self.put("usage", "/v1/meters/users", USERS)
        self.put("renewals", "/v1/policies/standard", POLICY)
        self.put("billing", "/v1/products/team", {"name": "Team"})
        for customer in (PAYER, DEBTOR):
            self.put(
                "billing",
                f"/v1/customers/{customer}",
                {"name": customer.title(), "zone": "Europe/Berlin", "currency": "EUR"},
            )
        eventually(lambda: self.clients["billing"].put("/v1/plans/team", json=PLAN).is_success)

    def sell(self, customer: str) -> None:
        line = {"plan": "team", "starts_on": "2026-01-01"}
        drafted = [self.post("billing", "/v1/quotes", {"customer": customer, "lines": [line]}) for _ in range(2)]
        self.accept(drafted[0]["quote_id"])

    def accept(self, quote_id: str) -> None:
        self.post("billing", f"/v1/quotes/{quote_id}/submit")
        sent = self.post("billing", f"/v1/quotes/{quote_id}/send")
        self.post("billing", "/v1/quote-acceptances", {"token": sent["acceptance_token"], "name": "Ann Buyer"})

    def use(self) -> None:
        """Also what cannot be counted: of nobody we know, sent again, and sent again with other content."""
        self.send(PAYER, "first", at="2026-01-10", calls=123_456, user="ann")
        self.send(PAYER, "second", at="2026-01-20", calls=1, user="bob")
        self.send(DEBTOR, "first", at="2026-01-10", calls=500, user="eve")
        self.send("stranger", "first", at="2026-01-10", calls=1)
        self.send(PAYER, "first", at="2026-01-10", calls=123_456, user="ann")
        self.send(PAYER, "first", at="2026-01-10", calls=7, user="ann")

    def send(self, customer: str, id_: str, *, at: str, **data: Any) -> None:
        event = {
            "specversion": "1.0",
            "id": id_,
            "source": f"/{customer}",
            "type": "api.call",
            "subject": customer,
            "time": day(at).isoformat(),
            "data": data,
        }
        sent = self.clients["usage"].post(
            "/v1/events", json=event, headers={"Content-Type": "application/cloudevents+json"}
        )
        sent.raise_for_status()

    def pay(self) -> None:
        for invoice in self.items("billing", "/v1/invoices", customer=PAYER, status="issued"):
            amount = {"amount_minor": invoice["open_minor"], "currency": invoice["currency"]}
            self.post("billing", "/v1/payments", {"invoice": invoice["number"], "reference": "wire", **amount})

    def change_minds(self) -> None:
        """An offer is withdrawn, a fee given back, a plan changed, and who called about not renewing renews after all."""
        [offer] = self.items("billing", "/v1/quotes", customer=DEBTOR, status="draft", purpose="new")
        self.post("billing", f"/v1/quotes/{offer['quote_id']}/withdraw", {"reason": "sold already"})
        invoices = self.items("billing", "/v1/invoices", customer=PAYER)
        [first] = [invoice for invoice in invoices if invoice["issued_on"] == "2026-01-01"]
        self.post("billing", f"/v1/invoices/{first['invoice_id']}/credit-notes", {"reason": "goodwill"})
        self.put("billing", "/v1/plans/team", PLAN | {"net_days": 30})
        [opportunity] = self.items("renewals", "/v1/opportunities", customer=DEBTOR)
        contacts = f"/v1/opportunities/{opportunity['opportunity_id']}/contacts"
        self.post("renewals", contacts, {"channel": "phone", "cost_minor": 500})
        [subscription] = self.items("billing", "/v1/subscriptions", customer=DEBTOR)
        non_renewal = f"/v1/subscriptions/{subscription['subscription_id']}/non-renewal"
        self.post("billing", non_renewal, {"reason": "budget_lost"})
        self.post("billing", f"{non_renewal}/withdraw")

    def renew(self) -> None:
        [draft] = self.items("billing", "/v1/quotes", customer=PAYER, purpose="renewal", status="draft")
        self.accept(draft["quote_id"])

    def leave_unsent(self) -> None:
        """A message of each service that publishes by command, for a time when no worker takes it to the broker."""
        self.put("billing", "/v1/customers/new", {"name": "New", "zone": "Europe/Berlin", "currency": "EUR"})
        self.put("usage", "/v1/meters/calls", METER | {"unit": "API call"})
        self.put("renewals", "/v1/policies/standard", POLICY | {"grace_days": 21})
        [right, *_] = self.items("entitlement", "/v1/entitlements", account=PAYER)
        self.post(
            "entitlement",
            f"/v1/entitlements/{right['entitlement_id']}/holds",
            {"hold": "manual", "reason": "asked by phone"},
        )

    def answers(self) -> dict[str, dict[str, Any]]:
        return {
            service: {path: self._answer(lambda: self.clients[service].get(path)) for path in paths}  # noqa: B023
            for service, paths in QUESTIONS.items()
        }

    def move(self, to: str, hour: int = 12) -> None:
        clock.move(self.clients, day(to, hour))

    def items(self, service: str, path: str, **wanted: Any) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = self._answer(lambda: self.clients[service].get(path, params=wanted))["items"]
        return items

    def put(self, service: str, path: str, body: Any) -> dict[str, Any]:
        return self._answer(lambda: self.clients[service].put(path, json=body))

    def post(self, service: str, path: str, body: Any = None) -> dict[str, Any]:
        key = {"Idempotency-Key": uuid4().hex}
        return self._answer(lambda: self.clients[service].post(path, json=body or {}, headers=key))

    def _answer(self, request: Callable[[], httpx.Response]) -> dict[str, Any]:
        response = request()
        assert response.is_success, f"{response.request.url}: {response.text}"
        answer: dict[str, Any] = response.json()
        return answer
