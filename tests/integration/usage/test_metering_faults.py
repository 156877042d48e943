"""Whoever meters dies at any step, is paused for long, or has a database that takes nothing: each event counts once."""

from __future__ import annotations

import signal
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import msgspec
import pytest
from sqlalchemy import Connection, Engine, create_engine, make_url

from services.usage.domain.cloud_event import Arrivals, CloudEvent
from services.usage.messaging.ingest_consumer import Metering
from services.usage.messaging.ingest_record import pack
from services.usage.store import create_store
from shared.clock import real_now
from tests.integration.usage.meter_room import END, START, Room, trip
from tests.support.house import Service
from tests.support.mortal import deaths_of
from tests.support.waiting import eventually
from tests.support.worker_process import worker_processes

KEPT = "SELECT next_offset FROM consumer_offsets WHERE cluster_id = 'test' AND topic = %(topic)s"


@pytest.fixture
def room(usage: Service, tenant: str) -> Room:
    return Room(usage, tenant)


@dataclass(frozen=True)
class Kept:
    """A record of a log that nobody else reads."""

    value: bytes
    offset: int
    topic: str = "usage.events"
    partition: int = 0


def records(room: Room, *batches: Sequence[str]) -> list[Any]:
    """Of batches of ids, each event a mile."""
    arrivals = [
        Arrivals(
            tenant_id=room.tenant_id,
            batch_id=uuid4(),
            received_at=END,
            events=[CloudEvent(i, "/cars", "trip.ended", "acme", START, msgspec.Raw(b'{"miles":1}')) for i in ids],
        )
        for ids in batches
    ]
    return [Kept(record.value, n) for n, each in enumerate(arrivals) for record in pack(each, 1)]


def metering(engine: Engine) -> Metering:
    return Metering(engine, create_store(), real_now, lambda _: None)


@pytest.mark.parametrize("is_closed", [False, True])
def test_a_worker_that_dies_at_any_step_of_a_batch_leaves_all_of_it_or_nothing(room: Room, is_closed: bool) -> None:
    room.opened("miles")
    if is_closed:
        room.move(END)
        room.wait_until(lambda: room.period("miles")["status"] == "closed")
    healthy = metering(room.service.background.relay.engine)
    tried: list[list[Any]] = []
    topic = uuid4().hex

    def meter(engine: Engine) -> None:
        number = len(tried)
        tried.append(records(room, [f"{number}-1", f"{number}-2"], [f"{number}-2", f"{number}-3"]))
        metering(engine).apply(tried[-1], lambda tx: save(tx, topic, number + 1))

    def come_again() -> None:
        """Whoever comes next begins behind the offsets that are stored."""
        stored, number = offsets(healthy.engine, topic), len(tried)
        counted = int(room.quantities("miles").get("", "0"))
        assert (stored, counted) in {(number, 3 * number), (number - 1, 3 * (number - 1))}
        if stored < number:
            healthy.apply(tried[-1], lambda tx: save(tx, topic, number))
        assert room.quantities("miles") == {"": str(3 * number)}

    died = deaths_of(room.service.urls.worker, meter, come_again)
    assert died > 5
    come_again()
    books = room.completeness()
    assert (books["metered"], books["repeated"], books["difference"]) == (3 * (died + 1), died + 1, 0)
    assert room.period("miles")["revision"] == (died + 1 if is_closed else 0)
    assert room.client.post(f"{room.path('miles')}/recount", json={}).json()["equal"] is True


def save(tx: Connection, topic: str, next_offset: int) -> None:
    stored = (
        "INSERT INTO consumer_offsets (cluster_id, topic, partition, next_offset) VALUES ('test', %(t)s, 0, %(n)s) "
    )
    again = "ON CONFLICT (cluster_id, topic, partition) DO UPDATE SET next_offset = excluded.next_offset"
    tx.exec_driver_sql(stored + again, {"t": topic, "n": next_offset})


def offsets(engine: Engine, topic: str) -> int:
    with engine.connect() as tx:
        return int(tx.exec_driver_sql(KEPT, {"topic": topic}).scalar() or 0)


@dataclass
class Stream:
    """Events that come one by one, each beside the repeat of an earlier one, and count once."""

    room: Room
    sent: int = 0

    def send(self, events: int) -> None:
        for _ in range(events):
            self.sent += 1
            repeated = trip(str(self.sent // 2), miles=1)
            assert self.room.send(trip(str(self.sent), miles=1), repeated).status_code == 202

    def counts_once(self, *, seconds: float = 120) -> None:
        """Number 0 is repeated as well, and was sent first by that."""
        eventually(lambda: self.room.quantities("miles") == {"": str(self.sent + 1)}, seconds=seconds)


def test_a_worker_that_was_paused_while_another_took_its_partitions_counts_nothing_twice(
    room: Room, tmp_path: Path
) -> None:
    room.opened("miles")
    room.service.background.close()
    stream = Stream(room)
    with worker_processes(room.service, tmp_path / "log", 2) as workers:
        stream.send(20)
        stream.counts_once()
        for paused in list(workers.running):
            stream.send(20)
            paused.send_signal(signal.SIGSTOP)  # perhaps in the middle of a transaction
            stream.send(20)
            stream.counts_once()
            paused.send_signal(signal.SIGCONT)
            stream.send(20)
            stream.counts_once()
        books = eventually(lambda: answered(room))
    assert (books["metered"], books["pending"], books["difference"]) == (stream.sent + 1, 0, 0)


def test_a_worker_whose_connections_end_again_and_again_goes_on_by_itself(room: Room, tmp_path: Path) -> None:
    room.opened("miles")
    room.service.background.close()
    stream, administrator = Stream(room), create_engine(room.service.servers.admin_url)
    ending = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %(name)s AND usename = %(role)s"
    worker = make_url(room.service.urls.worker)
    with worker_processes(room.service, tmp_path / "log", 1):
        stream.send(20)
        stream.counts_once()
        for _ in range(20):  # as at a restart of PostgreSQL
            stream.send(5)
            with administrator.connect() as tx:
                tx.exec_driver_sql(ending, {"name": worker.database, "role": worker.username})
        stream.counts_once()
        books = eventually(lambda: answered(room))
    administrator.dispose()
    assert (books["metered"], books["rejected"], books["difference"]) == (stream.sent + 1, 0, 0)


def answered(room: Room) -> dict[str, int] | None:
    answer = room.client.get("/v1/completeness", params={"from": START.isoformat(), "to": END.isoformat()})
    books: dict[str, int] = answer.json()
    return books if answer.status_code == 200 and not books["pending"] else None


FULL = """
CREATE FUNCTION no_space() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE 'could not extend file "base/1": No space left on device' USING ERRCODE = 'disk_full'; END $$;
CREATE TRIGGER full_disk BEFORE INSERT ON {table} FOR EACH STATEMENT EXECUTE FUNCTION no_space()"""


@pytest.mark.parametrize("table", ["usage_event_keys", "usage_totals", "consumer_offsets"])
def test_a_worker_whose_database_is_full_says_so_loses_nothing_and_goes_on_by_itself(
    room: Room, tmp_path: Path, table: str
) -> None:
    room.opened("miles")
    room.service.background.close()
    url = make_url(room.service.servers.admin_url).set(database=make_url(room.service.urls.owner).database)
    owner, log = create_engine(url), tmp_path / "log"
    with worker_processes(room.service, log, 1):
        assert room.send(trip("1", miles=1)).status_code == 202
        eventually(lambda: room.quantities("miles") == {"": "1"})
        with owner.begin() as tx:
            tx.exec_driver_sql(FULL.format(table=table))
        try:
            assert room.send(trip("1", miles=1), *(trip(str(n), miles=1) for n in range(2, 50))).status_code == 202
            eventually(lambda: log.read_text().count("No space left on device") > 1)
            assert room.quantities("miles") == {"": "1"}
        finally:
            with owner.begin() as tx:
                tx.exec_driver_sql("DROP FUNCTION no_space CASCADE")
        eventually(lambda: room.quantities("miles") == {"": "49"})
        books = eventually(lambda: answered(room))
    owner.dispose()
    assert (books["metered"], books["repeated"], books["rejected"], books["difference"]) == (49, 1, 0, 0)
