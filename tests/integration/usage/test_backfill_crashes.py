"""Whoever works on a backfill dies before each thing that it asks of the database; somebody else goes on where it was."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import datetime
from hashlib import sha256
from uuid import UUID

import pytest
from sqlalchemy import Engine

from services.usage.domain.backfill import Limits
from services.usage.domain.cloud_event import Window
from services.usage.files.formats import FORMATS
from services.usage.files.loading import Content, Loading
from services.usage.messaging.backfilling import Backfilling
from services.usage.metering.backfill_loads import CHUNKS, BackfillKey, LoadInFlight
from services.usage.store import create_store
from shared.clock import real_now
from tests.integration.usage.backfill_desk import LINES, Desk, as_lines
from tests.integration.usage.meter_room import END, Room, trip
from tests.support.house import Service
from tests.support.mortal import deaths_of
from tests.support.waiting import eventually

ROWS = 7
FAULTS = ["/specversion", "/source", "/type", "/subject"]


@pytest.fixture
def room(usage: Service, tenant: str) -> Room:
    return Room(usage, tenant)


def loading(engine: Engine, desk: Desk) -> Loading:
    key = BackfillKey(desk.room.tenant_id, UUID(desk.state()["backfill_id"].removeprefix("bat_")))
    return Loading(engine, key, Window.at(END, test_clock=True), Limits(), FORMATS[LINES], real_now, chunk_rows=2)


def content(*events: dict[str, object]) -> Content:
    text = as_lines(events)
    return Content(io.BytesIO(text), sha256(text).hexdigest(), len(text))


def some_rows() -> list[dict[str, object]]:
    """The fourth one is wrong."""
    return [trip(str(number), miles="1") if number != 4 else {"id": "4"} for number in range(1, ROWS + 1)]


def staged(engine: Engine, key: BackfillKey) -> list[str]:
    """What is in the chunks, by the events' ids and the wrong rows' lines."""
    with engine.connect() as tx:
        rows = tx.exec_driver_sql(
            "SELECT content FROM backfill_chunks WHERE backfill_id = %(id)s ORDER BY number", {"id": key.backfill_id}
        )
        chunks = [CHUNKS.decode(row.content) for row in rows]
    return sorted(
        [event.id for chunk in chunks for event in chunk.events]
        + [str(wrong.index) for chunk in chunks for wrong in chunk.rejected]
    )


def test_a_load_goes_on_where_its_process_died(room):
    url, worker = room.service.urls.api, room.service.background.relay.engine
    tried: list[Desk] = []

    def load(engine: Engine) -> None:
        tried.append(Desk(room, f"history-{len(tried)}"))
        with_tenant = loading(engine, tried[-1])
        with_tenant.load(content(*some_rows()), [])

    def go_on() -> None:
        desk = tried[-1]
        again = loading(room.service.app.state.engine, desk)
        for _ in range(2):
            done = again.load(content(*some_rows()), [])
            assert (done.rows, done.rejected, done.is_complete) == (ROWS, 1, True)
        assert staged(worker, again.key) == [str(number) for number in range(1, ROWS + 1)]
        assert (desk.state()["rows"], desk.state()["rejected_rows"]) == (ROWS, 1)
        assert [pointer for line, pointer, _ in desk.rejected() if line == 4] == FAULTS
        assert desk.post("discard", reason="seen").status_code == 200

    assert deaths_of(url, load, go_on) > 20


def test_who_comes_second_with_the_same_content_stages_nothing_twice(room):
    desk = Desk(room)
    engine = room.service.app.state.engine
    first = loading(engine, desk)

    def now_and_then() -> datetime:
        """The other request has all the time it needs before this one's second chunk."""
        times.append(real_now())
        if len(times) == 3:
            first.load(content(*some_rows()), [])
        return times[-1]

    times: list[datetime] = []
    with pytest.raises(LoadInFlight):
        replace(first, real_now=now_and_then).load(content(*some_rows()), [])
    assert staged(room.service.background.relay.engine, first.key) == [str(number) for number in range(1, ROWS + 1)]


def backfilling(room: Room, engine: Engine) -> Backfilling:
    return Backfilling(engine, create_store(), real_now, lambda _: None)


def test_a_commit_goes_on_where_its_worker_died_and_each_event_counts_once(room):
    room.opened("miles")
    room.move(END)
    room.wait_until(lambda: room.period("miles")["status"] == "closed")
    healthy = backfilling(room, room.service.background.relay.engine)
    tried: list[Desk] = []

    def commit(engine: Engine) -> None:
        number = len(tried)
        tried.append(Desk(room, f"history-{number}"))
        tried[-1].loaded(trip(f"{number}-1", miles="1"), trip(f"{number}-2", miles="2"))
        tried[-1].loaded(trip(f"{number}-2", miles="2"), {"id": "wrong"})
        assert tried[-1].post("commit").status_code == 202
        run(backfilling(room, engine))

    def go_on() -> None:
        eventually(lambda: healthy.count() == 0 and tried[-1].state()["status"] == "committed")
        state = tried[-1].state()
        assert (state["done_rows"], state["rows"]) == (4, 4)
        outcome = state["outcome"]
        assert (outcome["new"], outcome["repeated"], outcome["rejected"]) == (2, 1, 1)
        assert room.quantities("miles") == {"": str(3 * len(tried))}
        assert room.period("miles")["revision"] == len(tried), "each batch is told once"

    died = deaths_of(room.service.urls.worker, commit, go_on)
    assert died > 30
    go_on()
    room.arrive()
    books = room.completeness()
    assert (books["metered"], books["repeated"], books["rejected"]) == (2 * (died + 1), died + 1, died + 1)
    assert books["difference"] == 0
    assert room.client.post(f"{room.path('miles')}/recount", json={}).json()["equal"] is True


def test_a_preview_that_died_is_made_by_the_next_worker(room):
    room.opened("miles")
    desk = Desk(room)
    desk.loaded(trip("1", miles="1"))

    def preview(engine: Engine) -> None:
        assert desk.post("preview").status_code == 202
        backfilling(room, engine).preview()

    def go_on() -> None:
        assert desk.state()["is_previewing"] is True
        eventually(backfilling(room, room.service.background.relay.engine).preview)
        assert (desk.state()["is_previewing"], desk.state()["preview"]["of_rows"]) == (False, 1)
        assert len(desk.changes()) == 1

    assert deaths_of(room.service.urls.worker, preview, go_on) > 3


def run(worker: Backfilling) -> None:
    while worker.count():
        pass
