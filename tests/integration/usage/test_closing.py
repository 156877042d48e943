"""From a meter to a closed period: over HTTP, the topics and the tenant's clock."""

from __future__ import annotations

from datetime import timedelta

import pytest

from shared.contracts.usage import UsagePeriodClosedV1
from tests.integration.usage.meter_room import END, START, Room, trip
from tests.support.house import Service

hour = timedelta(hours=1)


@pytest.fixture
def room(usage: Service, tenant: str) -> Room:
    return Room(usage, tenant)


def test_a_period_opened_by_a_message_is_metered_and_closed_by_the_clock(room):
    room.opened("trips", "miles", "cars")
    room.metered(
        *(trip(f"a{n}", at=START + n * hour, origin="JFK" if n % 2 else "LGA", miles=10, car=f"N{n % 3}") for n in range(6)),
        trip("end", at=END, origin="JFK", miles=10, car="N9"),
    )
    assert room.quantities("trips") == {"JFK": "3", "LGA": "3"}
    assert (room.quantities("miles"), room.quantities("cars")) == ({"": "60"}, {"": "3"})
    assert room.period("miles")["status"] == "open"
    room.move(END)
    closed = room.period("miles")
    assert (closed["status"], closed["count"], closed["revision"]) == ("closed", 6, 0)
    (message,) = room.told("closed", "miles")
    body = message.read(UsagePeriodClosedV1)
    assert message.time == END == body.learned_at
    assert [(t.quantity, t.count, t.digest) for t in body.totals] == [(60, 6, closed["digest"])]
