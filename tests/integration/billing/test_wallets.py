"""Customers prepay: credit is granted, pays invoices at their issue, comes back and expires, and every side says so."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from services.billing.domain.agreement import Party
from services.billing.domain.wallet import WALLET
from services.billing.domain.wallet.commands import GrantCredit, RevokeCredit
from services.billing.domain.wallet.events import WalletFacts, WalletTerms
from services.billing.projections.payments.usable_wallets import usable
from services.billing.store import create_store
from shared.causes import Cause
from shared.event_store import StreamMoved
from shared.money import Money
from shared.unit_of_work import Session, UnitOfWork
from tests.integration.billing.till import OWED, Till
from tests.support.house import Service, settle


@pytest.fixture
def till(billing: Service, tenant: str) -> Till:
    """INV-000001 of 1,500.00 is to be issued on 2013-01-01."""
    return Till(billing, tenant)


def grant(till: Till, amount: int, **said: Any) -> str:
    gift = {"customer": "vx", "name": "Credit", "currency": "USD", "promotional": "payment_id" not in said}
    wallet: str = till.post("/v1/wallets", **gift | {"amount_minor": amount, "reason": "agreed"} | said)["wallet_id"]
    return wallet


def wallet(till: Till, wallet_id: str, **moment: str) -> dict[str, Any]:
    answer = till.client.get(f"/v1/wallets/{wallet_id}", params=moment)
    assert answer.is_success, answer.text
    return dict(answer.json())


def movements(till: Till, wallet_id: str) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = till.client.get(f"/v1/wallets/{wallet_id}/movements").json()["items"]
    return listed


def balances(till: Till, day: str) -> dict[str, int]:
    listed = till.client.get("/v1/ledger/balances", params={"at": day}).json()["balances"]
    wanted = ("cash", "unapplied_cash", "receivables", "prepaid_credit", "promotional_credit", "breakage")
    return {b["account"]: b["balance_minor"] for b in listed if b["account"] in wanted and b["balance_minor"]}


def closes(till: Till, month: str) -> bool:
    told = till.client.get("/v1/reconciliation", params={"period": month}).json()
    assert told["off"] == []
    return bool(told["closes"])


def test_prepaid_credit_pays_an_invoice_at_its_issue_and_everything_says_so(till: Till) -> None:
    paid = till.pay(100_000)
    prepaid = grant(till, 80_000, payment_id=paid["payment_id"], expires_on="2013-06-01")
    gift = grant(till, 30_000, charges=["fee"], priority=10, name="Welcome")
    assert till.payments()[0]["prepaid_minor"] == 80_000
    assert balances(till, "2012-12-31") == {"cash": 100_000, "unapplied_cash": -20_000, "prepaid_credit": -80_000}
    till.until("2013-01-02T05:00:00+00:00")

    invoice = till.invoice()
    assert (invoice["status"], invoice["total_minor"], invoice["open_minor"]) == ("issued", OWED, 40_000)
    assert [(c["wallet"], c["amount_minor"], c["lines"]) for c in invoice["credit"]] == [
        ("Welcome", 30_000, [{"line": 1, "amount_minor": 30_000}]),
        ("Credit", 80_000, [{"line": 1, "amount_minor": 80_000}]),
    ]
    explained = till.client.get(f"/v1/invoices/{invoice['invoice_id']}/lines/1/explain").json()
    assert [(p["wallet_id"], p["amount_minor"]) for p in explained["paid_with_credit"]] == [
        (gift, 30_000),
        (prepaid, 80_000),
    ]
    assert "300.00 USD of it paid with credit of Welcome when it was issued" in explained["reading"]
    assert till.post(f"/v1/invoices/{invoice['invoice_id']}/verify")["equal"]
    assert [(m["kind"], m["amount_minor"], m["balance_minor"], m["invoice"]) for m in movements(till, prepaid)] == [
        ("grant", 80_000, 80_000, None),
        ("drawdown", -80_000, 0, "INV-000001"),
    ]
    then, now = wallet(till, prepaid, as_of="2012-12-31T05:00:00Z"), wallet(till, prepaid)
    assert (then["balance_minor"], then["status"]) == (80_000, "usable")
    assert (now["balance_minor"], now["status"], now["drawn_minor"]) == (0, "spent", 80_000)
    assert balances(till, "2013-01-31") == {
        "cash": 100_000,
        "unapplied_cash": -20_000,
        "promotional_credit": 30_000,
        "receivables": 40_000,
    }
    assert closes(till, "2013-01") and closes(till, "2012-12")
    settle([till.billing])
    till.until("2013-01-25T05:00:00+00:00")
    [dunning] = till.client.get("/v1/dunning").json()["items"]
    assert [debt["open_minor"] for debt in dunning["history"][-1]["invoices"]] == [40_000]
    till.pay(40_000, invoice="INV-000001")
    assert till.invoice()["status"] == "paid"
    till.check_books()


def test_credit_comes_back_from_what_is_void_or_credited_and_expires_on_its_day(till: Till) -> None:
    paid = till.pay(300_000)
    prepaid = grant(till, 300_000, payment_id=paid["payment_id"], expires_on="2013-03-10")
    till.until("2013-02-02T05:00:00+00:00")
    first, second = till.invoice(1), till.invoice(2)
    assert (first["status"], second["status"]) == ("paid", "paid")
    assert wallet(till, prepaid)["balance_minor"] == 0

    void = till.post(f"/v1/invoices/{first['invoice_id']}/void", reason="never ordered")
    assert (void["status"], void["credit"][0]["restored_minor"]) == ("voided", OWED)
    credited = till.post(f"/v1/invoices/{second['invoice_id']}/credit-notes", reason="never delivered")
    assert (credited["status"], credited["refundable_minor"]) == ("credited", 0)
    assert credited["credit_note"]["restored_minor"] == OWED
    assert wallet(till, prepaid)["balance_minor"] == 2 * OWED
    for invoice in (first, second):
        assert till.post(f"/v1/invoices/{invoice['invoice_id']}/verify")["equal"]
    till.check_books()

    till.until("2013-03-11T05:00:00+00:00")
    now = wallet(till, prepaid)
    assert (now["status"], now["balance_minor"], now["expired_minor"], now["drawn_minor"]) == (
        "expired",
        0,
        OWED,
        OWED,
    )
    assert till.invoice(3)["status"] == "paid"
    assert balances(till, "2013-03-31") == {"cash": 300_000, "breakage": -OWED}
    assert [m["kind"] for m in movements(till, prepaid)] == [
        "grant",
        "drawdown",
        "drawdown",
        "restoration",
        "restoration",
        "drawdown",
        "expiry",
    ]
    assert all(closes(till, month) for month in ("2013-01", "2013-02", "2013-03"))
    till.check_books()


def test_what_is_left_is_revoked_or_charged_back_and_goes_back_to_its_payment(till: Till) -> None:
    paid = till.pay(50_000)
    prepaid = grant(till, 50_000, payment_id=paid["payment_id"])
    path = f"/v1/wallets/{prepaid}/revoke"
    clerk = till.billing.client(till.tenant, scopes=["billing:invoices", "billing:payments"])
    assert clerk.post(path, json={"reason": "I say so"}).status_code == 403
    revoked = till.post(path, reason="asked for it back")
    assert (revoked["status"], revoked["revoked_minor"]) == ("spent", 50_000)
    assert till.post(path, reason="again")["revoked_minor"] == 50_000
    [payment] = till.payments()
    assert (payment["prepaid_minor"], payment["unapplied_minor"]) == (0, 50_000)
    again = grant(till, 30_000, payment_id=paid["payment_id"])
    gone = till.post(f"/v1/payments/{paid['payment_id']}/chargebacks", reference="cb", reason="disputed")
    assert (gone["charged_back_minor"], gone["prepaid_minor"], gone["unapplied_minor"]) == (50_000, 0, 0)
    assert wallet(till, again)["balance_minor"] == 0
    till.check_books()


def test_credit_that_nobody_paid_for_or_somebody_else_did_is_refused(till: Till) -> None:
    body = {"customer": "vx", "name": "Credit", "amount_minor": 10, "currency": "USD", "reason": "x"}
    paid = till.pay(100)
    till.client.put("/v1/customers/other", json={"name": "Other", "zone": "UTC", "currency": "USD"})
    assert till.refused("/v1/wallets", **body)[0::2] == (422, "/payment_id")
    other = body | {"customer": "other", "payment_id": paid["payment_id"]}
    assert till.refused("/v1/wallets", **other)[0::2] == (422, "/payment_id")
    euros = body | {"currency": "EUR", "payment_id": paid["payment_id"]}
    assert till.refused("/v1/wallets", **euros)[0::2] == (422, "/currency")
    assert till.refused("/v1/wallets", **body | {"promotional": True, "expires_on": "2012-12-01"})[0::2] == (
        422,
        "/expires_on",
    )
    assert till.refused("/v1/wallets", **body | {"customer": "nobody", "promotional": True})[0::2] == (404, "/customer")
    assert till.client.get("/v1/wallets").json()["items"] == []


def test_two_invoices_issued_at_once_do_not_draw_the_same_credit(till: Till) -> None:
    till.client.put("/v1/settings", json={"invoice_bounds": {"USD": OWED - 1}})
    gift = grant(till, 200_000)
    till.until("2013-02-02T05:00:00+00:00")
    held = till.client.get("/v1/invoices", params={"held": True}).json()["items"]
    together = threading.Barrier(len(held))

    def release(invoice: dict[str, Any]) -> int:
        client = till.billing.client(till.tenant)
        together.wait(30)
        return client.post(f"/v1/invoices/{invoice['invoice_id']}/release", json={"reason": "looked at"}).status_code

    with ThreadPoolExecutor(len(held)) as threads:
        assert list(threads.map(release, held)) == [200, 200]
    assert sorted(till.invoice(number)["open_minor"] for number in (1, 2)) == [0, 100_000]
    assert (wallet(till, gift)["balance_minor"], wallet(till, gift)["drawn_minor"]) == (0, 200_000)
    till.check_books()


def test_of_two_that_change_a_wallet_at_once_one_has_to_look_again(till: Till) -> None:
    gift, at = UUID(grant(till, 100).removeprefix("wal_")), datetime(2012, 12, 2, tzinfo=UTC)
    engine = till.billing.background.relay.engine
    with engine.connect() as first, engine.connect() as second:
        sessions = [Session(tx, create_store()) for tx in (first, second)]
        for session in sessions:
            unit = UnitOfWork(session, Cause(till.tenant_id, at, at, {"principal": "test"}))
            unit.execute(WALLET, gift, RevokeCredit(reason="a mistake", on=at.date()))
        sessions[0].flush()
        first.commit()
        with pytest.raises(StreamMoved):
            sessions[1].flush()


def test_credit_that_a_transaction_grants_pays_what_it_issues_afterwards(till: Till) -> None:
    """As where the invoices of two months are issued together, and the first one grants the credit of the second."""
    at = datetime(2012, 12, 2, tzinfo=UTC)
    owner = till.client.get("/v1/customers/vx").json()
    id_ = UUID(owner["customer_id"].removeprefix("cus_"))
    party = Party(customer_id=id_, key="vx", name="VX", zone="UTC", currency="USD")
    with till.billing.background.relay.engine.connect() as tx:
        unit = UnitOfWork(Session(tx, create_store()), Cause(till.tenant_id, at, at, {"principal": "test"}))
        assert usable(unit, party) == []
        facts = WalletFacts(
            wallet_id=UUID(int=1), customer_id=id_, customer_key="vx", zone="UTC", name="Gift", promotional=True
        )
        gift = GrantCredit(
            facts=facts, terms=WalletTerms(), amount=Money(100, "USD"), at=at, on=at.date(), reason="welcome"
        )
        unit.execute(WALLET, facts.wallet_id, gift)
        assert [found.facts for found in usable(unit, party)] == [facts]
        assert usable(unit, replace(party, currency="EUR")) == []
