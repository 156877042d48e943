"""Billing's read models after a quarter of business are those that its events make; operators can see it and repair it."""

from __future__ import annotations

import os
import subprocess
import sys

from services.billing.store import READ_MODELS, create_store
from shared.rebuild import rebuild
from tests.integration.billing.shop import Shop
from tests.integration.billing.test_year_of_fees import PLAN, move
from tests.support.house import Service, settle


def test_after_a_quarter_of_business_rebuilt_equals_live(billing: Service, tenant: str) -> None:
    do_business(billing, tenant)
    compared = rebuild(billing.background.relay.engine, create_store(), READ_MODELS, keep=True)
    assert {c.table: (c.live, c.rebuilt) for c in compared if not c.is_equal} == {}
    filled = {c.table for c in compared if c.live.rows}
    assert filled >= {"customers", "plans", "quotes", "subscriptions", "invoices", "payments", "dunning", "test_clocks"}


def test_an_operator_verifies_what_is_live(billing: Service, tenant: str) -> None:
    do_business(billing, tenant)
    verified = operate(billing, "verify")
    assert (verified.returncode, verified.stderr) == (0, "")
    assert "DIFFERENT" not in verified.stdout


def test_an_operator_publishes_history_again(billing: Service, tenant: str) -> None:
    Shop(billing, tenant).open()
    settle([billing])
    published = operate(billing, "republish", "--since", "2020-01-01T00:00:00Z")
    assert published.stdout.endswith("messages are queued for the relay\n")
    settle([billing])
    assert operate(billing, "republish", "--since", "yesterday").returncode == 2


def do_business(billing: Service, tenant: str) -> None:
    """Two who buy: one pays, the other one is reminded; a third is only offered something."""
    shop = Shop(billing, tenant)
    client = shop.rita
    client.put("/v1/test-clock", json={"now": "2012-12-01T05:00:00Z"})
    shop.open()
    assert client.put("/v1/plans/fee-only", json=PLAN).status_code == 200
    for key in ("payer", "debtor"):
        client.put(f"/v1/customers/{key}", json={"name": key, "zone": "America/New_York", "currency": "USD"})
        line = {"plan": "fee-only", "starts_on": "2013-01-01"}
        quote = client.post("/v1/quotes", json={"customer": key, "lines": [line]}).json()
        assert shop.accept(shop.send(quote["quote_id"])["acceptance_token"]).status_code == 201
    shop.draft(plan="gate-use")
    settle([billing])
    move(client, billing, "2013-01-20T05:00:00Z")
    for invoice in client.get("/v1/invoices").json()["items"]:
        if invoice["customer"] == "payer":
            payment = {"invoice": invoice["number"], "amount_minor": invoice["total_minor"], "currency": "USD"}
            assert client.post("/v1/payments", json=payment).status_code == 201
    for month in ("02", "03", "04"):
        move(client, billing, f"2013-{month}-20T05:00:00Z")


def operate(billing: Service, *words: str) -> subprocess.CompletedProcess[str]:
    settings = billing.settings("worker")
    more = {
        "DATABASE_URL": settings.database,
        "KAFKA_BOOTSTRAP_SERVERS": settings.kafka_bootstrap_servers,
        "AUTH_ISSUER": settings.auth_issuer,
        "AUTH_JWKS_URL": settings.auth_jwks_url,
    }
    command = [sys.executable, "-m", "services.billing.operate", *words]
    return subprocess.run(command, env={**os.environ, **more}, capture_output=True, text=True, timeout=60)
