"""Which events are new: the first one metered wins, the same again is a repeat, another under its name a conflict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection

from services.usage.metering.stage import Staged, stage

Name = tuple[UUID, bytes]  # tenant and key


@dataclass(frozen=True, slots=True)
class Sorted:
    """`fresh` events are stored, each with its position; the others are not."""

    fresh: list[tuple[int, Staged]]
    repeated: list[Staged]
    conflicting: list[Staged]


def store(tx: Connection, events: Sequence[Staged]) -> Sorted:
    """Stores what is new. Keys are inserted in their order, so that two workers wait for each other, never in a ring."""
    firsts: dict[Name, Staged] = {}
    again: list[Staged] = []
    for event in events:
        if firsts.setdefault((event.tenant_id, event.key), event) is not event:
            again.append(event)
    candidates = list(firsts.values())
    stage(tx, candidates)
    positions = {row.ordinal: row.position for row in tx.exec_driver_sql(_STORE)}
    known = [ordinal for ordinal in range(len(candidates)) if ordinal not in positions]
    payloads = {name: first.payload for name, first in firsts.items()} | _stored_payloads(tx, known)
    others = [*(candidates[ordinal] for ordinal in known), *again]
    return Sorted(
        fresh=[(position, candidates[ordinal]) for ordinal, position in positions.items()],
        repeated=[event for event in others if payloads[event.tenant_id, event.key] == event.payload],
        conflicting=[event for event in others if payloads[event.tenant_id, event.key] != event.payload],
    )


def _stored_payloads(tx: Connection, ordinals: list[int]) -> dict[Name, bytes]:
    if not ordinals:
        return {}
    rows = tx.exec_driver_sql(_STORED_PAYLOADS, {"ordinals": ordinals})
    return {(row.tenant_id, row.key_hash): row.payload_hash for row in rows}


_COLUMNS = "tenant_id, position, source, id, type, subject, time, data, batch_id, received_at"

_STORE = f"""
WITH fresh AS (
  INSERT INTO usage_event_keys (tenant_id, key_hash, payload_hash, received_at)
  SELECT tenant_id, key_hash, payload_hash, received_at FROM usage_staging ORDER BY tenant_id, key_hash
  ON CONFLICT DO NOTHING
  RETURNING tenant_id, key_hash, position
), placed AS (
  SELECT * FROM fresh JOIN usage_staging USING (tenant_id, key_hash)
), stored AS (
  INSERT INTO usage_events ({_COLUMNS}) SELECT {_COLUMNS} FROM placed ORDER BY ordinal
)
SELECT ordinal, position FROM placed ORDER BY ordinal"""  # noqa: S608 - columns are a constant

# A row that lost against a worker that has just committed is visible to this statement, which begins after it.
# OFFSET 0 keeps PostgreSQL from reading all keys, which it may take for cheaper than looking up some.
_STORED_PAYLOADS = """
SELECT key.tenant_id, key.key_hash, key.payload_hash FROM usage_staging AS s
CROSS JOIN LATERAL (
  SELECT * FROM usage_event_keys AS key WHERE key.tenant_id = s.tenant_id AND key.key_hash = s.key_hash OFFSET 0
) AS key
WHERE s.ordinal = ANY(%(ordinals)s)"""
