"""What the API answers about archived events, and what the log does to them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine

from tests.integration.usage.meter_room import END, START, Room, trip
from tests.support.house import Service, running
from tests.support.operating import operate
from tests.support.servers import Servers
from tests.support.waiting import eventually

TENANT = "archivist"
LONG_AFTER = datetime(2014, 1, 20, tzinfo=UTC)  # corrections are over by the tenant's clock, repeats are not
RANGE = {"from": START.isoformat(), "to": END.isoformat()}
DAYS = RANGE | {"subject": "acme", "window": "day"}


@pytest.fixture(scope="module")
def room(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    """A closed January of 2013, seen from January of 2014."""
    with running("usage", servers, tmp_path_factory.mktemp("issuer")) as service:
        service.hear_only_of_its_tenants().hear_of(TENANT)
        room = Room(service, TENANT)
        room.opened("miles", "cars")
        room.metered(*(trip(str(n), at=START + timedelta(hours=n), miles=n, car=f"N{n % 3}") for n in range(6)))
        room.move(END)
        room.move(LONG_AFTER)
        assert room.period("miles")["status"] == "closed"
        yield room


@pytest.fixture(scope="module")
def by_day(room: Room) -> Any:
    """What was answered before anything was archived."""
    return room.client.get("/v1/meters/miles/query", params=DAYS).json()


@pytest.fixture(scope="module")
def archives(room: Room, by_day: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("archives")
    archived(room.service, directory)
    return directory


def archived(service: Service, directory: Path) -> None:
    done = operate("usage", service.urls.owner, "archive", "--before", "2013-02", "--to", str(directory))
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert "2012-12" in done.stdout


def restored(service: Service, directory: Path) -> None:
    done = operate("usage", service.urls.owner, "restore", "--month", "2012-12", "--from", str(directory))
    assert (done.returncode, done.stderr) == (0, ""), done.stdout


@pytest.mark.parametrize(
    ("path", "asked"),
    [
        ("/v1/meters/miles/query", RANGE),
        ("/v1/meters/miles/adoption", RANGE),
        ("/v1/meters/miles/top", RANGE),
        ("{miles}/events", {}),
        ("/v1/events", {"source": "/cars", "id": "1"}),
    ],
)
def test_a_question_about_archived_events_is_answered_with_the_months_that_it_needs(room, archives, path, asked):
    answer = room.client.get(path.format(miles=room.path("miles")), params=asked)
    assert (answer.status_code, answer.json()["title"]) == (409, "archived")
    assert "arrived in 2012-12 are archived" in answer.json()["detail"]


def test_an_archived_period_is_not_counted_again_until_it_is_restored(room, archives):
    before = room.period("miles")
    refused = room.client.post(f"{room.path('miles')}/recount", json={})
    assert (refused.status_code, refused.json()["title"]) == (409, "archived")
    assert room.period("miles") == before
    restored(room.service, archives)
    assert room.client.post(f"{room.path('miles')}/recount", json={}).json()["equal"]
    assert len(room.client.get(f"{room.path('miles')}/events").json()["items"]) == 6
    archived(room.service, archives)


def test_two_that_archive_at_once_do_not_write_over_each_others_files(room, tmp_path):
    owner = create_engine(room.service.urls.owner)
    with owner.connect() as other:
        other.exec_driver_sql("SELECT pg_advisory_lock(hashtextextended('usage_archives', 0))")
        done = operate("usage", room.service.urls.owner, "archive", "--before", "2013-02", "--to", str(tmp_path))
    owner.dispose()
    assert (done.returncode, done.stdout) == (1, "another archive or restore is under way\n")
    assert list(tmp_path.iterdir()) == []


def test_whole_hours_of_archived_months_are_answered_from_what_is_rolled_up(room, by_day, archives):
    assert (by_day["source"], [item["quantity"] for item in by_day["items"]]) == ("rollups", ["15"])
    assert room.client.get("/v1/meters/miles/query", params=DAYS).json() == by_day
    piece = room.client.get("/v1/meters/miles/query", params=DAYS | {"to": "2013-01-01T06:30:00Z"})
    assert (piece.status_code, piece.json()["title"]) == (409, "archived")
    assert "ask for whole hours" in piece.json()["detail"]


def test_a_question_about_other_times_is_answered_as_ever(room, archives):
    later = {"from": END.isoformat(), "to": LONG_AFTER.isoformat()}
    assert room.client.get("/v1/meters/miles/query", params=later).json()["items"] == []


def test_a_correction_of_an_archived_event_is_listed_and_nothing_is_revised(room, archives):
    before = room.period("miles"), room.period("cars")
    about = {"source": "/cars", "id": "2", "reason": "sent by mistake"}
    room.metered(trip("r-2", at=LONG_AFTER) | {"type": "usage.retracted", "data": about})
    assert (room.period("miles"), room.period("cars")) == before
    assert room.told("revised", "miles") == []
    [listed] = [e for e in room.client.get("/v1/events/unmatched").json()["items"] if e["id"] == "r-2"]
    assert listed["reason"] == "archived"
    assert room.completeness()["difference"] == 0


def test_a_period_that_is_opened_over_archived_events_is_parked(room, archives):
    room.told_to_open("trips")
    parked = eventually(lambda: room.arrive() or room.client.get("/v1/parked-messages").json()["items"])
    assert "archived" in parked[0]["reason"]
    assert room.client.get(room.path("trips")).status_code == 404
