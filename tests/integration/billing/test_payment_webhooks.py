"""Webhooks of a provider: signed, counted once, and right in whichever order they come."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from standardwebhooks.webhooks import Webhook

from tests.integration.billing.till import OWED, Till
from tests.support.house import Service, settle


@pytest.fixture
def till(billing: Service, tenant: str) -> Till:
    till = Till(billing, tenant)
    till.until("2013-01-10T17:00:00+00:00")
    return till


def news(kind: str, minute: int = 0, **data: Any) -> bytes:
    at = datetime(2013, 1, 10, 12, minute, tzinfo=UTC).isoformat()
    return json.dumps({"type": f"charge.{kind}", "timestamp": at, "data": {"charge": "ch_1"} | data}).encode()


SUCCESS = news("succeeded", amount_minor=OWED, currency="USD", invoice="INV-000001")


def tell(
    till: Till,
    body: bytes,
    *,
    sent: bytes | None = None,
    secret: str | None = None,
    off: timedelta = timedelta(),
    path: str | None = None,
    **headers: str,
) -> Any:
    """As the provider does it: without a token of ours; `sent` is what arrives instead."""
    endpoint = till.client.get("/v1/payment-webhooks/test").json()
    at = datetime.now(UTC) + off
    signed = {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(secret or endpoint["secret"]).sign("msg_1", at, body.decode()),
    }
    visitor = till.billing.client("somebody-else")
    del visitor.headers["Authorization"]
    return visitor.post(
        path or endpoint["path"], content=sent or body, headers={"Content-Type": "application/json"} | signed | headers
    )


def test_a_success_pays_the_invoice_and_is_counted_once(till: Till) -> None:
    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(lambda _: tell(till, SUCCESS), range(4)))
    assert {answer.status_code for answer in answers} <= {200, 409}
    again = tell(till, SUCCESS)
    assert (again.status_code, again.json()) == (200, {"result": "known"})
    [payment] = till.payments()
    assert (payment["provider"], payment["provider_reference"], payment["method"]) == ("test", "ch_1", "provider")
    assert (payment["received_at"], till.invoice()["status"]) == ("2013-01-10T12:00:00Z", "paid")
    told = {"invoice": "INV-000001", "amount_minor": OWED, "currency": "USD"}
    told |= {"provider": "test", "provider_reference": "ch_1"}
    assert till.post("/v1/payments", **told)["payment_id"] == payment["payment_id"]
    till.check_books()


def test_a_chargeback_before_the_success_is_known_is_not_lost(till: Till) -> None:
    disputed = news("disputed", 30, dispute="dp_1", reason="not mine")
    assert tell(till, disputed).json() == {"result": "recorded"}
    assert till.payments() == []
    assert tell(till, SUCCESS).json() == {"result": "recorded"}
    [payment] = till.payments()
    assert (payment["charged_back_minor"], till.invoice()["open_minor"]) == (OWED, OWED)
    assert tell(till, disputed).json() == {"result": "known"}
    settle([till.billing])
    till.until("2013-01-24T17:00:00+00:00")
    assert till.step() == "warned"
    till.check_books()


def test_a_late_failure_of_an_earlier_attempt_leaves_the_payment_alone(till: Till) -> None:
    assert tell(till, news("failed", 0, reason="declined")).status_code == 200
    assert tell(till, SUCCESS.replace(b"12:00", b"12:05")).status_code == 200
    assert tell(till, news("failed", 3, reason="declined")).status_code == 200
    assert (till.invoice()["status"], till.payments()[0]["charged_back_minor"]) == ("paid", 0)
    assert tell(till, news("failed", 40, reason="returned")).status_code == 200
    assert (till.invoice()["status"], till.payments()[0]["charged_back_minor"]) == ("issued", OWED)
    till.check_books()


def test_money_that_came_in_is_never_refused_for_what_it_was_meant_to_pay(till: Till) -> None:
    till.pay(OWED, invoice="INV-000001")
    assert tell(till, SUCCESS).status_code == 200
    [unapplied] = till.payments(unapplied=True)
    assert unapplied["unapplied_minor"] == OWED


def test_what_is_not_signed_by_the_provider_is_refused(till: Till, billing: Service) -> None:
    other = billing.client("another-tenant").get("/v1/payment-webhooks/test").json()
    refused = [
        tell(till, SUCCESS, secret=other["secret"]),
        tell(till, SUCCESS, path=other["path"]),
        tell(till, SUCCESS, sent=SUCCESS.replace(b"150000", b"150001")),
        tell(till, SUCCESS, sent=SUCCESS + b" "),
        tell(till, SUCCESS, off=timedelta(minutes=-6)),
        tell(till, SUCCESS, off=timedelta(minutes=6)),
        tell(till, SUCCESS, **{"webhook-id": "msg_2"}),
        tell(till, SUCCESS, **{"webhook-signature": "v1,"}),
        tell(till, SUCCESS, **{"webhook-signature": "nonsense"}),
        tell(till, SUCCESS, **{"webhook-timestamp": "nan"}),
        tell(till, SUCCESS, **{"webhook-timestamp": "9" * 30}),
        till.client.post("/v1/payment-webhooks/test", params={"tenant": str(till.tenant_id)}, content=SUCCESS),
    ]
    assert {(answer.status_code, answer.json()["title"]) for answer in refused} == {(401, "signature_refused")}
    assert till.payments() == []


def test_what_cannot_be_understood_is_named_and_what_is_of_no_interest_is_taken(till: Till) -> None:
    assert tell(till, b'{"type": "charge.viewed"}').json() == {"result": "ignored"}
    wrong = tell(till, news("succeeded", amount_minor=1.5, currency="usd", customer="vx"))
    assert [e["pointer"] for e in wrong.json()["errors"]] == ["/data/amount_minor", "/data/currency"]
    unknown = tell(till, news("succeeded", amount_minor=1, currency="USD", customer="nobody"))
    assert (unknown.status_code, unknown.json()["errors"][0]["pointer"]) == (404, "/data/customer")
    for body in (b"[]", b"{", b'{"a": 1, "a": 2}'):
        assert tell(till, body).status_code == 400
    assert tell(till, SUCCESS, path=f"/v1/payment-webhooks/nobody?tenant={till.tenant_id}").status_code == 404
    assert till.payments() == []
