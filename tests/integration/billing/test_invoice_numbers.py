"""Numbers of a series have no gap; what takes none leaves no trace; two invoices at once wait for each other."""

from __future__ import annotations

import threading
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace

import pytest
from sqlalchemy import Connection

from infra.local.tokens import tenant_id
from services.billing.domain.invoice import INVOICE
from services.billing.domain.invoice.commands import Number
from services.billing.domain.invoice.events import InvoiceIssued
from services.billing.projections.invoices.invoice_numbers import next_number
from services.billing.store import READ_MODELS, create_store
from shared.causes import Cause
from shared.clock import real_now
from shared.rebuild import rebuild
from shared.unit_of_work import Session, UnitOfWork
from tests.integration.stocked import STOCK
from tests.support.house import Service
from tests.support.waiting import eventually

TENANT = "numbers-are-given"


@pytest.fixture(scope="module")
def invoice(billing: Service) -> str:
    return STOCK["billing"](billing, TENANT)["invoice"]


def asked(billing: Service, taken: threading.Event, leave: threading.Event) -> Number:
    with billing.background.relay.engine.begin() as tx:
        number = next_number(unit_of(tx), "Here Ltd", "NEW")
        taken.set()
        assert leave.wait(30)
        return number


def unit_of(tx: Connection) -> UnitOfWork:
    now = real_now()
    return UnitOfWork(Session(tx, create_store()), Cause(tenant_id(TENANT), now, now, {"principal": "test"}))


def test_an_issue_without_effect_leaves_no_counter_behind(billing: Service, invoice: str) -> None:
    client = billing.client(TENANT, subject="rita")
    settings = client.get("/v1/settings").json()
    changed = settings | {"invoice_series": "OTHER"}
    changed.pop("version")
    assert client.put("/v1/settings", json=changed).status_code == 200
    [issued] = client.get("/v1/invoices", params={"number": invoice}).json()["items"]
    again = client.post(f"/v1/invoices/{issued['invoice_id']}/issue")
    assert (again.status_code, again.json()["number"]) == (200, invoice)
    compared = rebuild(billing.background.relay.engine, create_store(), READ_MODELS, keep=False)
    assert [c.table for c in compared if tenant_id(TENANT) in c.different_tenants] == []


def test_the_first_numbers_of_a_series_wait_for_each_other(billing: Service, invoice: str) -> None:
    leave, taken = threading.Event(), (threading.Event(), threading.Event())
    with ThreadPoolExecutor(2) as pool:
        first: Future[Number] = pool.submit(asked, billing, taken[0], leave)
        assert taken[0].wait(30)
        second = pool.submit(asked, billing, taken[1], leave)
        eventually(lambda: waiting_for_a_lock(billing))
        assert not taken[1].is_set()
        leave.set()
        assert (first.result(30).sequence, second.result(30).sequence) == (1, 1)  # the first one took none after all


def test_numbers_that_were_used_and_are_not_written_are_counted(billing: Service, invoice: str) -> None:
    with billing.background.relay.engine.connect() as tx:
        unit = unit_of(tx)
        [(id_,)] = tx.exec_driver_sql(
            "SELECT invoice_id FROM invoices WHERE tenant_id = %(tenant)s AND number = %(number)s",
            {"tenant": unit.tenant_id, "number": invoice},
        )
        issued = next(e for e in unit.history(INVOICE, id_) if isinstance(e.event, InvoiceIssued))
        for n in (1, 2, 3):
            assert next_number(unit, "Here Ltd", "UNWRITTEN").sequence == n
            used = replace(issued.event, legal_entity="Here Ltd", series="UNWRITTEN", sequence=n)
            unit.session.pending.append(replace(issued, event=used))
        unit.session.pending = [*unit.session.pending]
        assert next_number(unit, "Here Ltd", "UNWRITTEN").sequence == 4


def waiting_for_a_lock(billing: Service) -> bool:
    statement = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
    with billing.background.relay.engine.connect() as tx:
        return bool(tx.exec_driver_sql(statement).scalar_one())
