"""A bill and the closing of its usage may come at the same instant, in either order: the invoice is drafted once."""

from __future__ import annotations

import threading

import pytest

from tests.integration.billing.room import Room
from tests.support.house import Service
from tests.support.waiting import eventually


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
