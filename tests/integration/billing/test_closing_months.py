"""Who closes a month waits for who writes in it, and who comes later is booked after it; a rebuild books all the same."""

from __future__ import annotations

from datetime import datetime
from threading import Thread
from typing import Any
from uuid import uuid4

import pytest

from services.billing.domain.accounting_period import ACCOUNTING_PERIODS, ClosePeriod
from services.billing.domain.invoice import INVOICE
from services.billing.domain.invoice.commands import RecordPayment
from services.billing.store import READ_MODELS, create_store
from shared.causes import Cause
from shared.money import Money
from shared.rebuild import rebuild
from shared.unit_of_work import Session, UnitOfWork
from tests.integration.billing.room import FEBRUARY, Room
from tests.support.house import Service
from tests.support.waiting import eventually

JANUARY_20 = datetime.fromisoformat("2031-01-20T12:00:00+00:00")


@pytest.fixture
def room(billing: Service, tenant: str) -> Room:
    room = Room(billing, tenant)
    room.live_until("2031-02-10")
    return room


def pay(room: Room, tx: Any) -> None:
    """In January, as it is heard of now."""
    invoice_id = room.uuid(room.one(number="INV-000001")["invoice_id"])
    amount = Money(100, "USD")
    command = RecordPayment(payment_id=uuid4(), amount=amount, reference="", received_at=JANUARY_20)
    _execute(room, tx, INVOICE, invoice_id, command)


def close(room: Room, tx: Any) -> None:
    command = ClosePeriod(month=JANUARY_20.date().replace(day=1), today=FEBRUARY.date(), closed_at=FEBRUARY)
    _execute(room, tx, ACCOUNTING_PERIODS, room.tenant_id, command)


def _execute(room: Room, tx: Any, decider: Any, stream_id: Any, command: Any) -> None:
    session = Session(tx, room.inbox.store)
    cause = Cause(room.tenant_id, FEBRUARY, FEBRUARY, {"principal": "rita"})
    UnitOfWork(session, cause).execute(decider, stream_id, command)
    session.flush()


def at_once(room: Room, first: Any, second: Any) -> None:
    """The second one begins while the first is not committed, and has to wait for it."""

    def follow() -> None:
        with room.engine.begin() as tx:
            second(room, tx)

    with room.engine.begin() as tx:
        first(room, tx)
        following = Thread(target=follow)
        following.start()
        eventually(room.somebody_waits)
    following.join(20)
    assert not following.is_alive()


def booked_on(room: Room) -> str:
    [entry] = room.client.get("/v1/ledger/entries", params={"account": "cash"}).json()["items"]
    day: str = entry["booked_on"]
    return day


def differing(room: Room) -> list[str]:
    compared = rebuild(room.engine, create_store(), READ_MODELS, keep=False)
    return [c.table for c in compared if room.tenant_id in c.different_tenants]


def test_who_wrote_first_is_in_the_month_that_is_closed_then(room: Room) -> None:
    at_once(room, pay, close)
    assert booked_on(room) == "2031-01-20"
    assert differing(room) == []


def test_who_writes_while_a_month_is_being_closed_is_booked_after_it(room: Room) -> None:
    at_once(room, close, pay)
    assert booked_on(room) == "2031-02-01"
    assert differing(room) == []
