"""One tenant in all four services: what it sells, whom it sold to, and a clock that all of them keep."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from services.billing.store import READ_MODELS
from services.billing.tables import metadata
from tests.support.house import Service, settle
from tests.support.moving_clock import move_clock
from tests.support.rebuilding import live_and_rebuilt
from tests.support.waiting import eventually

POLICY = {
    "open_days": 90,
    "grace_days": 14,
    "reinstatement_days": 30,
    "reinstatement_percent": "20",
    "uplift_percent": "4",
}
METER = {"event_type": "api.call", "aggregation": "sum", "value": "$.calls", "unit": "call"}
SEATS = {
    "code": "seats",
    "name": "Seats",
    "kind": "flat",
    "in_advance": True,
    "price": {"model": "per_unit", "unit_amount": "31.00"},
    "tax_rates": ["0.2"],
}
CALLS = {
    "code": "calls",
    "name": "API calls",
    "kind": "metered",
    "meter": "calls",
    "price": {"model": "per_unit", "unit_amount": "0.01"},
    "tax_rates": ["0.2"],
}
PLAN = {
    "name": "Team",
    "every": "month",
    "calendar": True,
    "term_months": 12,
    "net_days": 14,
    "collect_seconds": 0,
    "renewal_policy": "standard",
    "features": {"api": None},
    "prices": {"EUR": [SEATS, CALLS]},
}
BEGINNING = datetime.fromisoformat("2030-12-01T00:00:00+00:00")


class Company:
    """Sells a plan with seats and calls to one customer in UTC."""

    def __init__(self, services: Mapping[str, Service], tenant: str) -> None:
        self.services = services
        self.clients = {name: service.client(tenant) for name, service in services.items()}
        self.move(BEGINNING)
        self.put("renewals", "/v1/policies/standard", POLICY)
        self.put("usage", "/v1/meters/calls", METER)
        self.settle()
        self.publish("team", PLAN)
        self.put("billing", "/v1/customers/acme", {"name": "Acme", "zone": "UTC", "currency": "EUR"})

    def settle(self) -> None:
        settle(list(self.services.values()))

    def move(self, to: datetime) -> None:
        for name, service in self.services.items():
            move_clock(service, self.clients[name], to)
        self.settle()

    def put(self, service: str, path: str, body: Any) -> Any:
        return self._answer(self.clients[service].put(path, json=body))

    def post(self, service: str, path: str, body: Any = None) -> Any:
        return self._answer(self.clients[service].post(path, json=body or {}))

    def get(self, service: str, path: str, **params: Any) -> Any:
        return self._answer(self.clients[service].get(path, params=params))

    @staticmethod
    def _answer(answer: Any) -> Any:
        assert answer.is_success, answer.text
        return answer.json()

    def publish(self, code: str, plan: Mapping[str, Any]) -> None:
        """Once billing has heard of the meter and of the policy."""
        client = self.clients["billing"]
        eventually(lambda: client.put(f"/v1/plans/{code}", json=plan).status_code == 200)

    def sell(self, **line: Any) -> str:
        lines = [{"plan": "team", "starts_on": "2031-01-01"} | line]
        quote = self.post("billing", "/v1/quotes", {"customer": "acme", "lines": lines})
        self.accept(quote["quote_id"])
        (subscription,) = self.get("billing", "/v1/subscriptions")["items"]
        id_: str = subscription["subscription_id"]
        return id_

    def accept(self, quote_id: str) -> None:
        self.post("billing", f"/v1/quotes/{quote_id}/submit")
        sent = self.post("billing", f"/v1/quotes/{quote_id}/send")
        self.post("billing", "/v1/quote-acceptances", {"token": sent["acceptance_token"], "name": "Ann Buyer"})
        self.settle()

    def call(self, id_: str, at: str, calls: int, subject: str = "acme") -> None:
        event = {"specversion": "1.0", "id": id_, "source": "/app", "type": "api.call", "subject": subject}
        event |= {"time": at, "data": {"calls": calls}}
        headers = {"Content-Type": "application/cloudevents+json"}
        answer = self.clients["usage"].post("/v1/events", content=json.dumps(event), headers=headers)
        assert answer.status_code == 202, answer.text
        self.settle()

    def invoices(self) -> list[Any]:
        return sorted(self.get("billing", "/v1/invoices")["items"], key=lambda invoice: invoice["number"] or "~")

    def pay_everything(self) -> None:
        for invoice in self.invoices():
            if invoice["open_minor"]:
                payment = {"invoice": invoice["number"], "amount_minor": invoice["open_minor"], "currency": "EUR"}
                self.post("billing", "/v1/payments", payment)

    def access(self, account: str = "acme") -> Any:
        body = {"account": account, "features": ["api"]}
        return self.post("entitlement", "/v1/access/check", body)["answers"][0]

    def assert_rebuilt(self, tenant: str) -> None:
        """What billing shows of subscriptions and quotes is what its events make of them."""
        models = [
            model for model in READ_MODELS if {"subscriptions", "quotes", "plans", "contracts"} & set(model.tables)
        ]
        names = [name for model in models for name in model.tables]
        projections = [model.project for model in models]
        live, rebuilt = live_and_rebuilt(self.services["billing"], metadata, names, projections, tenant)
        assert live["subscriptions"] and live == rebuilt

    def assert_proved(self) -> None:
        """Every invoice follows from the log, and every line and credit explains itself."""
        for invoice in self.invoices():
            path = f"/v1/invoices/{invoice['invoice_id']}"
            assert self.post("billing", f"{path}/verify") | {"lines": 0, "total_minor": 0} == {
                "equal": True,
                "lines": 0,
                "total_minor": 0,
                "differences": [],
            }
            for line in invoice["lines"]:
                assert self.get("billing", f"{path}/lines/{line['number']}/explain")["reading"]
            for note in invoice["credit_notes"]:
                for line in note["lines"]:
                    where = f"{path}/lines/{line['number']}/explain"
                    assert self.get("billing", where, credit_note=note["number"])["reading"]
