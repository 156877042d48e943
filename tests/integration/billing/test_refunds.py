"""Refunds through the provider's port: asked for once, booked when they have succeeded, settled whoever dies or is silent."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.billing.clients.payment_provider import RefundAnswer, RefundRequest
from services.billing.clients.providers import PROVIDERS
from services.billing.clients.sandbox import Sandbox
from services.billing.messaging.pending import Pending
from services.billing.messaging.refunding import Refunding
from services.billing.store import create_store
from tests.integration.billing.test_payment_webhooks import news, tell
from tests.integration.billing.till import OWED, Till
from tests.support.house import Service, settle


@pytest.fixture
def till(billing: Service, tenant: str) -> Till:
    till = Till(billing, tenant)
    till.until("2013-01-10T17:00:00+00:00")
    return till


def paid(till: Till, charge: str, minor: int = 900) -> dict[str, Any]:
    told = news("succeeded", charge=charge, amount_minor=minor, currency="USD", customer="vx")
    assert tell(till, told).status_code == 200
    [payment] = till.payments()
    return payment


def refund_told(till: Till, kind: str, charge: str, minor: int, **data: Any) -> str:
    said = {"charge": charge, "amount_minor": minor, "currency": "USD", "refund": "re_1"} | data
    body = json.dumps({"type": f"refund.{kind}", "timestamp": "2013-01-10T13:00:00+00:00", "data": said}).encode()
    answer = tell(till, body)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["result"])


def asked(till: Till, charge: str, minor: int = 600) -> dict[str, Any]:
    """A refund that waits for a worker, of a payment of which nothing is applied."""
    till.post(f"/v1/invoices/{till.invoice()['invoice_id']}/void", reason="not for this test")
    payment = paid(till, charge)
    said = till.post(f"/v1/payments/{payment['payment_id']}/refunds", amount_minor=minor, reason="asked")
    assert (said["promised_minor"], said["refunded_minor"], said["unapplied_minor"]) == (minor, 0, 900)
    return refund(till)


def refund(till: Till) -> dict[str, Any]:
    [found] = till.client.get("/v1/refunds").json()["items"]
    return dict(found)


def test_a_refund_is_booked_when_the_provider_says_that_it_succeeded(till: Till) -> None:
    waiting = asked(till, "ch_1")
    assert (waiting["status"], waiting["charge"], waiting["amount_minor"]) == ("requested", "ch_1", 600)
    path = f"/v1/payments/{waiting['payment_id']}"
    assert till.refused(f"{path}/refunds", amount_minor=301, reason="again") == (
        422,
        "more_than_unapplied",
        "/amount_minor",
    )
    assert till.post(f"{path}/refunds", amount_minor=100, by_hand=True, reason="cash")["refunded_minor"] == 100
    settle([till.billing])
    [payment] = till.payments()
    assert (payment["refunded_minor"], payment["promised_minor"], payment["unapplied_minor"]) == (700, 0, 200)
    assert (refund(till)["status"], refund_told(till, "succeeded", "ch_1", 600, refund=refund(till)["reference"])) == (
        "succeeded",
        "recorded",
    )
    assert till.payments()[0]["refunded_minor"] == 700
    till.check_books()


def test_a_worker_that_dies_after_the_provider_gave_it_back_gives_nothing_back_twice(till: Till) -> None:
    asked(till, "ch_away")
    engine, now = till.billing.background.relay.engine, lambda: datetime.now(UTC)
    keys = set()

    class Dying(Sandbox):
        def refund(self, request: RefundRequest) -> RefundAnswer:
            keys.add(request.key)
            assert refund_told(till, "succeeded", "ch_away", 600, key=str(request.key)) == "recorded"
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Refunding(engine, create_store(), {"test": Dying()}, now).step()
    assert refund(till)["status"] == "succeeded"  # its webhook was faster than any answer
    assert Refunding(engine, create_store(), {"test": Sandbox()}, now).step() == 0
    assert till.payments()[0]["refunded_minor"] == 600 and len(keys) == 1
    till.check_books()


def test_one_that_stays_pending_is_asked_for_again_and_settled_by_a_person_where_nobody_answers(till: Till) -> None:
    waiting = asked(till, "ch_pending")
    settle([till.billing])
    assert refund(till)["status"] == "pending"
    clock = [datetime.now(UTC)]
    engine = till.billing.background.relay.engine
    pending = Pending(engine, create_store(), PROVIDERS, lambda: clock[0])
    assert pending.step() == 0
    clock[0] += timedelta(minutes=2)
    assert (pending.step(), refund(till)["status"]) == (0, "pending")
    settled = till.post(f"/v1/refunds/{waiting['refund_id']}/settle", outcome="failed", reason="seen there")
    assert (settled["status"], settled["failure"]) == ("failed", "seen there")
    [payment] = till.payments()
    assert (payment["refunded_minor"], payment["promised_minor"], payment["unapplied_minor"]) == (0, 0, 900)
    again = till.refused(f"/v1/refunds/{waiting['refund_id']}/settle", outcome="succeeded", reason="seen there")
    assert again[:2] == (409, "refund_settled")
    till.check_books()


def test_a_lost_webhook_is_made_up_for_by_asking_again(till: Till) -> None:
    asked(till, "ch_slow")
    settle([till.billing])
    assert refund(till)["status"] == "pending"
    clock = [datetime.now(UTC)]
    pending = Pending(till.billing.background.relay.engine, create_store(), PROVIDERS, lambda: clock[0])
    pending.step()
    clock[0] += timedelta(minutes=2)
    assert (pending.step(), pending.step(), refund(till)["status"]) == (1, 0, "succeeded")
    assert till.payments()[0]["refunded_minor"] == 600
    till.check_books()


def test_a_charge_that_stays_pending_is_given_up_after_a_week_and_tried_again(till: Till) -> None:
    profile = {"method": {"provider": "test", "token": "tok_pending"}, "autopay": True}
    assert till.client.put("/v1/customers/vx/payment-profile", json=profile).status_code == 200
    till.until("2013-01-10T17:30:00+00:00")
    # The first invoice was issued before there was a method: the second one is charged, on 16 February.
    till.until("2013-02-23T04:00:00+00:00")
    assert [each["status"] for each in attempts(till)] == ["pending"]
    till.until("2013-02-23T06:00:00+00:00")
    [given_up] = attempts(till)
    assert (given_up["status"], given_up["reason"]) == ("failed", "the provider has not said what became of it")
    till.until("2013-02-24T06:00:00+00:00")
    first, second = attempts(till)
    assert (second["status"], second["number"], second["is_last"]) == ("pending", 2, True)
    path = f"/v1/autopay-attempts/{second['attempt_id']}/settle"
    assert till.post(path, outcome="succeeded", reason="seen there")["status"] == "succeeded"
    assert (till.invoice(2)["status"], len(till.payments())) == ("paid", 1)
    assert till.refused(path, outcome="failed", reason="seen there")[:2] == (409, "attempt_settled")
    late = news("succeeded", charge=first["reference"], amount_minor=OWED, currency="USD", customer="vx")
    assert tell(till, late.replace(b"2013-01-10", b"2013-02-17")).json() == {"result": "recorded"}
    assert {payment["amount_minor"] for payment in till.payments()} == {OWED}  # money is money, whenever it is told
    till.check_books()


def attempts(till: Till) -> list[dict[str, Any]]:
    listed = till.client.get("/v1/autopay-attempts").json()["items"]
    mine = (each for each in listed if each["invoice"] == "INV-000002")
    return sorted(mine, key=lambda each: int(each["number"]))
