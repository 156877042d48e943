"""From the log into stored events and totals: the worker's own rate, beside COPY and ON CONFLICT alone."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from uuid import uuid4

import psycopg

from infra.local.postgres import libpq
from infra.local.tokens import tenant_id
from services.usage.domain.cloud_event import Arrivals, CloudEvent
from services.usage.messaging.ingest_log import TOPIC, IngestLog
from services.usage.messaging.ingest_offsets import IngestEnds, Offsets
from services.usage.metering.stage import Staged, named
from tests.bench.usage.cpu import cpu_seconds
from tests.bench.usage.events import events
from tests.bench.usage.stand import TENANT, Stand
from tests.support.waiting import eventually

EVENTS, A_REQUEST, A_TRANSACTION = 200_000, 100, 10_000


@dataclass
class Row:
    """Of each repeat: events a second, and events per core-second of everything that works for them."""

    wall: list[float] = field(default_factory=list)
    per_core: list[float] = field(default_factory=list)

    def note(self, seconds: float, core_seconds: float) -> None:
        self.wall.append(EVENTS / seconds)
        self.per_core.append(EVENTS / core_seconds)


def compare(stand: Stand, repeats: int) -> tuple[Row, Row]:
    """What storing costs at least, and ours, turn by turn, as the store grows under both: COPY into a staging table and
    INSERT … ON CONFLICT DO NOTHING from there."""
    bound = Row()
    with connected(stand) as connection:
        connection.execute(_STAGING)
        connection.commit()
        ours = metered(stand, repeats, before=lambda: _copied(bound, stand, connection))
    return bound, ours


def metered(stand: Stand, repeats: int, before: Callable[[], None] = lambda: None) -> Row:
    """Of the worker, PostgreSQL and the broker, while a backlog is metered. While the worker stands still for it, `before` is
    done."""
    row = Row()
    log = IngestLog(stand.service.settings("api"))
    with stand.worker() as pid, connected(stand) as connection:
        wait_for_worker(stand, connection)
        for _ in range(repeats):
            goal = metered_so_far(connection) + EVENTS
            os.kill(pid, signal.SIGSTOP)
            before()
            append(log, events(EVENTS))
            pids = [pid, *stand.server_pids]
            used, began = cpu_seconds(pids), time.perf_counter()
            os.kill(pid, signal.SIGCONT)
            eventually(partial(_reached, connection, goal), seconds=300)
            row.note(time.perf_counter() - began, cpu_seconds(pids) - used)
    log.close()
    return row


def append(log: IngestLog, sent: Sequence[CloudEvent]) -> None:
    """As requests of 100 would."""
    for start in range(0, len(sent), A_REQUEST * 20):
        log.append(*(_arrivals(sent[at : at + A_REQUEST]) for at in range(start, start + A_REQUEST * 20, A_REQUEST)))


def _arrivals(sent: Sequence[CloudEvent]) -> Arrivals:
    now = datetime.now(UTC)
    return Arrivals(tenant_id=tenant_id(TENANT), batch_id=uuid4(), received_at=now, events=list(sent))


def _copied(row: Row, stand: Stand, connection: psycopg.Connection) -> None:
    batches = [named([_arrivals(events(A_TRANSACTION))]) for _ in range(EVENTS // A_TRANSACTION)]
    pids = [os.getpid(), stand.postgres_pid]
    used, began = cpu_seconds(pids), time.perf_counter()
    for batch in batches:
        _copy(connection, batch)
    row.note(time.perf_counter() - began, cpu_seconds(pids) - used)


def _copy(connection: psycopg.Connection, batch: Sequence[Staged]) -> None:
    with connection.cursor() as cursor:
        with cursor.copy("COPY bench_staging FROM STDIN (FORMAT BINARY)") as copy:
            copy.set_types(_TYPES)
            for row in batch:
                event = row.event
                fields = (event.source, event.id, event.type, event.subject, event.time, bytes(event.data))
                copy.write_row((row.tenant_id, row.key, row.payload, *fields, row.batch_id, row.received_at))
        cursor.execute(_INSERT)
    connection.commit()


@contextmanager
def connected(stand: Stand) -> Iterator[psycopg.Connection]:
    with psycopg.connect(libpq(stand.service.urls.worker)) as connection:
        yield connection


def wait_for_worker(stand: Stand, connection: psycopg.Connection) -> None:
    """Until the one that was just started has its partitions, and has metered what rows before have left in the log;
    what the last one said does not count."""
    since = datetime.now(UTC)
    eventually(lambda: _is_consuming(connection, since), seconds=60)
    log = IngestEnds(stand.service.settings("worker"))
    ends = log()
    log.close()
    eventually(lambda: _is_metered(connection, ends), seconds=600)


def _is_metered(connection: psycopg.Connection, ends: Offsets) -> bool:
    rows = connection.execute("SELECT partition, next_offset FROM consumer_offsets WHERE topic = %s", [TOPIC])
    metered: dict[int, int] = dict(rows.fetchall())
    connection.commit()
    return all(metered.get(partition, 0) >= end for partition, end in ends.items())


def _is_consuming(connection: psycopg.Connection, since: datetime) -> bool:
    row = connection.execute("SELECT answer->>'consuming', answered_at FROM worker_status").fetchone()
    connection.commit()
    return row is not None and row[0] == "true" and row[1] > since


def _reached(connection: psycopg.Connection, goal: int) -> bool:
    return metered_so_far(connection) >= goal


def metered_so_far(connection: psycopg.Connection) -> int:
    row = connection.execute("SELECT coalesce(sum(event_count), 0) FROM usage_totals").fetchone()
    connection.commit()
    assert row
    return int(row[0])


_TYPES = ["uuid", "bytea", "bytea", "text", "text", "text", "text", "timestamptz", "bytea", "uuid", "timestamptz"]

_STAGING = """
CREATE TEMP TABLE bench_staging (
  tenant_id uuid, key_hash bytea, payload_hash bytea, source text, id text, type text, subject text, time timestamptz,
  data json, batch_id uuid, received_at timestamptz) ON COMMIT DELETE ROWS"""

_INSERT = """
WITH fresh AS (
  INSERT INTO usage_event_keys (tenant_id, key_hash, payload_hash, received_at)
  SELECT tenant_id, key_hash, payload_hash, received_at FROM bench_staging ORDER BY tenant_id, key_hash
  ON CONFLICT DO NOTHING RETURNING tenant_id, key_hash, position)
INSERT INTO usage_events (tenant_id, position, source, id, type, subject, time, data, batch_id, received_at)
SELECT tenant_id, position, source, id, type, subject, time, data, batch_id, received_at
FROM fresh JOIN bench_staging USING (tenant_id, key_hash)"""
