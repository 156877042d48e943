"""What is loaded into a backfill, staged some thousands of rows at a time: a load goes on where an earlier one ended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import msgspec
from sqlalchemy import Connection

from services.usage.domain.backfill import BackfillNotFound, BackfillNotOpen, Limits
from services.usage.domain.cloud_event import CloudEvent, Rejected
from shared.errors import Conflict, DomainError


class BackfillTooLarge(DomainError):
    """More than one batch may hold."""


class TooManyRejected(DomainError):
    """So many rows are wrong that the file is likely to be another one than was meant."""


class LoadInFlight(Conflict):
    """The same content is loaded by another request at this moment."""


class LoadsIncomplete(Conflict):
    """What was loaded in part is neither looked at nor committed."""


class Chunk(msgspec.Struct, frozen=True):
    """Rows as they are kept until they are counted."""

    events: list[CloudEvent]
    rejected: list[Rejected]

    @property
    def rows(self) -> int:
        return len(self.events) + len(self.rejected)


@dataclass(frozen=True, slots=True)
class BackfillKey:
    tenant_id: UUID
    backfill_id: UUID

    @property
    def named(self) -> dict[str, UUID]:
        return {"tenant": self.tenant_id, "backfill": self.backfill_id}


@dataclass(frozen=True, slots=True)
class Load:
    """`rows` are staged, the `rejected` ones among them."""

    load_id: UUID
    rows: int
    rejected: int
    is_complete: bool


CHUNKS = msgspec.json.Decoder(Chunk)


def begin_load(tx: Connection, key: BackfillKey, load_id: UUID, format_: str, size: int, now: datetime) -> Load:
    """The load of this content as it stands, made if there is none. Raises BackfillNotFound, BackfillNotOpen."""
    check_open(tx, key)
    tx.exec_driver_sql(_BEGIN, {**key.named, "load": load_id, "format": format_, "bytes": size, "at": now})
    row = tx.exec_driver_sql(_LOAD, {**key.named, "load": load_id}).one()
    return Load(load_id, row.rows, row.rejected, row.is_complete)


def stage_chunk(tx: Connection, key: BackfillKey, load: Load, chunk: Chunk, limits: Limits, now: datetime) -> Load:
    """Stages the next rows of a load, and with them how far it is. Raises LoadInFlight, BackfillTooLarge,
    TooManyRejected."""
    check_open(tx, key)
    content = msgspec.json.encode(chunk)
    added = {"rows": chunk.rows, "rejected": len(chunk.rejected)}
    moved = tx.exec_driver_sql(_MOVE, {**key.named, **added, "load": load.load_id, "from": load.rows, "at": now})
    if not moved.rowcount:
        raise LoadInFlight("the same content is being loaded by another request: ask GET /v1/backfills/{id}/loads")
    _check(tx.exec_driver_sql(_STAGED, {**key.named, **added, "bytes": len(content), "at": now}).one(), limits)
    tx.exec_driver_sql(_KEEP, {**key.named, "load": load.load_id, "rows": chunk.rows, "content": content})
    _list_rejected(tx, key, load, chunk.rejected)
    return Load(load.load_id, load.rows + chunk.rows, load.rejected + len(chunk.rejected), is_complete=False)


def complete_load(tx: Connection, key: BackfillKey, load: Load) -> Load:
    tx.exec_driver_sql(_COMPLETE, {**key.named, "load": load.load_id})
    return Load(load.load_id, load.rows, load.rejected, is_complete=True)


def drop_load(tx: Connection, key: BackfillKey, load_id: UUID) -> None:
    """As if nothing of it had ever been loaded: for content that turns out to be no file of ours."""
    check_open(tx, key)
    named = {**key.named, "load": load_id}
    for statement in (_DROP_COUNTED, _DROP_CHUNKS, _DROP_REJECTED, _DROP_LOAD):
        tx.exec_driver_sql(statement, named)


def check_complete(tx: Connection, key: BackfillKey) -> None:
    """Holds off further loads until the end of this transaction. Raises LoadsIncomplete."""
    tx.exec_driver_sql(_LOCK, key.named)
    partly = tx.exec_driver_sql(_PARTLY, key.named).scalar_one()
    if partly:
        raise LoadsIncomplete(
            f"{partly} loads ended before their end: load the same content again, or discard the batch"
        )


def ask_for_preview(tx: Connection, key: BackfillKey, now: datetime) -> None:
    tx.exec_driver_sql(_ASK, {**key.named, "at": now})


def forget_question(tx: Connection, key: BackfillKey) -> None:
    """Nobody needs a preview of what is committed or discarded."""
    tx.exec_driver_sql(_FORGET_QUESTION, key.named)


def check_open(tx: Connection, key: BackfillKey) -> None:
    """It stays open until the end of this transaction."""
    status = tx.exec_driver_sql(_STATUS, key.named).scalar()
    if status is None:
        raise BackfillNotFound("no such backfill")
    if status != "open":
        raise BackfillNotOpen(f"it is {status}: open another one, under another name")


def _check(staged: object, limits: Limits) -> None:
    rows, size, rejected = (int(value) for value in staged)  # type: ignore[attr-defined]
    if rows > limits.rows or size > limits.bytes:
        raise BackfillTooLarge(f"a batch has at most {limits.rows} rows and {limits.bytes} bytes: open another one")
    if rejected > limits.rejected:
        raise TooManyRejected(f"more than {limits.rejected} rows of the batch are wrong: look at the first of them")


def _list_rejected(tx: Connection, key: BackfillKey, load: Load, rejected: Sequence[Rejected]) -> None:
    rows = [{"line": each.index, "text": each.text, "errors": each.errors} for each in rejected]
    if rows:
        named = {**key.named, "load": load.load_id, "rows": msgspec.json.encode(rows).decode()}
        tx.exec_driver_sql(_LIST, named)


_OF = "tenant_id = %(tenant)s AND backfill_id = %(backfill)s"

_STATUS = f"SELECT status FROM backfills WHERE {_OF} FOR SHARE"  # noqa: S608 - a constant

_LOCK = f"SELECT FROM backfills WHERE {_OF} FOR UPDATE"

_BEGIN = """
INSERT INTO backfill_loads (tenant_id, backfill_id, load_id, format, bytes, rows, rejected, is_complete, loaded_at)
VALUES (%(tenant)s, %(backfill)s, %(load)s, %(format)s, %(bytes)s, 0, 0, false, %(at)s) ON CONFLICT DO NOTHING"""

_LOAD = f"SELECT rows, rejected, is_complete FROM backfill_loads WHERE {_OF} AND load_id = %(load)s"  # noqa: S608

_MOVE = f"""
UPDATE backfill_loads SET rows = rows + %(rows)s, rejected = rejected + %(rejected)s, loaded_at = %(at)s
WHERE {_OF} AND load_id = %(load)s AND rows = %(from)s AND NOT is_complete"""  # noqa: S608

_STAGED = """
INSERT INTO backfill_progress AS p (tenant_id, backfill_id, staged_rows, staged_bytes, staged_rejected, touched_at)
VALUES (%(tenant)s, %(backfill)s, %(rows)s, %(bytes)s, %(rejected)s, %(at)s)
ON CONFLICT (tenant_id, backfill_id) DO UPDATE SET
  staged_rows = p.staged_rows + excluded.staged_rows, staged_bytes = p.staged_bytes + excluded.staged_bytes,
  staged_rejected = p.staged_rejected + excluded.staged_rejected, touched_at = excluded.touched_at
RETURNING staged_rows, staged_bytes, staged_rejected"""

_KEEP = """
INSERT INTO backfill_chunks (tenant_id, backfill_id, load_id, rows, content)
VALUES (%(tenant)s, %(backfill)s, %(load)s, %(rows)s, %(content)s)"""

_LIST = """
INSERT INTO backfill_rejected (tenant_id, backfill_id, load_id, line, text, errors)
SELECT %(tenant)s, %(backfill)s, %(load)s, line, text, errors
FROM json_to_recordset(%(rows)s::json) AS row(line int, text text, errors json)"""

_COMPLETE = f"UPDATE backfill_loads SET is_complete = true WHERE {_OF} AND load_id = %(load)s"  # noqa: S608

_DROP_COUNTED = f"""
UPDATE backfill_progress AS p SET staged_rows = p.staged_rows - l.rows, staged_rejected = p.staged_rejected - l.rejected,
  staged_bytes = p.staged_bytes - coalesce((
    SELECT sum(octet_length(content)) FROM backfill_chunks WHERE {_OF} AND load_id = %(load)s), 0)
FROM backfill_loads AS l
WHERE p.tenant_id = %(tenant)s AND p.backfill_id = %(backfill)s
  AND l.tenant_id = p.tenant_id AND l.backfill_id = p.backfill_id AND l.load_id = %(load)s"""  # noqa: S608

_DROP_CHUNKS = f"DELETE FROM backfill_chunks WHERE {_OF} AND load_id = %(load)s"  # noqa: S608

_DROP_REJECTED = f"DELETE FROM backfill_rejected WHERE {_OF} AND load_id = %(load)s"  # noqa: S608

_DROP_LOAD = f"DELETE FROM backfill_loads WHERE {_OF} AND load_id = %(load)s"  # noqa: S608

_PARTLY = f"SELECT count(*) FROM backfill_loads WHERE {_OF} AND NOT is_complete"  # noqa: S608

_ASK = """
INSERT INTO backfill_progress AS p (tenant_id, backfill_id, preview_asked_at, touched_at)
VALUES (%(tenant)s, %(backfill)s, %(at)s, %(at)s)
ON CONFLICT (tenant_id, backfill_id) DO UPDATE SET preview_asked_at = coalesce(p.preview_asked_at, %(at)s)"""

_FORGET_QUESTION = f"UPDATE backfill_progress SET preview_asked_at = NULL WHERE {_OF}"  # noqa: S608
