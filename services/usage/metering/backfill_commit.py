"""Counts the rows of accepted backfills, one chunk a transaction: counted, taken off and noted together, or not at all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import Connection

from services.usage.domain.backfill import Outcome
from services.usage.domain.cloud_event import Arrivals
from services.usage.domain.usage_period.state import EventName
from services.usage.metering.apply import Late, Metered, meter
from services.usage.metering.backfill_loads import CHUNKS, BackfillKey, Chunk
from services.usage.metering.counts import Kind
from services.usage.metering.locks import lock_periods
from services.usage.metering.totals import Totals, totals_of
from services.usage.metering.watches import PeriodKey

MOST_NAMED = 1000  # as many as a revision names
PERIODS_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Claimed:
    """A chunk that is this transaction's alone; others pass over it."""

    key: BackfillKey
    number: int
    load_id: UUID
    accepted_at: datetime
    chunk: Chunk


@dataclass(frozen=True, slots=True)
class Moved:
    """A closed period that the batch added to, as it is now, and the first events that did it."""

    period: PeriodKey
    after: Totals
    events: tuple[EventName, ...]


def accepted(tx: Connection) -> list[datetime]:
    """When each batch was that is being counted."""
    return [row.accepted_at for row in tx.exec_driver_sql(_ACCEPTED)]


def claim(tx: Connection) -> Claimed | None:
    """Of the batch that was accepted first."""
    row = tx.exec_driver_sql(_CLAIM).first()
    if row is None:
        return None
    key = BackfillKey(row.tenant_id, row.backfill_id)
    return Claimed(key, row.number, row.load_id, row.accepted_at, CHUNKS.decode(row.content))


def count_chunk(tx: Connection, claimed: Claimed) -> Metered:
    """Like events that came late, accepted when the batch was. Closed periods are noted, to be told once at the end."""
    metered = meter(tx, [arrivals(claimed.key, claimed.chunk, claimed.accepted_at)])
    for period, late in sorted(metered.late.items()):
        _note_moved(tx, claimed.key, period, late)
    _take_off(tx, claimed)
    tx.exec_driver_sql(
        _COUNT, {**claimed.key.named, "rows": claimed.chunk.rows, **_outcome(metered.counts[claimed.key.tenant_id])}
    )
    return metered


def put_back(tx: Connection, claimed: Claimed, parts: Sequence[Chunk]) -> None:
    """In place of the chunk, the same rows in smaller ones; nothing where somebody has counted it meanwhile."""
    is_there = _take_off(tx, claimed)
    for part in parts if is_there else ():
        content = msgspec.json.encode(part)
        named = {**claimed.key.named, "load": claimed.load_id, "rows": part.rows, "content": content}
        tx.exec_driver_sql(_KEEP, named)


def arrivals(key: BackfillKey, chunk: Chunk, at: datetime) -> Arrivals:
    """The batch's id is on every event of it."""
    return Arrivals(
        tenant_id=key.tenant_id, batch_id=key.backfill_id, received_at=at, events=chunk.events, rejected=chunk.rejected
    )


def take_moved(tx: Connection, key: BackfillKey) -> list[Moved]:
    """Some closed periods that are still to be told, taken off the list; their totals hold until the end of this
    transaction."""
    rows = tx.exec_driver_sql(_TAKE_MOVED, {**key.named, "most": PERIODS_AT_ONCE}).all()
    periods = {PeriodKey(key.tenant_id, row.period_id): row.events for row in rows}
    lock_periods(tx, sorted(periods))
    totals = totals_of(tx, periods)
    return [
        Moved(period, totals[period], tuple(EventName(*name) for name in periods[period])) for period in sorted(periods)
    ]


def outcome_of(tx: Connection, key: BackfillKey) -> Outcome:
    row = tx.exec_driver_sql(_OUTCOME, key.named).mappings().first()
    kinds = ("new", "unmatched", "repeated", "conflicting", "rejected")
    return Outcome(**{kind: 0 if row is None else int(row[kind]) for kind in kinds})


def _note_moved(tx: Connection, key: BackfillKey, period: PeriodKey, late: Late) -> None:
    names = [(name.source, name.id) for name in late.events[:MOST_NAMED]]
    named = {**key.named, "period": period.period_id, "events": msgspec.json.encode(names).decode()}
    tx.exec_driver_sql(_NOTE_MOVED, named | {"most": MOST_NAMED})


def _take_off(tx: Connection, claimed: Claimed) -> bool:
    return bool(tx.exec_driver_sql(_TAKE_OFF, {**claimed.key.named, "number": claimed.number}).rowcount)


def _outcome(counts: Mapping[Kind, int]) -> dict[str, Any]:
    """An event of no meter or period is kept, like one that counts."""
    return {
        "new": counts["metered"] + counts["unmatched"],
        **{kind: counts[kind] for kind in ("unmatched", "repeated", "conflicting", "rejected")},
    }


_OF = "tenant_id = %(tenant)s AND backfill_id = %(backfill)s"

_ACCEPTED = "SELECT DISTINCT accepted_at FROM backfills WHERE status = 'committing'"

_CLAIM = """
SELECT c.tenant_id, c.backfill_id, c.number, c.load_id, c.content, b.accepted_at
FROM (SELECT * FROM backfills WHERE status = 'committing' ORDER BY accepted_at LIMIT 100) AS b
JOIN backfill_chunks AS c ON c.tenant_id = b.tenant_id AND c.backfill_id = b.backfill_id
ORDER BY b.accepted_at, c.number LIMIT 1 FOR UPDATE OF c SKIP LOCKED"""

_TAKE_OFF = f"DELETE FROM backfill_chunks WHERE {_OF} AND number = %(number)s"  # noqa: S608 - a constant

_KEEP = """
INSERT INTO backfill_chunks (tenant_id, backfill_id, load_id, rows, content)
VALUES (%(tenant)s, %(backfill)s, %(load)s, %(rows)s, %(content)s)"""

_COUNT = f"""
UPDATE backfill_progress SET done_rows = done_rows + %(rows)s, new = new + %(new)s,
  unmatched = unmatched + %(unmatched)s, repeated = repeated + %(repeated)s,
  conflicting = conflicting + %(conflicting)s, rejected = rejected + %(rejected)s
WHERE {_OF}"""  # noqa: S608

_NOTE_MOVED = """
INSERT INTO backfill_revisions AS r (tenant_id, backfill_id, period_id, events)
VALUES (%(tenant)s, %(backfill)s, %(period)s, %(events)s::json)
ON CONFLICT (tenant_id, backfill_id, period_id) DO UPDATE SET events = CASE
  WHEN json_array_length(r.events) >= %(most)s THEN r.events
  ELSE (r.events::jsonb || excluded.events::jsonb)::json END"""

_TAKE_MOVED = f"""
DELETE FROM backfill_revisions WHERE {_OF} AND period_id IN (
  SELECT period_id FROM backfill_revisions WHERE {_OF} ORDER BY period_id LIMIT %(most)s)
RETURNING period_id, events"""  # noqa: S608

_OUTCOME = f"""
SELECT new, unmatched, repeated, conflicting, rejected FROM backfill_progress WHERE {_OF}"""  # noqa: S608
