"""A mixed load at a steady pace: sales, usage, questions, and a tenant whose clock runs fast."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import stamina

from infra.local.clock import move

Json = dict[str, Any]
METER = {"event_type": "api.call", "aggregation": "sum", "value": "$.calls", "unit": "call"}
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
    "price": {"model": "per_unit", "unit_amount": "0.002"},
}
PLAN = {
    "name": "Team",
    "every": "month",
    "term_months": 12,
    "net_days": 14,
    "collect_seconds": 0,
    "features": {"api": None},
    "prices": {"EUR": [FEE, CALLS]},
}
CUSTOMERS = 50
EVENTS_A_BATCH = 100


class Refused(Exception):
    """The load is wrong: what it asks for is no use to anybody."""


@dataclass
class Tenant:
    """Its clients by service, and every answer's latency by what was asked."""

    clients: Mapping[str, httpx.Client]
    took: Callable[[str, float, int], None]
    customers: list[str] = field(default_factory=list)

    def call(self, what: str, service: str, method: str, path: str, body: Any = None, **options: Any) -> Json:
        headers = {"Idempotency-Key": uuid4().hex} | options.pop("headers", {})
        began = time.perf_counter()
        answer = self.clients[service].request(method, path, json=body, headers=headers, **options)
        self.took(what, time.perf_counter() - began, answer.status_code)
        if answer.is_client_error and answer.status_code not in (409, 429):
            raise Refused(f"{what}: {answer.status_code} {answer.text}")
        return dict(answer.json()) if answer.is_success else {}

    def open_shop(self) -> None:
        self.call("set up", "usage", "PUT", "/v1/meters/calls", METER)
        for attempt in stamina.retry_context(on=Refused, attempts=None, timeout=30):  # until billing knows the meter
            with attempt:
                self.call("set up", "billing", "PUT", "/v1/plans/team", PLAN)

    def sell(self, starts_on: str) -> None:
        """A customer, from the quote to the subscription; a known one changes."""
        key = f"c{random.randrange(CUSTOMERS)}"
        customer = {"name": f"Customer {random.random()}", "zone": "Europe/Berlin", "currency": "EUR"}
        self.call("customer", "billing", "PUT", f"/v1/customers/{key}", customer)
        if key in self.customers:
            return
        quote = self.call("quote", "billing", "POST", "/v1/quotes", _order(key, starts_on))
        path = f"/v1/quotes/{quote['quote_id']}"
        self.call("submit", "billing", "POST", f"{path}/submit", {})
        token = self.call("send", "billing", "POST", f"{path}/send", {})["acceptance_token"]
        self.call("accept", "billing", "POST", "/v1/quote-acceptances", {"token": token, "name": "Ann Buyer"})
        self.customers.append(key)

    def use(self) -> None:
        batch = [_event(random.choice(self.customers or ["nobody"])) for _ in range(EVENTS_A_BATCH)]
        headers = {"Content-Type": "application/cloudevents-batch+json"}
        self.call("events", "usage", "POST", "/v1/events", batch, headers=headers)

    def ask(self) -> None:
        key = random.choice(self.customers or ["nobody"])
        self.call("check", "entitlement", "POST", "/v1/access/check", {"account": key, "features": ["api"]})
        self.call("invoices", "billing", "GET", "/v1/invoices", params={"customer": key})
        self.call("periods", "usage", "GET", "/v1/periods", params={"limit": 20})

    def pay(self) -> None:
        for invoice in self.call("unpaid", "billing", "GET", "/v1/invoices", params={"status": "issued"})["items"]:
            payment = {"invoice": invoice["number"], "amount_minor": invoice["open_minor"], "currency": "EUR"}
            self.call("payment", "billing", "POST", "/v1/payments", payment)


@dataclass
class FastClock:
    """A day of its tenant's life a turn: usage, invoices, payments, renewals that nobody answers."""

    tenant: Tenant
    now: datetime = datetime(2026, 1, 1, tzinfo=UTC)

    def begin(self) -> None:
        move(self.tenant.clients, self.now)
        self.tenant.open_shop()
        for _ in range(5):
            self.tenant.sell(self.now.date().isoformat())

    def live(self) -> None:
        self.now += timedelta(days=1)
        move(self.tenant.clients, self.now)
        self.tenant.use()
        if self.now.day in (5, 20):
            self.tenant.pay()


def at_pace(threads: ThreadPoolExecutor, done: threading.Event, a_second: float, act: Callable[[], None]) -> None:
    """Repeats until it is done; a turn that takes longer than its time is followed at once by the next."""

    def repeat() -> None:
        while not done.is_set():
            began = time.monotonic()
            try:
                act()
            except httpx.TransportError:
                continue
            done.wait(max(0.0, 1 / a_second - (time.monotonic() - began)))

    threads.submit(repeat)


def _order(key: str, starts_on: str) -> Json:
    return {"customer": key, "lines": [{"plan": "team", "starts_on": starts_on}]}


def _event(subject: str) -> Json:
    data = {"calls": random.randrange(1000)}
    return {
        "specversion": "1.0",
        "id": uuid4().hex,
        "source": "/app",
        "type": "api.call",
        "subject": subject,
        "data": data,
    }
