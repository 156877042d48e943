"""Copies of the tables of metering that belong to one session: what is counted there is counted for nobody else.

PostgreSQL looks for a table in the session before it looks elsewhere, so metering itself runs on them, word for word;
and the session may only read, so that PostgreSQL refuses whatever would reach a table of everybody.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import Connection, Engine

from services.usage.domain.cloud_event import CloudEvent
from services.usage.domain.event_key import event_key
from services.usage.metering.stage import make_room

# What a later batch of the same session has to see; the others are written and never read.
REMEMBERED = (
    *("usage_event_keys", "usage_amendments", "usage_periods"),
    *("usage_totals", "usage_uniques", "usage_levels", "usage_unmatched"),
)
FORGOTTEN = (
    *("usage_events", "usage_conflicting", "usage_rejected"),
    *("usage_counts", "usage_period_counts", "usage_rollups"),
)
# No event of everybody has such a position: one that is stored already would be taken for the one that is played.
FIRST_POSITION = 2**62
OF_PERIODS = ("usage_totals", "usage_uniques", "usage_levels")


@contextmanager
def copies(engine: Engine) -> Iterator[Connection]:
    """A connection on which only copies can be written, gone afterwards. The caller begins and ends its transactions."""
    with engine.connect() as tx:
        try:
            _forget_prepared(tx)
            with tx.begin():
                _make_tables(tx)
                tx.exec_driver_sql("SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY")
            yield tx
        finally:
            tx.invalidate()  # the session ends, and its tables with it


def _forget_prepared(tx: Connection) -> None:
    """What was prepared before knows the tables of everybody."""
    driver = tx.connection.driver_connection
    assert driver is not None
    driver.prepare_threshold = None
    tx.rollback()


def _make_tables(tx: Connection) -> None:
    for table in REMEMBERED:
        tx.exec_driver_sql(f"CREATE TEMPORARY TABLE {table} (LIKE public.{table} INCLUDING ALL)")
    for table in FORGOTTEN:
        options = "INCLUDING IDENTITY INCLUDING DEFAULTS INCLUDING INDEXES"
        tx.exec_driver_sql(f"CREATE TEMPORARY TABLE {table} (LIKE public.{table} {options}) ON COMMIT DELETE ROWS")
    tx.exec_driver_sql(f"ALTER TABLE pg_temp.usage_event_keys ALTER COLUMN position RESTART WITH {FIRST_POSITION}")
    make_room(tx)


def copy_for(tx: Connection, tenant_id: UUID, events: Sequence[CloudEvent]) -> list[UUID]:
    """Copies what is known of these events and of the periods they may count in; which of those were not copied yet."""
    keys = [event_key(tenant_id, event.source, event.id) for event in events]
    for table in ("usage_event_keys", "usage_amendments"):
        tx.exec_driver_sql(_KNOWN.format(table=table), {"tenant": tenant_id, "keys": keys})
    places = msgspec.json.encode(_places(events)).decode()
    rows = tx.exec_driver_sql(_PERIODS, {"tenant": tenant_id, "places": places})
    periods = [row.period_id for row in rows]
    for table in OF_PERIODS if periods else ():
        tx.exec_driver_sql(_OF_PERIODS.format(table=table), {"tenant": tenant_id, "periods": periods})
    return periods


def _places(events: Sequence[CloudEvent]) -> list[dict[str, Any]]:
    """Each subject with its first and last time."""
    times: dict[str, tuple[datetime, datetime]] = {}
    for event in events:
        first, last = times.get(event.subject, (event.time, event.time))
        times[event.subject] = (min(first, event.time), max(last, event.time))
    return [{"subject": subject, "first": first, "last": last} for subject, (first, last) in times.items()]


# OFFSET 0 keeps PostgreSQL from reading all keys, which it may take for cheaper than looking up some.
_KNOWN = """
INSERT INTO pg_temp.{table} OVERRIDING SYSTEM VALUE
SELECT known.* FROM unnest(%(keys)s::bytea[]) AS wanted(key) CROSS JOIN LATERAL (
  SELECT * FROM public.{table} AS t WHERE t.tenant_id = %(tenant)s AND t.key_hash = wanted.key OFFSET 0
) AS known
ON CONFLICT DO NOTHING"""

_PERIODS = """
INSERT INTO pg_temp.usage_periods
SELECT p.* FROM json_to_recordset(%(places)s::json) AS place(subject text, first timestamptz, last timestamptz)
CROSS JOIN LATERAL (
  SELECT * FROM public.usage_period_subjects AS s
  WHERE s.tenant_id = %(tenant)s AND s.subject = place.subject
    AND s.ends_at > place.first AND s.starts_at <= place.last OFFSET 0
) AS s
CROSS JOIN LATERAL (
  SELECT * FROM public.usage_periods AS p WHERE p.tenant_id = s.tenant_id AND p.period_id = s.period_id OFFSET 0
) AS p
ON CONFLICT DO NOTHING RETURNING period_id"""

_OF_PERIODS = """
INSERT INTO pg_temp.{table}
SELECT * FROM public.{table} WHERE tenant_id = %(tenant)s AND period_id = ANY(%(periods)s)"""
