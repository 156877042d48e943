"""How much waits in a service and since when, as its database says: for metrics, alarms and the doctor."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

Offsets = Mapping[tuple[str, int], int]


@dataclass(frozen=True, slots=True)
class Backlog:
    """`outbox_seconds` is how long ago the oldest fact was recorded that nobody was told yet, `timers_seconds` how long
    the oldest timer has been due. Tenants on a test clock have no age: their time is not ours. Of the parked messages
    some are `undecided`, which only a person changes."""

    outbox_rows: int
    outbox_seconds: float
    parked_rows: int
    undecided_rows: int
    timers_seconds: float


def backlog(tx: Connection, now: datetime) -> Backlog:
    """With the worker's role, which sees all tenants."""
    row = tx.exec_driver_sql(_BACKLOG, {"now": now}).one()
    return Backlog(
        outbox_rows=row.outbox,
        outbox_seconds=_age(now, row.recorded_at),
        parked_rows=row.parked,
        undecided_rows=row.undecided,
        timers_seconds=_age(now, row.fire_at),
    )


def lag(tx: Connection, cluster_id: str, ends: Offsets) -> dict[str, int]:
    """By topic, how many messages lie between what the service has applied and the end of the topic."""
    rows = tx.exec_driver_sql(_APPLIED, {"cluster": cluster_id})
    applied = {(row.topic, row.partition): row.next_offset for row in rows}
    behind: Counter[str] = Counter()
    for (topic, partition), end in ends.items():
        behind[topic] += max(0, end - applied.get((topic, partition), 0))
    return dict(behind)


def _age(now: datetime, since: datetime | None) -> float:
    return 0.0 if since is None else max(0.0, (now - since).total_seconds())


# A row of the outbox says which event it tells; the event says when it was recorded.
_BACKLOG = """
SELECT (SELECT count(*) FROM outbox) AS outbox,
       (SELECT e.recorded_at
        FROM (SELECT tenant_id, key::uuid AS stream_id, message::jsonb AS told FROM outbox ORDER BY id LIMIT 1) o
        JOIN events e ON e.tenant_id = o.tenant_id AND e.stream_id = o.stream_id
          AND e.category = split_part(o.told ->> 'source', '/', 3) AND e.public_sequence = (o.told ->> 'sequence')::int
        WHERE NOT EXISTS (SELECT 1 FROM test_clocks c WHERE c.tenant_id = o.tenant_id)) AS recorded_at,
       (SELECT count(*) FROM parked_messages) AS parked,
       (SELECT count(*) FROM parked_messages WHERE decision IS NULL) AS undecided,
       (SELECT min(t.fire_at) FROM timers t
        WHERE t.fire_at <= %(now)s
          AND NOT EXISTS (SELECT 1 FROM test_clocks c WHERE c.tenant_id = t.tenant_id)) AS fire_at"""

_APPLIED = "SELECT topic, partition, next_offset FROM consumer_offsets WHERE cluster_id = %(cluster)s"
