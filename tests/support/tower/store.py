"""The tower's tables, its one read model, and its event store."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Column, Integer, MetaData, PrimaryKeyConstraint, Table, Uuid
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.engine import Connection

from shared import clock, parked
from shared.clock import TEST_CLOCK
from shared.event_store import EventStore, Recorded, StreamKey, by_stream
from shared.outbox import Outbox
from shared.parked import PARKED_MESSAGE
from shared.statements import write
from shared.tables import NAMING, kernel_tables
from shared.timers import Schedule
from tests.support.tower.bell import BELL, BellRung, timers_of, to_contract
from tests.support.tower.echo import ECHO

metadata = MetaData(naming_convention=NAMING)
kernel_tables(metadata)

bells = Table(
    "bells",
    metadata,
    Column("tenant_id", Uuid, nullable=False),
    Column("bell_id", Uuid, nullable=False),
    Column("version", Integer, nullable=False),
    Column("times", Integer, nullable=False),
    PrimaryKeyConstraint("tenant_id", "bell_id"),
)

_upsert = insert(bells)
_upsert = _upsert.on_conflict_do_update(
    index_elements=["tenant_id", "bell_id"],
    set_={"version": _upsert.excluded.version, "times": bells.c.times + _upsert.excluded.times},
)


def project(tx: Connection, recorded: Sequence[Recorded]) -> None:
    rows = [_row(key, entries) for key, entries in by_stream(recorded).items() if key.category == "bell"]
    write(tx, _upsert, *rows)


def _row(key: StreamKey, entries: Sequence[Recorded]) -> dict[str, Any]:
    times = sum(entry.event.times for entry in entries if isinstance(entry.event, BellRung))
    return {"tenant_id": key.tenant_id, "bell_id": key.stream_id, "version": entries[-1].version, "times": times}


def outbox(topic: str) -> Outbox:
    return Outbox("tower", {"bell": topic}, to_contract)


def create_store(out: Outbox) -> EventStore:
    return EventStore(
        [BELL, ECHO, TEST_CLOCK, PARKED_MESSAGE],
        subscribers=[project, clock.project, parked.project, Schedule(timers_of), out],
        is_published=out.is_published,
    )
