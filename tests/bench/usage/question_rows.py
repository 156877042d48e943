"""A month of one subject, asked over HTTP, while hours of 20 million events are rolled up."""

from __future__ import annotations

import random
import time
from datetime import UTC, datetime

import httpx

from infra.local.tokens import tenant_id
from tests.bench.usage.events import TYPE
from tests.bench.usage.metering_rows import connected
from tests.bench.usage.stand import TENANT, Stand

SUBJECTS, GROUPS, EVENTS_AN_HOUR = 1000, 4, 7
FIRST, END = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)
METER = {
    "event_type": f"{TYPE}.rolled",
    "aggregation": "sum",
    "value": "$.minutes",
    "group_by": {"origin": "$.origin"},
    "unit": "minute",
}


def fill(stand: Stand) -> int:
    """As a month of metering leaves them, how many events it stands for. The events themselves are not asked for."""
    assert stand.service.client(TENANT).put("/v1/meters/rolled", json=METER).status_code == 200
    named = {"tenant": tenant_id(TENANT), "subjects": SUBJECTS, "groups": GROUPS, "events": EVENTS_AN_HOUR}
    with connected(stand) as connection:
        connection.execute(_TAKEN_OVER, named)
        rows = connection.execute(_HOURS, named | {"first": FIRST, "end": END}).rowcount
        connection.commit()
        connection.autocommit = True
        connection.execute("ANALYZE usage_rollups")
    return rows * EVENTS_AN_HOUR


def asked(stand: Stand, requests: int, **question: str) -> list[float]:
    """Milliseconds until each answer."""
    took: list[float] = []
    chosen = random.Random(requests)
    with stand.api() as (port, _), httpx.Client(base_url=f"http://127.0.0.1:{port}") as client:
        client.headers["Authorization"] = f"Bearer {stand.token}"
        for _ in range(requests):
            subject = f"customer-{chosen.randrange(SUBJECTS)}"
            bounds = {"from": FIRST.isoformat(), "to": END.isoformat(), "subject": subject}
            began = time.perf_counter()
            answer = client.get("/v1/meters/rolled/query", params=bounds | question)
            took.append((time.perf_counter() - began) * 1000)
            assert answer.json()["source"] == "rollups", answer.text
    return took


_TAKEN_OVER = """
INSERT INTO usage_rolled_meters (tenant_id, meter, meter_version, done_position, until_position)
VALUES (%(tenant)s, 'rolled', 1, 0, 0) ON CONFLICT DO NOTHING"""

_HOURS = """
INSERT INTO usage_rollups (tenant_id, meter, meter_version, subject, hour_at, group_key, aggregation, quantity, event_count,
  key_sum)
SELECT %(tenant)s, 'rolled', 1, 'customer-' || subject, hour_at, 'G' || number, 'sum', 297.5, %(events)s,
  trunc(random() * 10 ^ 38)
FROM generate_series(%(first)s::timestamptz, %(end)s::timestamptz - interval '1 hour', interval '1 hour') AS hour_at
CROSS JOIN generate_series(0, %(subjects)s - 1) AS subject CROSS JOIN generate_series(1, %(groups)s) AS number"""
