"""A company that sells software, for a year, told by its API alone: seats, credits, an upgrade, a downgrade, a dispute, a
late payment, money in advance, and the close of the year.

Everything that happens on a day is a function of the story; `live` moves the clock from day to day.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import httpx

from infra.local.clock import move

Json = dict[str, Any]
BERLIN = ZoneInfo("Europe/Berlin")
SETTINGS = {
    "legal_entity": "Fern Software",
    "currency": "EUR",
    "zone": "Europe/Berlin",
    "invoice_series": "FERN",
    "unapplied_cash": "apply",
    "late_fee": {"percent": "1.5", "days": 14},
}
METERS = {
    "calls": {"event_type": "api.call", "aggregation": "sum", "value": "$.calls", "unit": "call"},
    "tasks": {"event_type": "ai.task", "aggregation": "count", "unit": "task"},
}
VAT = {"tax_rates": ["0.19"]}
CREDIT = {"code": "fern-credit", "unit_amount": "0.10"}


def flat(code: str, amount: str) -> Json:
    price = {"model": "per_unit", "unit_amount": amount}
    return {"code": code, "name": code.title(), "kind": "flat", "in_advance": True, "price": price} | VAT


def metered(code: str, price: Json) -> Json:
    return {"code": code, "name": code.title(), "kind": "metered", "meter": code, "price": price} | VAT


CALLS = metered("calls", {"model": "per_unit", "unit_amount": "0.002", "discount": {"quantity": "10000"}})
TASKS = metered("tasks", {"model": "per_unit", "unit_amount": "0.5", "credit": CREDIT})
PLANS = {
    "team": {"every": "month", "features": {"app": None}, "prices": {"EUR": [flat("seats", "20.00"), CALLS, TASKS]}},
    "business": {
        "every": "month",
        "features": {"app": None, "sso": None},
        "prices": {"EUR": [flat("seats", "35.00"), CALLS, TASKS]},
    },
    "annual": {"every": "year", "features": {"app": None}, "prices": {"EUR": [flat("licence", "1200.00")]}},
}
OF_ALL_PLANS = {"calendar": False, "term_months": 12, "net_days": 14, "collect_seconds": 0}
SOLD = {
    "ada": ("team", 10, "2025-01-01"),
    "bob": ("team", 4, "2025-01-01"),
    "cora": ("annual", 1, "2025-03-01"),
    "dan": ("team", 5, "2025-01-01"),
    "eve": ("team", 3, "2025-01-01"),
    "finn": ("team", 2, "2025-01-01"),
}


@dataclass
class SoftwareCompany:
    """`seen` keeps what was answered on the way: access, dunning, the ledger of a day."""

    clients: Mapping[str, httpx.Client]
    seen: dict[str, Any] = field(default_factory=dict)
    withheld: set[str] = field(default_factory=set)

    def found(self) -> None:
        """Settings, meters, plans and customers, two weeks before the first day; what travels gets the time."""
        self.at(date(2024, 12, 15))
        self.call("billing", "PUT", "/v1/settings", SETTINGS)
        for slug, meter in METERS.items():
            self.call("usage", "PUT", f"/v1/meters/{slug}", meter)
        self.at(date(2024, 12, 16))
        for code, plan in PLANS.items():
            self.call("billing", "PUT", f"/v1/plans/{code}", {"name": code.title()} | OF_ALL_PLANS | plan)
        for key in SOLD:
            self.call("billing", "PUT", f"/v1/customers/{key}", {"name": key})

    def sell(self) -> None:
        for key, (plan, quantity, starts_on) in SOLD.items():
            line = {"plan": plan, "quantity": quantity, "starts_on": starts_on}
            path = f"/v1/quotes/{self.post('/v1/quotes', customer=key, lines=[line])['quote_id']}"
            self.post(f"{path}/submit")
            self.post("/v1/quote-acceptances", token=self.post(f"{path}/send")["acceptance_token"], name=key)

    def live(self, days: Mapping[date, Callable[[], None]]) -> None:
        for day, happens in sorted(days.items()):
            self.at(day)
            happens()

    def at(self, day: date) -> None:
        """Noon in Berlin, once all that this causes has been done everywhere."""
        move(self.clients, datetime.combine(day, time(12), BERLIN))

    def use(self, key: str, kind: str, on: date, *, count: int = 1, **data: int) -> None:
        at = datetime.combine(on, time(11), BERLIN).isoformat()
        said = {"specversion": "1.0", "source": "/app", "type": kind, "subject": key, "time": at, "data": data}
        events = [said | {"id": uuid4().hex} for _ in range(count)]
        headers = {"Content-Type": "application/cloudevents-batch+json"}
        answer = self.clients["usage"].post("/v1/events", json=events, headers=headers)
        assert answer.status_code == 202, answer.text

    def pay_day(self) -> None:
        """What credit notes gave back pays what is owed; the rest comes from the bank."""
        for invoice in self.invoices():
            if invoice["refundable_minor"]:
                self._take_back(invoice)
        for invoice in self.invoices(status="issued"):
            if invoice["customer"] not in self.withheld:
                self.pay(invoice)

    def pay(self, invoice: Json) -> None:
        owed: int = invoice["open_minor"]
        for payment in self.pages("/v1/payments"):
            if owed and payment["customer"] == invoice["customer"] and payment["unapplied_minor"]:
                part = min(owed, payment["unapplied_minor"])
                path = f"/v1/payments/{payment['payment_id']}/allocations"
                self.post(path, invoice=invoice["number"], amount_minor=part)
                owed -= part
        if owed:
            self.post("/v1/payments", invoice=invoice["number"], amount_minor=owed, currency="EUR")

    def _take_back(self, invoice: Json) -> None:
        payment = self.payment_of(invoice)
        self.post(
            f"/v1/payments/{payment['payment_id']}/withdrawals",
            invoice=invoice["number"],
            amount_minor=invoice["refundable_minor"],
            only_refundable=True,
            reason="for what is owed",
        )

    def payment_of(self, invoice: Json) -> Json:
        for payment in self.pages("/v1/payments"):
            if any(each["invoice"] == invoice["number"] for each in payment["allocations"]):
                return payment
        raise AssertionError(f"nobody paid {invoice['number']}")

    def amend(self, key: str, **how: Any) -> None:
        self.post(f"/v1/subscriptions/{self.subscription(key)}/amendments", **how)

    def subscription(self, key: str) -> str:
        [subscription] = self.pages("/v1/subscriptions", customer=key)
        return str(subscription["subscription_id"])

    def invoice(self, key: str, issued_on: str) -> Json:
        [found] = [each for each in self.invoices(customer=key) if each["issued_on"] == issued_on]
        return found

    def invoices(self, **wanted: str) -> list[Json]:
        return list(self.pages("/v1/invoices", **wanted))

    def access(self, key: str, feature: str = "app") -> str:
        question = {"account": key, "features": [feature]}
        return str(self.call("entitlement", "POST", "/v1/access/check", question)["answers"][0]["reason"])

    def post(self, path: str, **body: Any) -> Json:
        return self.call("billing", "POST", path, body)

    def get(self, path: str, **wanted: Any) -> Json:
        return self.call("billing", "GET", path, None, **wanted)

    def pages(self, path: str, **wanted: Any) -> Iterator[Json]:
        cursor: str | None = None
        while True:
            page = self.get(path, limit=100, **wanted, **({"cursor": cursor} if cursor else {}))
            yield from page["items"]
            if not (cursor := page["next_cursor"]):
                return

    def call(self, service: str, method: str, path: str, body: Any, **wanted: Any) -> Json:
        headers = {"Idempotency-Key": uuid4().hex}
        answer = self.clients[service].request(method, path, json=body, params=wanted, headers=headers, timeout=60)
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text}"
        told: Json = answer.json()
        return told
