"""From a meter to a closed period: over HTTP, the topics and the tenant's clock."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest

from services.usage.projections import meters, usage_periods
from services.usage.tables import metadata
from shared.contracts.usage import UsagePeriodClosedV1, UsagePeriodRevisedV1
from tests.integration.usage.meter_room import END, METERS, START, Room, trip
from tests.support.house import Service
from tests.support.published import published
from tests.support.rebuilding import live_and_rebuilt

hour = timedelta(hours=1)


@pytest.fixture
def room(usage: Service, tenant: str) -> Room:
    return Room(usage, tenant)


def test_a_period_opened_by_a_message_is_metered_and_closed_by_the_clock(room):
    room.opened("trips", "miles", "cars")
    room.metered(
        *(
            trip(f"a{n}", at=START + n * hour, origin="JFK" if n % 2 else "LGA", miles=10, car=f"N{n % 3}")
            for n in range(6)
        ),
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


def test_a_period_without_events_closes_with_nothing(room):
    room.opened("trips")
    room.move(END)
    (message,) = room.told("closed", "trips")
    assert message.read(UsagePeriodClosedV1).totals == []
    assert (room.period("trips")["count"], room.period("trips")["digest"]) == (0, "0" * 32)


def test_time_for_collecting_is_waited_for(room):
    room.define_meters()
    room.told_to_open("miles", collect_seconds=3600)
    room.move(END)
    assert room.period("miles")["status"] == "open"
    room.metered(trip("1", at=END - hour, miles=3))
    room.move(END + hour)
    (message,) = room.told("closed", "miles")
    assert message.time == END + hour
    assert [total.quantity for total in message.read(UsagePeriodClosedV1).totals] == [3]


def test_a_period_does_not_close_before_all_that_was_acknowledged_is_metered(room):
    room.opened("miles")
    loops = {loop.name: loop.step for loop in room.service.background.loops()}
    assert room.send(trip("1", miles=4)).status_code == 202
    with room.service.working():
        assert room.client.put("/v1/test-clock", json={"now": END.isoformat()}).status_code == 200
    assert loops["closing"]() == 0
    assert room.period("miles")["status"] == "open"
    room.arrive()
    assert (room.period("miles")["status"], room.quantities("miles")) == ("closed", {"": "4"})


def test_what_comes_too_late_revises_a_closed_period(room):
    room.opened("miles")
    room.metered(trip("1", miles=4))
    room.move(END)
    room.metered(trip("2", at=END - hour, miles="2.5"), trip("3", at=END, miles=9))
    (message,) = room.told("revised", "miles")
    body = message.read(UsagePeriodRevisedV1)
    assert (body.revision, body.cause, body.event_ids) == (1, "late_events", ["/cars#2"])
    assert [t.quantity for t in body.before] == [4]
    assert [str(t.quantity) for t in body.totals] == ["6.5"]
    period = room.period("miles")
    assert (period["status"], period["revision"], room.quantities("miles")) == ("closed", 1, {"": "6.5"})


def test_a_revision_takes_effect_when_its_event_was_accepted_however_late_that_is_metered(room):
    room.opened("miles")
    room.metered(trip("1", miles=4))
    room.move(END)
    assert room.send(trip("2", at=END - hour, miles=1)).status_code == 202
    with room.service.working():
        assert room.client.put("/v1/test-clock", json={"now": (END + hour).isoformat()}).status_code == 200
    room.arrive()
    (message,) = room.told("revised", "miles")
    assert message.time == END


def test_events_that_came_before_their_period_are_in_it(room):
    room.define_meters()
    room.metered(trip("1", miles=4))
    assert room.completeness()["unmatched"] == 1
    room.told_to_open("miles")
    room.arrive()
    assert room.quantities("miles") == {"": "4"}
    books = room.completeness()
    assert (books["metered"], books["unmatched"], books["difference"]) == (1, 0, 0)


def test_a_period_waits_for_its_meter(room):
    room.told_to_open("miles")
    room.arrive()
    assert room.client.get(room.path("miles")).status_code == 404
    room.define_meters()
    room.wait_until(lambda: room.client.get(room.path("miles")).status_code == 200)


def test_opening_and_closing_twice_change_nothing(room):
    room.opened("miles")
    room.move(END)
    room.news.repeat_everything()
    room.arrive()
    assert len(room.told("closed", "miles")) == 1
    assert room.told("revised", "miles") == []


def test_running_totals_are_told_at_most_once_in_ten_seconds(room):
    room.opened("miles")
    for n in range(4):
        room.metered(trip(str(n), miles=1))
    assert len(room.told("advanced", "miles")) == 1


def test_a_meter_is_told_with_its_versions(room):
    room.define_meters()
    room.arrive()
    changed = room.client.put("/v1/meters/miles", json=METERS["miles"] | {"unit": "nautical mile"})
    assert changed.json()["version"] == 2
    room.arrive()
    told = published(room.service, "usage.meters", room.tenant)
    assert [(m.sequence, m.type) for m in told if str(m.subject) == _uuid(changed.json()["meter_id"])] == [
        (1, "usage.meter_defined.v1"),
        (2, "usage.meter_defined.v1"),
    ]


def test_meters_and_periods_can_be_built_again_from_the_log(room):
    room.opened("trips", "miles")
    room.metered(trip("1", miles=4))
    room.move(END)
    room.metered(trip("2", at=END - hour, miles=1))
    tables = ["usage_meters", "usage_periods", "usage_period_subjects"]
    live, rebuilt = live_and_rebuilt(
        room.service, metadata, tables, [meters.project, usage_periods.project], room.tenant
    )
    assert live == rebuilt
    assert all(live.values())


def test_a_period_of_another_tenant_is_not_found(room):
    room.opened("miles")
    other = room.service.client(f"other-{uuid4().hex}")
    for path in (room.path("miles"), f"{room.path('miles')}/events"):
        assert other.get(path).status_code == 404
    assert other.post(f"{room.path('miles')}/recount", json={}).status_code == 404
    assert other.get("/v1/periods").json()["items"] == []


def _uuid(shown: str) -> str:
    text = shown.partition("_")[2]
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
