"""Workers share the partitions of the log; they come, leave and are killed while events flow: each event counts once,
and no period closes before all that was acknowledged is metered."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any
from uuid import uuid4

import pytest

from tests.integration.usage.meter_room import END, START, Room, trip
from tests.support.house import running
from tests.support.servers import Servers
from tests.support.waiting import eventually
from tests.support.worker_process import WorkerProcesses, worker_processes

SUBJECTS = [f"car-{number}" for number in range(16)]
BATCHES, EVENTS = 60, 50
# After so many batches: who is killed, who leaves, who comes.
HAPPENINGS = {10: "kill", 18: "come", 26: "leave", 34: "come", 42: "kill", 46: "kill", 50: "come"}
PATIENCE_SECONDS = 180

pytestmark = pytest.mark.timeout(600)


@pytest.fixture
def room(servers: Servers, tmp_path: Path) -> Iterator[Room]:
    with running("usage", servers, tmp_path / "issuer") as service:
        room = Room(service.hear_only_of_its_tenants(), uuid4().hex)
        room.define_meters()
        for meter in ("trips", "miles", "cars"):
            room.told_to_open(meter, subjects=SUBJECTS)
        room.arrive()
        service.background.close()
        yield room


def test_three_workers_that_come_leave_and_die_count_each_event_once(room: Room, tmp_path: Path) -> None:
    random = Random(2013)
    sent: list[dict[str, Any]] = []
    seen = 0
    with worker_processes(room.service, tmp_path / "log", 3) as workers:
        for number in range(BATCHES):
            batch = [event(random, f"{number}-{n}") for n in range(EVENTS)]
            repeated = random.sample(sent, min(len(sent), 5))
            assert room.send(*batch, *repeated).status_code == 202
            sent += batch
            if number in HAPPENINGS:
                seen = eventually(lambda seen=seen: more_than(seen, room), seconds=PATIENCE_SECONDS)
                happen(workers, HAPPENINGS[number], random)
        eventually(lambda: moved(room), seconds=PATIENCE_SECONDS)
        eventually(lambda: room.period("cars")["status"] == "closed", seconds=PATIENCE_SECONDS)
        books = eventually(lambda: completeness(room), seconds=PATIENCE_SECONDS)
    assert (books["metered"], books["unmatched"], books["pending"], books["difference"]) == (len(sent), 0, 0, 0)
    data = [each["data"] for each in sent]
    assert room.quantities("trips") == {
        origin: str(count) for origin, count in Counter(each["origin"] for each in data).items()
    }
    assert room.quantities("miles") == {"": str(sum(each["miles"] for each in data))}
    assert room.quantities("cars") == {"": str(len({each["car"] for each in data}))}
    assert {room.period(meter)["revision"] for meter in ("trips", "miles", "cars")} == {0}


def event(random: Random, id_: str) -> dict[str, Any]:
    data = {"origin": random.choice(("JFK", "EWR")), "miles": random.randrange(1000), "car": random.choice("abcdefgh")}
    at = START + timedelta(seconds=random.randrange(int((END - START).total_seconds())))
    return trip(id_, at=at, subject=random.choice(SUBJECTS), **data)


def more_than(seen: int, room: Room) -> int:
    """How much is metered now, if something of what was sent since then is."""
    metered = sum(int(count) for count in room.quantities("trips").values())
    return metered if metered > seen else 0


def happen(workers: WorkerProcesses, what: str, random: Random) -> None:
    match what:
        case "kill":
            workers.kill(random.randrange(len(workers.running)))
        case "leave":
            workers.leave(random.randrange(len(workers.running)))
        case "come":
            workers.come()


def moved(room: Room) -> bool:
    """The clock moves only once all that was told and sent has arrived."""
    return bool(room.client.put("/v1/test-clock", json={"now": END.isoformat()}).status_code == 200)


def completeness(room: Room) -> dict[str, int] | None:
    bounds = {"from": START.isoformat(), "to": END.isoformat()}
    answer = room.client.get("/v1/completeness", params=bounds)
    books: dict[str, int] = answer.json()
    return books if answer.status_code == 200 else None
