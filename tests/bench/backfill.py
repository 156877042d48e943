"""Backfills beside a binary COPY of the same rows into the same tables with the same keys."""

from __future__ import annotations

import csv
import io
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid4

import psycopg
from sqlalchemy import create_engine

from infra.local.databases import Urls
from infra.local.postgres import libpq
from services.usage.domain.backfill import BACKFILL, CommitBackfill, Limits, OpenBackfill, backfill_id
from services.usage.domain.cloud_event import Arrivals, CloudEvent, Window
from services.usage.domain.meter import METER, DefineMeter, MeterDefinition, meter_id
from services.usage.domain.usage_period import USAGE_PERIOD
from services.usage.domain.usage_period.commands import OpenPeriod
from services.usage.domain.usage_period.state import PeriodTerms
from services.usage.files.formats import FORMATS
from services.usage.files.loading import Content, Loading
from services.usage.messaging.backfilling import Backfilling
from services.usage.metering.backfill_loads import CHUNKS, BackfillKey, ask_for_preview
from services.usage.metering.stage import Staged, named
from services.usage.store import create_store
from shared.causes import Cause
from shared.clock import real_now
from shared.unit_of_work import Session, UnitOfWork

ROWS = 100_000
SUBJECTS = 1000
WORKERS = 2  # as many threads as a worker has for it
STARTS_AT = real_now() - timedelta(days=30)
MILES = MeterDefinition(
    event_type="trip.ended", aggregation="sum", value_path="$.miles", group_by={"origin": "$.origin"}
)


@dataclass(frozen=True)
class Figures:
    """Rows a second. `through` is from the first byte of the file to the last row that counts."""

    copied: float
    loaded: float
    previewed: float
    committed: float

    @property
    def through(self) -> float:
        return 1 / (1 / self.loaded + 1 / self.committed)


def measure(urls: Urls) -> Figures:
    """Each time a tenant of its own, in tables that grow as they would."""
    tenant = BackfillingTenant(urls, uuid4())
    try:
        tenant.prepare()
        loaded = _rate(tenant.load)
        rows = tenant.named_for(uuid4())
        copied = _rate(lambda: _copy(urls, rows))
        tenant.ask()
        previewed = _rate(tenant.preview)
        tenant.decide(CommitBackfill(rows=ROWS))
        return Figures(copied, loaded, previewed, _rate(tenant.commit))
    finally:
        tenant.close()


def _rate(act: Callable[[], object]) -> float:
    began = time.perf_counter()
    act()
    return ROWS / (time.perf_counter() - began)


class BackfillingTenant:
    """So many periods, each of a subject of its own, and a file of rows for them."""

    def __init__(self, urls: Urls, tenant_id: UUID, subjects: int = SUBJECTS):
        options = {"options": "-c timezone=UTC"}
        self.api, self.worker = (create_engine(url, connect_args=options) for url in (urls.api, urls.worker))
        self.key = BackfillKey(tenant_id, backfill_id(tenant_id, "history"))
        self.store = create_store()
        self.backfilling = Backfilling(self.worker, self.store, real_now, lambda _: None)
        self.content = _file(subjects)
        self.periods = [_terms(uuid4(), number) for number in range(subjects)]

    def prepare(self) -> None:
        self._execute(METER, meter_id(self.key.tenant_id, "miles"), _meter(self.key.tenant_id))
        for terms in self.periods:
            self._execute(USAGE_PERIOD, terms.period_id, OpenPeriod(terms=terms, totals=()))
        self.decide(OpenBackfill(name="history"))

    def decide(self, command: Any) -> None:
        self._execute(BACKFILL, self.key.backfill_id, command)

    def load(self) -> None:
        window = Window.at(real_now())
        Loading(self.api, self.key, window, Limits(), FORMATS["text/csv"], real_now).load(self.content, [])

    def ask(self) -> None:
        with self.worker.begin() as tx:
            ask_for_preview(tx, self.key, real_now())

    def preview(self) -> None:
        assert self.backfilling.preview() == 1

    def commit(self) -> None:
        threads = [threading.Thread(target=self._count) for _ in range(WORKERS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def named_for(self, other: UUID) -> list[Staged]:
        """The same rows as another tenant's, with their names: COPY is not to wait for what it does not do."""
        with self.worker.connect() as tx:
            chunks = tx.exec_driver_sql(
                "SELECT content FROM backfill_chunks WHERE backfill_id = %(id)s", {"id": self.key.backfill_id}
            )
            events: list[CloudEvent] = [event for row in chunks for event in CHUNKS.decode(row.content).events]
        assert len(events) == ROWS
        return named([Arrivals(tenant_id=other, batch_id=other, received_at=real_now(), events=events)])

    def close(self) -> None:
        self.api.dispose()
        self.worker.dispose()

    def _count(self) -> None:
        while self.backfilling.count():
            pass

    def _execute(self, decider: Any, stream_id: UUID, command: Any) -> None:
        now = real_now()
        with self.worker.begin() as tx:
            session = Session(tx, self.store)
            UnitOfWork(session, Cause(self.key.tenant_id, now, now, {"principal": "bench"})).execute(
                decider, stream_id, command
            )
            session.flush()


def _copy(urls: Urls, rows: list[Staged]) -> None:
    with psycopg.connect(libpq(urls.owner)) as connection, connection.cursor() as cursor:
        with cursor.copy(_COPY_KEYS) as copy:
            copy.set_types(["uuid", "bytea", "bytea", "int8", "timestamptz"])
            for position, row in enumerate(rows, start=1):
                copy.write_row((row.tenant_id, row.key, row.payload, position, row.received_at))
        with cursor.copy(_COPY_EVENTS) as copy:
            copy.set_types(
                ["uuid", "int8", "text", "text", "text", "text", "timestamptz", "bytea", "uuid", "timestamptz"]
            )
            for position, row in enumerate(rows, start=1):
                event = row.event
                names = (event.source, event.id, event.type, event.subject, event.time)
                copy.write_row((row.tenant_id, position, *names, bytes(event.data), row.batch_id, row.received_at))


def _file(subjects: int) -> Content:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["id", "source", "type", "subject", "time", "data.miles", "data.origin"])
    for number in range(ROWS):
        at = STARTS_AT + timedelta(seconds=number)
        origin = ("EWR", "JFK", "LGA")[number % 3]
        writer.writerow(
            [uuid4().hex, "/cars", "trip.ended", f"customer-{number % subjects}", at.isoformat(), number % 90, origin]
        )
    content = text.getvalue().encode()
    return Content(io.BytesIO(content), sha256(content).hexdigest(), len(content))


def _meter(tenant_id: UUID) -> DefineMeter:
    return DefineMeter(meter_id=meter_id(tenant_id, "miles"), slug="miles", definition=MILES)


def _terms(period_id: UUID, number: int) -> PeriodTerms:
    return PeriodTerms(
        period_id=period_id,
        subscription_id=period_id,
        customer_id=period_id,
        subjects=(f"customer-{number}",),
        charge="miles",
        meter="miles",
        meter_version=1,
        group_by=("origin",),
        starts_at=datetime(2000, 1, 1, tzinfo=UTC),
        ends_at=datetime(2100, 1, 1, tzinfo=UTC),
        collect_seconds=0,
    )


_COPY_KEYS = """
COPY usage_event_keys (tenant_id, key_hash, payload_hash, position, received_at) FROM STDIN (FORMAT BINARY)"""

_COPY_EVENTS = """
COPY usage_events (tenant_id, position, source, id, type, subject, time, data, batch_id, received_at)
FROM STDIN (FORMAT BINARY)"""
