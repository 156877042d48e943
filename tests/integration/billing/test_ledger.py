"""The ledger through the API: entries in the transaction of what causes them, balances by day, exports, closed months."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError

from infra.local.tokens import tenant_id
from services.billing.projections.books import ledger
from services.billing.projections.books.books import CHECKS
from shared.rebuild import content
from tests.integration.billing.room import Room
from tests.support.house import Service


@pytest.fixture
def room(billing: Service, tenant: str) -> Room:
    return Room(billing, tenant)


def balances(room: Room, at: str, **wanted: str) -> dict[str, int]:
    told = room.client.get("/v1/ledger/balances", params={"at": at, **wanted}).json()["balances"]
    sums: Counter[str] = Counter()
    for balance in told:
        sums[balance["account"]] += balance["balance_minor"]
    return {account: amount for account, amount in sums.items() if amount}


def entries(room: Room, **wanted: str) -> list[dict[str, Any]]:
    answer = room.client.get("/v1/ledger/entries", params={"limit": "500", **wanted})
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


def test_an_invoice_is_in_the_books_with_its_lines_from_the_day_of_its_issue(room: Room) -> None:
    room.live_until("2031-01-10")
    [invoice] = room.invoices()
    assert balances(room, "2030-12-31") == {}
    assert balances(room, "2031-01-01") == {
        "receivables": 163313,
        "tax_payable": -13313,
        "deferred_revenue": -150000 + 4839,  # a day of 31
        "revenue": -4839,
    }
    assert balances(room, "2031-01-31")["revenue"] == -150000
    [first, second] = entries(room, invoice_id=invoice["invoice_id"])
    assert (first["kind"], first["document"], first["event"]) == ("invoice", "INV-000001", "invoice_issued")
    assert (second["kind"], second["booked_on"]) == ("recognition", "2031-01-31")
    assert [(p["account"], p["line"], p["debit_minor"], p["credit_minor"]) for p in first["postings"]] == [
        ("receivables", None, 163313, 0),
        ("deferred_revenue", 1, 0, 150000),
        ("tax_payable", None, 0, 13313),
    ]


def test_entries_are_found_by_what_they_are_about(room: Room) -> None:
    room.live_until("2031-01-10")
    room.pay(room.one(number="INV-000001"))
    kinds = {"invoice", "recognition", "payment", "application"}
    assert {e["kind"] for e in entries(room)} == {e["kind"] for e in entries(room, customer="F9")} == kinds
    assert [e["kind"] for e in entries(room, account="cash")] == ["payment"]
    assert [e["kind"] for e in entries(room, period="2031-01", account="revenue")] == ["recognition"]
    assert entries(room, customer="nobody") == entries(room, period="2031-02") == entries(room, currency="EUR") == []
    pages = room.client.get("/v1/ledger/entries", params={"limit": 2}).json()
    rest = room.client.get("/v1/ledger/entries", params={"limit": 2, "cursor": pages["next_cursor"]}).json()
    assert [*pages["items"], *rest["items"]] == entries(room) and rest["next_cursor"] is None


def test_what_was_not_known_yet_is_left_out_of_a_balance(room: Room) -> None:
    room.live_until("2031-01-10")
    room.pay(room.one(number="INV-000001"))
    assert balances(room, "2031-01-31", known_at="2031-01-05T00:00:00Z")["receivables"] == 163313
    assert "receivables" not in balances(room, "2031-01-31")
    assert balances(room, "2031-01-31", currency="EUR") == {}


def test_the_journal_is_exported_page_by_page_and_no_cell_is_a_formula(billing: Service, tenant: str) -> None:
    room = Room(billing, tenant, None)
    room.live_until("2031-01-10")
    lines, cursor = [], None
    while True:
        page = {"limit": 2, "period": "2031-01"} | ({"cursor": cursor} if cursor else {})
        answer = room.client.get("/v1/ledger/journal.jsonl", params=page)
        lines += [json.loads(line) for line in answer.text.splitlines()]
        if not (cursor := answer.headers.get("Next-Cursor")):
            break
    told = room.client.get("/v1/ledger/journal.csv", params={"period": "2031-01"})
    assert told.headers["content-type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(io.StringIO(told.text)))
    assert [{name: "" if value is None else str(value) for name, value in line.items()} for line in lines] == [
        row | {"recorded_at": line["recorded_at"]} for row, line in zip(rows, lines, strict=True)
    ]
    assert sum(int(row["debit_minor"]) for row in rows) == sum(int(row["credit_minor"]) for row in rows) == 313313


def test_the_database_refuses_an_entry_of_which_the_sides_differ(room: Room) -> None:
    room.live_until("2031-01-10")
    one_more = """
    INSERT INTO ledger_postings SELECT (p).* FROM (
      SELECT jsonb_populate_record(NULL::ledger_postings, to_jsonb(l) || '{"place": "9999", "number": 9}') AS p
      FROM ledger_postings l WHERE tenant_id = %(tenant)s LIMIT 1) AS one"""
    changed = "UPDATE ledger_postings SET amount_minor = amount_minor + 1 WHERE tenant_id = %(tenant)s AND number = 1"
    for statement in (one_more, changed):
        with room.engine.connect() as tx, pytest.raises(IntegrityError, match="debits and credits"):
            tx.exec_driver_sql(statement, {"tenant": room.tenant_id})


def test_a_closed_month_takes_no_posting_and_what_belongs_there_is_booked_in_the_next(room: Room) -> None:
    room.live_until("2031-02-10")
    january = room.client.get("/v1/ledger/journal.csv", params={"period": "2031-01"}).text
    closed = room.client.post("/v1/accounting-periods/2031-01/close")
    assert (closed.status_code, closed.json()["open_from"]) == (200, "2031-02-01"), closed.text
    late = {"invoice": "INV-000001", "amount_minor": 100, "currency": "USD", "received_at": "2031-01-20T12:00:00Z"}
    assert room.client.post("/v1/payments", json=late).status_code == 201
    [payment] = [e for e in entries(room) if e["kind"] == "payment"]
    assert (payment["booked_on"], payment["effective_on"]) == ("2031-02-01", "2031-01-20")
    assert room.client.get("/v1/ledger/journal.csv", params={"period": "2031-01"}).text == january
    assert {name for name, count in CHECKS.items() if _count(room, count)} == set()


def test_a_month_is_closed_once_it_is_over_and_with_those_before_it(room: Room) -> None:
    room.live_until("2031-02-10")
    early = room.client.post("/v1/accounting-periods/2031-02/close")
    assert (early.status_code, early.json()["type"].rpartition("/")[2]) == (409, "period_not_over")
    assert room.client.post("/v1/accounting-periods/2031-01/close").json()["closed_by"] == "rita"
    assert room.client.post("/v1/accounting-periods/2030-12/close").json()["month"] == "2031-01"
    [closing] = room.client.get("/v1/accounting-periods").json()["items"]
    assert closing["month"] == "2031-01"
    assert room.client.post("/v1/accounting-periods/2031-13/close").status_code == 422


def test_the_log_in_pieces_makes_the_same_books(room: Room) -> None:
    """An event whose draft is long past is told with what happened before it."""
    room.live_until("2031-02-10")
    room.pay(room.one(number="INV-000001"))
    path = f"/v1/invoices/{room.one(number='INV-000001')['invoice_id']}/credit-notes"
    assert room.client.post(path, json={"reason": "goodwill"}).is_success
    assert room.client.post("/v1/accounting-periods/2031-01/close").is_success
    tables = ("ledger_postings", "recognitions", "accounting_periods")
    with room.engine.connect() as tx:
        live = [content(tx, table)[room.tenant_id] for table in tables]
        for table in tables:
            tx.exec_driver_sql(f"DELETE FROM {table} WHERE tenant_id = %(tenant)s", {"tenant": room.tenant_id})
        for batch in room.inbox.store.everything(tx, tenant_id=room.tenant_id, size=1):
            ledger.project(tx, batch)
        assert [content(tx, table)[room.tenant_id] for table in tables] == live


def _count(room: Room, check: Any) -> int:
    with room.engine.connect() as tx:
        counted: int = check(tx)
    return counted


def test_another_tenant_sees_none_of_it(room: Room, billing: Service) -> None:
    room.live_until("2031-01-10")
    stranger = billing.client(f"not-{room.tenant}")
    assert tenant_id(f"not-{room.tenant}") != room.tenant_id
    assert stranger.get("/v1/ledger/entries").json()["items"] == []
    assert stranger.get("/v1/ledger/journal.jsonl").text == ""
    assert len(stranger.get("/v1/ledger/journal.csv").text.splitlines()) == 1
    for path, name in {
        "/v1/ledger/balances?at=2031-12-31": "balances",
        "/v1/reconciliation?period=2031-01": "sums",
        "/v1/revenue/mapping?period=2031-01": "classes",
        "/v1/revenue/recurring?from=2031-01-01&to=2031-12-31": "currencies",
        "/v1/receivables/aged?at=2031-12-31": "items",
    }.items():
        assert stranger.get(path).json()[name] == [] != room.client.get(path).json()[name], path
    assert stranger.post("/v1/ledger/verify", json={}).json()["events"] == 0
    assert stranger.get("/v1/accounting-periods").json()["items"] == []
