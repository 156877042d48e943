"""The chain of hashes over the events of a tenant: counted again, and compared with what was written when they came."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from shared.statements import run
from shared.unit_of_work import UnitOfWork

MOST_SHOWN = 100


@dataclass(frozen=True, slots=True)
class Broken:
    """The first event of a stream that does not fit, and why."""

    category: str
    stream_id: UUID
    version: int
    reason: str


@dataclass(frozen=True, slots=True)
class Verified:
    """`root` is the hash over the last hash of every stream, in their order: who keeps it can compare it later."""

    events: int
    streams: int
    root: str
    broken: tuple[Broken, ...]


def verify(unit: UnitOfWork, known_at: datetime) -> Verified:
    """All events that were recorded by an instant."""
    where = {"tenant": unit.tenant_id, "known_at": known_at, "most": MOST_SHOWN}
    broken = tuple(Broken(*row) for row in run(unit.tx, _BROKEN, where))
    [(events, streams, root)] = run(unit.tx, _ROOT, where).fetchall()
    return Verified(events, streams, root, broken)


# Each hash is computed from the stored one before it: what was changed is named once, and not all that follows.
_BROKEN = """
WITH linked AS (
  SELECT COALESCE(e.category, h.category) AS category, COALESCE(e.stream_id, h.stream_id) AS stream_id,
         COALESCE(e.version, h.version) AS version,
         CASE WHEN e.version IS NULL THEN 'missing' WHEN h.hash IS NULL THEN 'not_chained'
              WHEN h.hash <> hash_of_event(e, p.hash) THEN 'changed' END AS reason
  FROM (SELECT * FROM events WHERE tenant_id = %(tenant)s) e
  FULL JOIN (SELECT * FROM event_hashes WHERE tenant_id = %(tenant)s) h
    ON h.category = e.category AND h.stream_id = e.stream_id AND h.version = e.version
  LEFT JOIN event_hashes p ON p.tenant_id = %(tenant)s AND p.category = e.category
    AND p.stream_id = e.stream_id AND p.version = e.version - 1
  WHERE e.recorded_at IS NULL OR e.recorded_at <= %(known_at)s)
SELECT DISTINCT ON (category, stream_id) category, stream_id, version, reason FROM linked WHERE reason IS NOT NULL
ORDER BY category, stream_id, version LIMIT %(most)s"""

_ROOT = """
SELECT COALESCE(sum(events), 0)::bigint, count(*),
       encode(sha256(COALESCE(string_agg(head, ''::bytea ORDER BY category COLLATE "C", stream_id), ''::bytea)), 'hex')
FROM (SELECT category, stream_id, count(*) AS events, (array_agg(hash ORDER BY version DESC))[1] AS head
      FROM event_hashes h JOIN events e USING (tenant_id, category, stream_id, version)
      WHERE tenant_id = %(tenant)s AND e.recorded_at <= %(known_at)s GROUP BY 1, 2) AS heads"""
