"""Which events are new: the first one metered wins, the same again is a repeat, another under its name a conflict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from psycopg.errors import UniqueViolation
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from services.usage.metering.stage import Staged, stage

Name = tuple[int, bytes]  # tenant, as a number, of which Python makes hashes fast, and key


@dataclass(frozen=True, slots=True)
class Sorted:
    """`fresh` events are stored, each with its position; the others are not."""

    fresh: list[tuple[int, Staged]]
    repeated: list[Staged]
    conflicting: list[Staged]


def store(tx: Connection, events: Sequence[Staged]) -> Sorted:
    """Stores what is new. Keys are inserted in their order, so that two workers wait for each other, never in a ring."""
    firsts = {_key(event): event for event in reversed(events)}
    candidates, again = list(events), list[Staged]()
    if len(firsts) < len(events):
        candidates = [event for event in events if firsts[_key(event)] is event]
        again = [event for event in events if firsts[_key(event)] is not event]
    placed = list(zip(stage(tx, candidates), candidates, strict=True))
    lost = _store(tx, len(candidates))
    others = [*(candidates[ordinal] for ordinal in lost), *again]
    if not others:
        return Sorted(placed, [], [])
    payloads = {key: first.payload for key, first in firsts.items()}
    payloads |= {_key(candidates[ordinal]): payload for ordinal, payload in lost.items()}
    return Sorted(
        fresh=[each for ordinal, each in enumerate(placed) if ordinal not in lost],
        repeated=[event for event in others if payloads[_key(event)] == event.payload],
        conflicting=[event for event in others if payloads[_key(event)] != event.payload],
    )


def _key(event: Staged) -> Name:
    return event.tenant_id.int, event.key


def _store(tx: Connection, staged: int) -> dict[int, bytes]:
    """Stores what is staged but for the rows whose keys are there: those by their ordinal, with the stored payload."""
    lost: dict[int, bytes] = {}
    if not _store_keys(tx) and tx.exec_driver_sql(_STORE_NEW_KEYS).rowcount < staged:
        lost = {row.ordinal: row.payload_hash for row in tx.exec_driver_sql(_LOST)}
    tx.exec_driver_sql(_STORE_EVENTS, {"lost": list(lost)})
    return lost


def _store_keys(tx: Connection) -> bool:
    """False, and nothing is stored, where one of them is there. Mostly none is, and not to ask for each of them costs
    PostgreSQL little more than half; the more are there, the sooner it comes upon one, as keys are in no order of time."""
    try:
        with tx.begin_nested():
            tx.exec_driver_sql(_STORE_KEYS)
    except IntegrityError as error:
        if not isinstance(error.orig, UniqueViolation):
            raise
        return False
    return True


_COLUMNS = "tenant_id, position, source, id, type, subject, time, data, batch_id, received_at"

_STORE_KEYS = """
INSERT INTO usage_event_keys (tenant_id, key_hash, payload_hash, position, received_at)
SELECT tenant_id, key_hash, payload_hash, position, received_at FROM usage_staging ORDER BY tenant_id, key_hash"""

_STORE_NEW_KEYS = f"{_STORE_KEYS} ON CONFLICT DO NOTHING"

_STORE_EVENTS = f"""
INSERT INTO usage_events ({_COLUMNS})
SELECT {_COLUMNS} FROM usage_staging WHERE ordinal <> ALL(%(lost)s::int[])"""  # noqa: S608 - constant

# A row that lost against a worker that has just committed is visible to this statement, which begins after it.
# OFFSET 0 keeps PostgreSQL from reading all keys, which it may take for cheaper than looking up some.
_LOST = """
SELECT s.ordinal, key.payload_hash FROM usage_staging AS s
CROSS JOIN LATERAL (
  SELECT * FROM usage_event_keys AS key WHERE key.tenant_id = s.tenant_id AND key.key_hash = s.key_hash OFFSET 0
) AS key
WHERE key.position <> s.position ORDER BY s.ordinal"""
