"""A bill and the closing of its usage may come at the same instant, in either order: the invoice is drafted once."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest

from infra.local.tokens import tenant_id
from services.billing.messaging.timers import TIMERS
from shared.causes import Cause
from shared.contracts.usage import GroupTotal, UsagePeriodClosedV1, UsagePeriodRevisedV1
from shared.inbox import Inbox
from shared.messages import Contract, Message, body
from shared.timers import Timer
from shared.unit_of_work import Session, UnitOfWork
from tests.integration.billing.shop import Shop
from tests.support.house import Service, settle
from tests.support.waiting import eventually

FEBRUARY = datetime(2031, 2, 1, 5, tzinfo=UTC)


class Room:
    """A shop with one subscription; the test says when its bill is due and its usage closed."""

    def __init__(self, billing: Service, tenant: str):
        self.billing, self.tenant_id = billing, tenant_id(tenant)
        shop = Shop(billing, tenant)
        shop.rita.put("/v1/test-clock", json={"now": "2030-12-01T05:00:00Z"})
        shop.open()
        shop.accept(shop.send(shop.draft()["quote_id"])["acceptance_token"])
        settle([billing])
        self.client = shop.rita
        (subscription,) = self.client.get("/v1/subscriptions").json()["items"]
        self.subscription_id = UUID(subscription["subscription_id"].removeprefix("sub_"))
        (period,) = self.client.get(f"/v1/subscriptions/{subscription['subscription_id']}/usage-periods").json()[
            "items"
        ]
        self.period_id = UUID(period["period_id"].removeprefix("per_"))
        self.engine = billing.background.relay.engine
        self.inbox: Inbox = billing.background.parking.inbox

    def request_bill(self, tx: Any) -> None:
        cause = Cause(self.tenant_id, FEBRUARY, FEBRUARY, {"principal": "clock"})
        session = Session(tx, self.inbox.store)
        timer = Timer(tenant_id=self.tenant_id, name="bill", subject=self.subscription_id, fire_at=FEBRUARY, stage=2)
        unit = UnitOfWork(session, cause)
        unit.carry_out(TIMERS["bill"](timer, unit))
        session.flush()

    def close_usage(self) -> None:
        totals = [GroupTotal(group="JFK", quantity=Decimal(400), count=400, digest="00")]
        self._tell(
            UsagePeriodClosedV1(**self._period(totals), starts_at=FEBRUARY, ends_at=FEBRUARY, learned_at=FEBRUARY),
            sequence=1,
        )

    def revise_usage(self, quantity: int) -> None:
        totals = [GroupTotal(group="JFK", quantity=Decimal(quantity), count=quantity, digest="01")]
        message = UsagePeriodRevisedV1(
            **self._period(totals), revision=1, before=[], cause="late_events", event_ids=["/gates x"]
        )
        self._tell(message, sequence=2)

    def _period(self, totals: list[GroupTotal]) -> dict[str, Any]:
        return {
            "period_id": self.period_id,
            "subscription_id": self.subscription_id,
            "charge": "departures",
            "meter": "departures",
            "meter_version": 1,
            "totals": totals,
        }

    def _tell(self, contract: Contract, sequence: int) -> None:
        message = Message(
            id=uuid4(),
            source="/usage/usage_period",
            type=contract.TYPE,
            subject=self.period_id,
            time=FEBRUARY,
            tenantid=self.tenant_id,
            sequence=sequence,
            correlationid="test",
            data=body(contract),
        )
        self.inbox.receive([message])

    def invoices(self) -> list[dict[str, Any]]:
        invoices: list[dict[str, Any]] = self.client.get("/v1/invoices").json()["items"]
        return invoices

    def somebody_waits(self) -> bool:
        with self.engine.connect() as tx:
            waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
            return bool(tx.exec_driver_sql(waiting).scalar_one())


@pytest.fixture
def room(billing: Service, tenant: str) -> Room:
    return Room(billing, tenant)


def test_usage_that_closes_while_the_bill_is_requested_completes_it(room: Room) -> None:
    closing = threading.Thread(target=room.close_usage)
    with room.engine.begin() as tx:
        room.request_bill(tx)
        closing.start()
        eventually(room.somebody_waits)
    closing.join()
    (invoice,) = room.invoices()
    assert [line["charge"] for line in invoice["lines"]] == ["platform_fee", "platform_fee", "departures"]


def test_usage_that_closed_before_is_on_the_bill(room: Room) -> None:
    room.close_usage()
    with room.engine.begin() as tx:
        room.request_bill(tx)
    assert len(room.invoices()) == 1


def test_a_late_revision_of_an_issued_invoice_is_an_open_correction(room: Room) -> None:
    room.close_usage()
    with room.engine.begin() as tx:
        room.request_bill(tx)
    room.revise_usage(500)
    (invoice,) = room.invoices()
    (correction,) = room.client.get("/v1/corrections").json()["items"]
    assert (correction["invoice"], correction["charge"]) == (invoice["number"], "departures")
    assert room.client.post(f"/v1/invoices/{invoice['invoice_id']}/verify").json()["equal"]
