"""What a commit would do: it is played on copies of the session, chunk by chunk, and told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Connection, Engine

from services.usage.domain.backfill import Outcome
from services.usage.domain.tally import GroupTotal
from services.usage.metering.apply import meter
from services.usage.metering.backfill_commit import arrivals
from services.usage.metering.backfill_loads import CHUNKS, BackfillKey, Chunk
from services.usage.metering.counts import Kind
from services.usage.metering.session_copies import copies, copy_for
from services.usage.metering.totals import Totals, totals_of
from services.usage.metering.watches import PeriodKey

MOST_UNMATCHED = 100
PERIODS_AT_ONCE = 1000


class Lost(msgspec.Struct, frozen=True):
    """Events of one type and subject that no period would count, and why."""

    type: str
    subject: str
    reason: str
    rows: int


class Preview(msgspec.Struct, frozen=True):
    """`of_rows` were staged when it was made; `lost` names the most frequent ones."""

    made_at: datetime
    of_rows: int
    outcome: Outcome
    periods: int
    closed_periods: int
    lost: list[Lost]


@dataclass(frozen=True, slots=True)
class Change:
    period: PeriodKey
    before: Totals
    after: Totals


@dataclass(slots=True)
class Played:
    """What was seen so far; `closed` are periods that would be revised."""

    rows: int = 0
    counts: Counter[Kind] = field(default_factory=Counter)
    before: dict[PeriodKey, Totals] = field(default_factory=dict)
    closed: set[PeriodKey] = field(default_factory=set)


class Asked(NamedTuple):
    key: BackfillKey
    at: datetime


def asked(tx: Connection) -> Asked | None:
    """The batch of which a preview is wanted for longest."""
    row = tx.exec_driver_sql(_ASKED).first()
    return None if row is None else Asked(BackfillKey(row.tenant_id, row.backfill_id), row.preview_asked_at)


def play(engine: Engine, asked: Asked, now: datetime) -> tuple[Preview, list[Change]] | None:
    """None where another worker is at it. Nothing of everybody's is changed, or locked for longer than a chunk takes."""
    played, key = Played(), asked.key
    with copies(engine) as tx:
        if not _is_mine(tx, key):
            return None
        for chunk in _chunks(tx, key):
            _play_chunk(tx, key, chunk, played, now)
        with tx.begin():
            changes = _changes(tx, played)
            lost = [Lost(*row) for row in tx.exec_driver_sql(_LOST, {"most": MOST_UNMATCHED})]
    preview = Preview(now, played.rows, _outcome(played.counts), len(changes), len(played.closed), lost)
    return preview, changes


def keep(tx: Connection, asked: Asked, preview: Preview, changes: Sequence[Change]) -> None:
    """If it is still asked for: a batch that was committed or discarded meanwhile has none."""
    key, shown = asked.key, msgspec.json.encode(preview).decode()
    if not tx.exec_driver_sql(_KEEP, {**key.named, "preview": shown, "at": asked.at}).rowcount:
        return
    tx.exec_driver_sql(_FORGET_CHANGES, key.named)
    for start in range(0, len(changes), PERIODS_AT_ONCE):
        rows = [_row(change) for change in changes[start : start + PERIODS_AT_ONCE]]
        tx.exec_driver_sql(_KEEP_CHANGES, {**key.named, "rows": msgspec.json.encode(rows).decode()})


def _is_mine(tx: Connection, key: BackfillKey) -> bool:
    """For as long as this session lasts."""
    with tx.begin():
        return bool(tx.exec_driver_sql(_CLAIM, {"key": str(key.backfill_id)}).scalar_one())


def _chunks(tx: Connection, key: BackfillKey) -> Iterator[Chunk]:
    after = 0
    while True:
        with tx.begin():
            row = tx.exec_driver_sql(_NEXT, {**key.named, "after": after}).first()
        if row is None:
            return
        after = row.number
        yield CHUNKS.decode(row.content)


def _play_chunk(tx: Connection, key: BackfillKey, chunk: Chunk, played: Played, now: datetime) -> None:
    with tx.begin():
        new = copy_for(tx, key.tenant_id, chunk.events)
        played.before |= totals_of(tx, [PeriodKey(key.tenant_id, period_id) for period_id in new])
        metered = meter(tx, [arrivals(key, chunk, now)])
    played.rows += chunk.rows
    played.counts.update(metered.counts.get(key.tenant_id, {}))
    played.closed.update(metered.late)


def _changes(tx: Connection, played: Played) -> list[Change]:
    after = totals_of(tx, played.before)
    found = [Change(key, before, after[key]) for key, before in sorted(played.before.items())]
    return [change for change in found if change.before != change.after]


def _outcome(counts: Counter[Kind]) -> Outcome:
    return Outcome(
        new=counts["metered"] + counts["unmatched"],
        unmatched=counts["unmatched"],
        repeated=counts["repeated"],
        conflicting=counts["conflicting"],
        rejected=counts["rejected"],
    )


def _row(change: Change) -> dict[str, Any]:
    return {"period_id": change.period.period_id, "before": change.before, "after": change.after}


def totals_from(rows: Any) -> Totals:
    """As they were kept with a preview."""
    return msgspec.convert(rows, tuple[GroupTotal, ...], strict=False)


_OF = "tenant_id = %(tenant)s AND backfill_id = %(backfill)s"

_ASKED = """
SELECT tenant_id, backfill_id, preview_asked_at FROM backfill_progress WHERE preview_asked_at IS NOT NULL
ORDER BY preview_asked_at LIMIT 1"""

_CLAIM = "SELECT pg_try_advisory_lock(hashtextextended(%(key)s, 12))"

_NEXT = f"""
SELECT number, content FROM backfill_chunks WHERE {_OF} AND number > %(after)s ORDER BY number LIMIT 1"""  # noqa: S608

_LOST = """
SELECT type, subject, reason, count(*) FROM pg_temp.usage_unmatched
GROUP BY type, subject, reason ORDER BY count(*) DESC, type, subject, reason LIMIT %(most)s"""

_FORGET_CHANGES = f"DELETE FROM backfill_changes WHERE {_OF}"  # noqa: S608

_KEEP_CHANGES = """
INSERT INTO backfill_changes (tenant_id, backfill_id, period_id, before, after)
SELECT %(tenant)s, %(backfill)s, period_id, before, after
FROM json_to_recordset(%(rows)s::json) AS row(period_id uuid, before json, after json)"""

_KEEP = f"""
UPDATE backfill_progress SET preview_asked_at = NULL, preview = %(preview)s::json
WHERE {_OF} AND preview_asked_at = %(at)s"""  # noqa: S608
