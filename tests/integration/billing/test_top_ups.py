"""A wallet is topped up by its rule: when an invoice has drawn it below the threshold, once, by whoever asks, and never
against the rule's limits."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from services.billing.clients.providers import PROVIDERS
from services.billing.messaging.pending import Pending
from services.billing.messaging.topping_up import ToppingUp
from services.billing.projections.books.books import CHECKS
from services.billing.store import create_store
from shared.event_store import StreamMoved
from tests.integration.billing.test_autopay import Answering, Dying
from tests.integration.billing.test_payment_webhooks import news, tell
from tests.integration.billing.till import OWED, Till
from tests.support.house import Service, settle

RULE = {"threshold_minor": 20_000, "amount_minor": 200_000, "most_in_month": 2, "limit_minor": 400_000}


@pytest.fixture
def till(billing: Service, tenant: str) -> Till:
    """INV-000001 of 1,500.00 is to be issued on 2013-01-01, and one like it each month."""
    return Till(billing, tenant)


def charged_by(till: Till, token: str) -> None:
    profile = {"method": {"provider": "test", "token": token}, "autopay": True}
    assert till.client.put("/v1/customers/vx/payment-profile", json=profile).status_code == 200


def ruled(till: Till, wallet: str, **changed: Any) -> dict[str, Any]:
    answer = till.client.put(f"/v1/wallets/{wallet}/top-up", json=RULE | {"reason": "agreed"} | changed)
    assert answer.is_success, answer.text
    settle([till.billing])
    return dict(answer.json())


def rule(till: Till, wallet: str) -> tuple[str, str | None, int]:
    told = till.client.get(f"/v1/wallets/{wallet}/top-up").json()
    return told["status"], told["stopped_for"], told["spent_minor"]


def purchases(till: Till, wallet: str) -> list[dict[str, Any]]:
    listed = till.client.get(f"/v1/wallets/{wallet}/top-up/purchases").json()["items"]
    return sorted(listed, key=lambda each: each["number"])


def receipts(till: Till, wallet: str) -> list[str | None]:
    return [each["receipt"] and each["receipt"]["number"] for each in purchases(till, wallet)]


def test_a_wallet_is_topped_up_when_an_invoice_has_drawn_it_low_until_it_may_not_or_cannot(till: Till) -> None:
    gift = {"customer": "vx", "name": "Credit", "currency": "USD", "promotional": True, "priority": 7}
    wallet = till.post("/v1/wallets", amount_minor=160_000, reason="agreed", **gift)["wallet_id"]
    charged_by(till, "tok_visa")
    seen = till.post(f"/v1/wallets/{wallet}/top-up/preview", **RULE)
    assert (seen["balance_minor"], seen["is_below"], seen["buys_minor"], seen["status"]) == (
        160_000,
        False,
        0,
        "active",
    )
    refused = till.client.put(f"/v1/wallets/{wallet}/top-up", json=RULE | {"amount_minor": 19_999, "reason": "less"})
    assert refused.json()["errors"][0]["pointer"] == "/amount_minor"
    set_by = ruled(till, wallet)
    assert (set_by["reason"], bool(set_by["by"]), purchases(till, wallet)) == ("agreed", True, [])

    till.until("2013-01-02T05:00:00+00:00")  # 150,000 were drawn, and 10,000 are left
    [first] = purchases(till, wallet)
    assert (first["status"], first["left_minor"], first["amount_minor"]) == ("succeeded", 10_000, 200_000)
    assert first["receipt"]["number"] == "INV-RC-000001" and date.fromisoformat(first["receipt"]["issued_on"])
    bought = till.client.get(f"/v1/wallets/{first['bought']}").json()
    assert (bought["priority"], bought["promotional"], bought["payment_id"]) == (7, False, first["payment_id"])
    [payment] = till.payments()
    assert (payment["prepaid_minor"], payment["unapplied_minor"], payment["allocations"]) == (200_000, 0, [])
    assert (till.invoice()["status"], rule(till, wallet)) == ("paid", ("active", None, 200_000))

    till.until("2013-02-02T05:00:00+00:00")  # 60,000 are left
    assert len(purchases(till, wallet)) == 1
    till.until("2013-03-02T05:00:00+00:00")  # nothing is left, and 90,000 are owed
    assert [each["status"] for each in purchases(till, wallet)] == ["succeeded", "succeeded"]
    till.until("2013-05-02T05:00:00+00:00")
    assert rule(till, wallet) == ("stopped", "limit_reached", 400_000)
    [listed] = till.client.get("/v1/top-ups", params={"status": "stopped"}).json()["items"]
    assert (listed["wallet_id"], listed["by"]) == (wallet, "")

    charged_by(till, "tok_declined")
    seen = till.post(f"/v1/wallets/{wallet}/top-up/preview", **RULE)
    assert (seen["is_below"], seen["buys_minor"], seen["provider"]) == (True, 200_000, "test")
    ruled(till, wallet)
    assert rule(till, wallet) == ("stopped", "payment_failed", 0)
    last = purchases(till, wallet)[-1]
    assert (last["status"], last["reason"], last["payment_id"]) == ("failed", "declined", None)
    assert receipts(till, wallet) == ["INV-RC-000001", "INV-RC-000002", None]
    off = till.post(f"/v1/wallets/{wallet}/top-up/switch-off", reason="they pay by invoice")
    assert (off["status"], off["reason"]) == ("off", "they pay by invoice")
    settle([till.billing])
    assert len(purchases(till, wallet)) == 3
    till.check_books()


def test_whoever_dies_or_asks_at_the_same_time_it_is_bought_once(till: Till) -> None:
    gift = {"customer": "vx", "name": "Credit", "currency": "USD", "promotional": True}
    wallet = till.post("/v1/wallets", amount_minor=OWED, reason="agreed", **gift)["wallet_id"]
    charged_by(till, "tok_away")
    ruled(till, wallet)
    till.until("2013-01-02T05:00:00+00:00")
    [asked] = purchases(till, wallet)
    assert (asked["status"], asked["left_minor"]) == ("requested", 0)
    engine, store, now = till.billing.background.relay.engine, create_store(), lambda: datetime.now(UTC)
    with pytest.raises(KeyboardInterrupt):
        ToppingUp(engine, store, {"test": Dying()}, now).step()
    workers = [ToppingUp(engine, store, {"test": Answering()}, now) for _ in range(2)]
    with ThreadPoolExecutor(2) as threads:
        list(threads.map(_step, workers))
    [done] = purchases(till, wallet)
    assert (done["status"], len(till.payments())) == ("succeeded", 1)

    charged_by(till, "tok_pending")
    till.until("2013-02-02T05:00:00+00:00")  # 50,000 are left
    till.until("2013-03-02T05:00:00+00:00")
    [_, pending] = purchases(till, wallet)
    assert (pending["status"], rule(till, wallet)) == ("pending", ("active", None, 200_000))
    told = {"amount_minor": 200_000, "currency": "USD", "customer": "vx"}
    body = news("succeeded", charge=pending["reference"], **told, invoice=f"TOP-UP-{pending['purchase_id'][4:]}")
    assert tell(till, body).json() == {"result": "recorded"}
    assert tell(till, body).json() == {"result": "known"}
    assert [each["status"] for each in purchases(till, wallet)] == ["succeeded", "succeeded"]
    assert rule(till, wallet) == ("active", None, 400_000)

    charged_by(till, "tok_slow")
    ruled(till, wallet, limit_minor=600_000)
    till.until("2013-05-02T05:00:00+00:00")
    assert purchases(till, wallet)[-1]["status"] == "pending"
    clock = [now()]
    pending_ones = Pending(engine, store, PROVIDERS, lambda: clock[0])
    pending_ones.step()
    clock[0] += timedelta(minutes=1, seconds=1)
    assert pending_ones.step() >= 1
    assert (purchases(till, wallet)[-1]["status"], rule(till, wallet)) == ("succeeded", ("active", None, 200_000))
    assert receipts(till, wallet) == [f"INV-RC-00000{number}" for number in (1, 2, 3)]
    till.check_books()
    with engine.connect() as tx:  # and is rolled back
        gap = "UPDATE top_ups SET top_up = top_up - 'receipts' WHERE tenant_id = %(tenant)s"
        tx.exec_driver_sql(gap, {"tenant": till.tenant_id})
        assert CHECKS["invoice_numbers"](tx) == 1  # numbers that nothing has


def _step(worker: ToppingUp) -> int:
    """Who comes second finds that the stream has moved, and looks again."""
    try:
        return worker.step()
    except StreamMoved:
        return worker.step()
