"""The same metering once 20 million events are stored: their keys are what each new one is looked up among."""

from __future__ import annotations

from datetime import UTC, datetime

import psycopg

from infra.local.postgres import libpq
from infra.local.tokens import tenant_id
from tests.bench.usage.events import SUBJECTS, TYPE
from tests.bench.usage.metering_rows import connected
from tests.bench.usage.stand import TENANT, Stand

A_TRANSACTION = 500_000


def fill(stand: Stand, number: int) -> None:
    """As metering leaves them, in the month of the events to come, with keys of sixteen bytes, as random as hashes are."""
    named = {"tenant": tenant_id(TENANT), "now": datetime.now(UTC), "type": TYPE, "subjects": SUBJECTS}
    with connected(stand) as connection:
        for start in range(0, number, A_TRANSACTION):
            connection.execute(_FILL, named | {"first": start, "last": min(number, start + A_TRANSACTION) - 1})
            connection.commit()
    with psycopg.connect(libpq(stand.service.urls.owner), autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE usage_events, usage_event_keys")


_FILL = """
WITH stored AS (
  INSERT INTO usage_event_keys (tenant_id, key_hash, payload_hash, received_at)
  SELECT %(tenant)s, substr(sha256(convert_to('stored-' || number, 'UTF8')), 1, 16), substr(sha256('same'), 1, 16), %(now)s
  FROM generate_series(%(first)s::bigint, %(last)s) AS number RETURNING position)
INSERT INTO usage_events (tenant_id, position, source, id, type, subject, time, data, batch_id, received_at)
SELECT %(tenant)s, position, '/gates', 'stored-' || position, %(type)s,
  (%(subjects)s::text[])[1 + position %% cardinality(%(subjects)s::text[])], %(now)s,
  '{"minutes": "42.5", "gate": "A12", "flight": 1234, "origin": "EWR"}', gen_random_uuid(), %(now)s
FROM stored"""
