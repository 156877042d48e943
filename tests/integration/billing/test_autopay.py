"""Autopay through the API and the worker: charged when due, again by the schedule, once whoever dies."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.billing.clients.payment_provider import ChargeAnswer, ChargeRequest, ProviderAway
from services.billing.clients.sandbox import Sandbox
from services.billing.messaging.charging import Charging
from services.billing.store import create_store
from shared.contracts.billing import AutopayFailedV1
from tests.integration.billing.test_payment_webhooks import news, tell
from tests.integration.billing.till import OWED, Till
from tests.support.house import Service, settle
from tests.support.published import published

DUE = "2013-01-16T05:00:01+00:00"


@pytest.fixture
def till(billing: Service, tenant: str) -> Till:
    return Till(billing, tenant)


def charged_by(till: Till, token: str, **settings: Any) -> None:
    profile = {"method": {"provider": "test", "token": token}, "autopay": True}
    assert till.client.put("/v1/customers/vx/payment-profile", json=profile).status_code == 200
    if settings:
        assert till.client.put("/v1/settings", json=settings).status_code == 200


def attempts(till: Till) -> list[tuple[int, str, bool]]:
    listed = till.client.get("/v1/autopay-attempts").json()["items"]
    return sorted((a["number"], a["status"], a["is_last"]) for a in listed if a["invoice"] == "INV-000001")


def test_an_invoice_is_charged_on_its_due_day_and_then_left_alone(till: Till) -> None:
    charged_by(till, "tok_visa")
    till.until("2013-01-15T05:00:00+00:00")
    assert attempts(till) == []
    till.until(DUE)
    assert (attempts(till), till.invoice()["status"]) == ([(1, "succeeded", False)], "paid")
    [payment] = till.payments()
    assert (payment["provider"], payment["received_on"], payment["unapplied_minor"]) == ("test", "2013-01-16", 0)
    told = news("succeeded", charge=payment["provider_reference"], amount_minor=OWED, currency="USD", customer="vx")
    assert tell(till, told).json() == {"result": "known"}
    till.until("2013-01-28T05:00:00+00:00")
    assert len(attempts(till)) == 1 and len(till.payments()) == 1
    till.check_books()


def test_a_declined_method_is_tried_by_the_schedule_and_each_failure_is_told(till: Till, tenant: str) -> None:
    charged_by(till, "tok_declined", autopay_retry_days=[2, 4])
    till.until("2013-01-19T05:00:00+00:00")
    assert attempts(till) == [(1, "failed", False), (2, "failed", False)]
    charged_by(till, "tok_visa")
    till.until("2013-01-25T05:00:00+00:00")
    assert attempts(till) == [(1, "failed", False), (2, "failed", False), (3, "succeeded", True)]
    assert till.invoice()["status"] == "paid"
    messages = [m.read(AutopayFailedV1) for m in published(till.billing, "billing.payments", tenant)]
    assert [(m.attempt, m.is_last, m.reason, m.amount_minor) for m in messages] == [
        (1, False, "declined", OWED),
        (2, False, "declined", OWED),
    ]
    till.check_books()


def test_who_pays_otherwise_or_stops_autopay_is_not_charged(till: Till) -> None:
    charged_by(till, "tok_visa")
    till.until("2013-01-10T05:00:00+00:00")
    till.pay(OWED, invoice="INV-000001")
    till.until("2013-02-10T05:00:00+00:00")
    assert attempts(till) == []
    assert till.client.put("/v1/customers/vx/payment-profile", json={}).status_code == 200
    till.until("2013-03-01T05:00:00+00:00")
    assert till.client.get("/v1/autopay-attempts").json()["items"] == []
    assert till.invoice(2)["status"] == "issued"


@pytest.mark.parametrize(("kind", "status"), [("succeeded", "paid"), ("failed", "issued")])
def test_a_pending_charge_is_settled_by_its_webhook(till: Till, kind: str, status: str) -> None:
    charged_by(till, "tok_pending")
    till.until(DUE)
    assert attempts(till) == [(1, "pending", False)]
    [pending] = till.client.get("/v1/autopay-attempts", params={"status": "pending"}).json()["items"]
    paid = {"amount_minor": OWED, "currency": "USD", "customer": "vx", "invoice": "INV-000001"}
    told = news(kind, charge=pending["reference"], **(paid if kind == "succeeded" else {"reason": "no funds"}))
    assert tell(till, told).json() == {"result": "recorded"}
    assert (attempts(till), till.invoice()["status"]) == ([(1, kind, False)], status)
    till.until("2013-01-20T05:00:00+00:00")
    assert len(attempts(till)) == (1 if kind == "succeeded" else 2)
    till.check_books()


class Flaky:
    """A provider that does what the sandbox does, and is away for the first times that it is asked."""

    def __init__(self, away: int):
        self.away, self.asked = away, 0
        self.keys: set[Any] = set()
        self.sandbox = Sandbox()

    def charge(self, request: ChargeRequest) -> ChargeAnswer:
        self.asked += 1
        self.keys.add(request.key)
        if self.asked <= self.away:
            raise ProviderAway("no answer")
        return self.sandbox.charge(request)

    def read(self, told: Any) -> Any:
        return self.sandbox.read(told)


def requested(till: Till) -> None:
    """An attempt that is due, and that no worker has taken up yet."""
    charged_by(till, "tok_away")
    till.until(DUE)
    assert attempts(till) == [(1, "requested", False)]


def test_a_provider_that_is_away_is_asked_again_with_the_same_key_and_not_at_once(till: Till) -> None:
    requested(till)
    now = datetime.now(UTC)
    provider, clock = Flaky(away=2), [now]
    charging = Charging(till.billing.background.relay.engine, create_store(), {"test": provider}, lambda: clock[0])
    assert (charging.step(), charging.step(), provider.asked) == (0, 0, 1)
    clock[0] += timedelta(seconds=1.1)
    assert (charging.step(), charging.step(), provider.asked) == (0, 0, 2)
    clock[0] += timedelta(seconds=1.1)
    assert (charging.step(), provider.asked) == (0, 2)  # the pause has doubled
    clock[0] += timedelta(seconds=1)
    provider.sandbox = Answering()
    assert (charging.step(), provider.asked, len(provider.keys)) == (1, 3, 1)
    assert (attempts(till), till.invoice()["status"]) == ([(1, "succeeded", False)], "paid")
    till.check_books()


class Answering(Sandbox):
    """Takes every method."""

    def charge(self, request: ChargeRequest) -> ChargeAnswer:
        return ChargeAnswer(status="succeeded", reference=f"ch_{request.key.hex}")


class Dying(Answering):
    """Charges, and the worker dies before it heard the answer."""

    def charge(self, request: ChargeRequest) -> ChargeAnswer:
        super().charge(request)
        raise KeyboardInterrupt


def test_a_worker_that_dies_after_the_provider_charged_charges_nothing_twice(till: Till) -> None:
    requested(till)
    engine, now = till.billing.background.relay.engine, lambda: datetime.now(UTC)
    with pytest.raises(KeyboardInterrupt):
        Charging(engine, create_store(), {"test": Dying()}, now).step()
    assert attempts(till) == [(1, "requested", False)]
    workers = [Charging(engine, create_store(), {"test": Answering()}, now) for _ in range(2)]
    assert sorted(worker.step() for worker in workers) == [0, 1]
    [payment] = till.payments()
    assert (payment["amount_minor"], till.invoice()["status"]) == (OWED, "paid")
    till.check_books()


def test_what_was_paid_meanwhile_is_not_charged(till: Till) -> None:
    requested(till)
    till.pay(OWED, invoice="INV-000001")
    provider = Flaky(away=0)
    engine = till.billing.background.relay.engine
    assert Charging(engine, create_store(), {"test": provider}, lambda: datetime.now(UTC)).step() == 1
    assert (provider.asked, attempts(till)) == (0, [(1, "failed", False)])


def test_a_webhook_that_is_faster_than_the_answer_settles_the_attempt(till: Till) -> None:
    requested(till)

    class Slow(Answering):
        def charge(self, request: ChargeRequest) -> ChargeAnswer:
            reference = f"ch_{request.key.hex}"
            paid = {"amount_minor": OWED, "currency": "USD", "invoice": "INV-000001"}
            assert tell(till, news("succeeded", charge=reference, **paid)).status_code == 200
            return ChargeAnswer(status="pending", reference=reference)

    engine = till.billing.background.relay.engine
    assert Charging(engine, create_store(), {"test": Slow()}, lambda: datetime.now(UTC)).step() == 1
    assert (attempts(till), till.invoice()["status"], len(till.payments())) == ([(1, "succeeded", False)], "paid", 1)
    settle([till.billing])
    till.check_books()


@pytest.mark.parametrize("days", [[5, 3], [3, 3]])
def test_a_schedule_counts_upwards(till: Till, days: list[int]) -> None:
    refused = till.client.put("/v1/settings", json={"autopay_retry_days": days})
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/autopay_retry_days")
