"""A tenant with one subscription of a flat fee in New York, whose invoices wait for money."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from infra.local.tokens import tenant_id
from services.billing.projections.books.books import CHECKS
from services.billing.store import READ_MODELS, create_store
from shared.rebuild import rebuild
from tests.support.house import Service, settle
from tests.support.moving_clock import move_clock

FEE = {
    "code": "fee",
    "name": "Platform fee",
    "kind": "flat",
    "in_advance": True,
    "price": {"model": "per_unit", "unit_amount": "1500.00"},
}
PLAN = {
    "name": "Fee only",
    "every": "month",
    "calendar": True,
    "term_months": 12,
    "net_days": 15,
    "prices": {"USD": [FEE]},
    "features": {"use": None},
}
OWED = 150_000


class Till:
    """INV-000001 of 2013-01-01, due on 2013-01-16, and one each month after it."""

    def __init__(self, billing: Service, tenant: str):
        self.billing, self.tenant, self.tenant_id = billing, tenant, tenant_id(tenant)
        self.client = billing.client(tenant)
        self.client.put("/v1/test-clock", json={"now": "2012-12-01T05:00:00Z"})
        self.client.put("/v1/customers/vx", json={"name": "VX", "zone": "America/New_York", "currency": "USD"})
        assert self.client.put("/v1/plans/fee-only", json=PLAN).status_code == 200
        line = {"plan": "fee-only", "starts_on": "2013-01-01"}
        quote = self.post("/v1/quotes", customer="vx", lines=[line])
        self.post(f"/v1/quotes/{quote['quote_id']}/submit")
        sent = self.post(f"/v1/quotes/{quote['quote_id']}/send")
        self.post("/v1/quote-acceptances", token=sent["acceptance_token"], name="V. X.")
        settle([billing])

    def post(self, path: str, **body: Any) -> dict[str, Any]:
        answer = self.client.post(path, json=body)
        assert answer.is_success, answer.text
        told: dict[str, Any] = answer.json()
        return told

    def refused(self, path: str, **body: Any) -> tuple[int, str, str | None]:
        """Status, title, and the field that is named."""
        answer = self.client.post(path, json=body)
        assert not answer.is_success, answer.text
        problem = answer.json()
        return answer.status_code, problem["title"], problem.get("errors", [{}])[0].get("pointer")

    def pay(self, amount_minor: int, **said: Any) -> dict[str, Any]:
        return self.post("/v1/payments", **({"customer": "vx", "currency": "USD", "amount_minor": amount_minor} | said))

    def until(self, instant: str) -> None:
        move_clock(self.billing, self.client, datetime.fromisoformat(instant))

    def invoice(self, number: int = 1) -> dict[str, Any]:
        [found] = self.client.get("/v1/invoices", params={"number": f"INV-{number:06d}"}).json()["items"]
        return dict(found)

    def payments(self, **wanted: Any) -> list[dict[str, Any]]:
        listed: list[dict[str, Any]] = self.client.get("/v1/payments", params=wanted).json()["items"]
        return listed

    def step(self) -> str:
        [dunning] = self.client.get("/v1/dunning").json()["items"]
        return str(dunning["step"])

    def check_books(self) -> None:
        """The figures agree, and the read models are what the events make of them."""
        assert self.billing.background.books.count() == dict.fromkeys(CHECKS, 0)
        engine = self.billing.background.relay.engine
        compared = rebuild(engine, create_store(), READ_MODELS, keep=False)
        assert {c.table for c in compared if self.tenant_id in c.different_tenants} == set()
