"""The events that no total holds, each kept with the reason."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal, NamedTuple
from uuid import UUID

import msgspec
from sqlalchemy import Connection

from services.usage.domain.cloud_event import Arrivals
from services.usage.metering.counts import Counts
from services.usage.metering.stage import Staged

Reason = Literal["no_meter", "no_period", "no_original", "malformed_amendment", "archived"]


class Unmatched(NamedTuple):
    position: int
    event: Staged
    reason: Reason


class Lost(NamedTuple):
    """A stored event that was counted and that no period counts any more."""

    position: int
    reason: Reason
    type: str
    subject: str
    time: datetime


def keep_unmatched(tx: Connection, unmatched: Sequence[Unmatched]) -> None:
    rows = [
        {
            "tenant_id": staged.tenant_id,
            "position": position,
            "reason": reason,
            "type": staged.event.type,
            "subject": staged.event.subject,
            "time": staged.event.time,
        }
        for position, staged, reason in unmatched
    ]
    _insert(tx, _UNMATCHED, rows)


def found(tx: Connection, counts: Counts, tenant_id: UUID, positions: Sequence[int]) -> None:
    """What was missing for these events is there: those that were on the list of unmatched ones are metered now."""
    rows = tx.exec_driver_sql(_FOUND, {"tenant": tenant_id, "positions": list(positions)})
    counts.move(tenant_id, [row.time for row in rows], source="unmatched", target="metered")


def lose(tx: Connection, counts: Counts, tenant_id: UUID, events: Sequence[Lost]) -> None:
    """The contrary of `found`: those that are not on the list yet come on it, metered no more."""
    if events:
        rows = [{"tenant_id": tenant_id, **event._asdict()} for event in events]
        listed = tx.exec_driver_sql(_LOST, {"rows": msgspec.json.encode(rows).decode()})
        counts.move(tenant_id, [row.time for row in listed], source="metered", target="unmatched")


def keep_conflicting(tx: Connection, events: Sequence[Staged]) -> None:
    rows = [
        {
            "tenant_id": staged.tenant_id,
            "source": staged.event.source,
            "id": staged.event.id,
            "type": staged.event.type,
            "subject": staged.event.subject,
            "time": staged.event.time,
            "data": bytes(staged.event.data).decode(),
            "batch_id": staged.batch_id,
            "received_at": staged.received_at,
        }
        for staged in events
    ]
    _insert(tx, _CONFLICTING, rows)


def keep_rejected(tx: Connection, arrivals: Sequence[Arrivals]) -> None:
    rows = [
        {
            "tenant_id": arrival.tenant_id,
            "batch_id": arrival.batch_id,
            "index": rejected.index,
            "at": rejected.at,
            "text": rejected.text,
            "errors": rejected.errors,
            "received_at": arrival.received_at,
        }
        for arrival in arrivals
        for rejected in arrival.rejected
    ]
    _insert(tx, _REJECTED, rows)


def _insert(tx: Connection, statement: str, rows: Sequence[Any]) -> None:
    if rows:
        tx.exec_driver_sql(statement, {"rows": msgspec.json.encode(rows).decode()})


_UNMATCHED = """
INSERT INTO usage_unmatched (tenant_id, position, reason, type, subject, time)
SELECT tenant_id, position, reason, type, subject, time FROM json_to_recordset(%(rows)s::json) AS row(
  tenant_id uuid, position bigint, reason text, type text, subject text, time timestamptz)"""

_LOST = f"{_UNMATCHED} ON CONFLICT DO NOTHING RETURNING time"

_FOUND = "DELETE FROM usage_unmatched WHERE tenant_id = %(tenant)s AND position = ANY(%(positions)s) RETURNING time"

# Data goes as a text: its exact characters are kept, which reading it as part of the rows would not do.
_CONFLICTING = """
INSERT INTO usage_conflicting (tenant_id, source, id, type, subject, time, data, batch_id, received_at)
SELECT tenant_id, source, id, type, subject, time, data::json, batch_id, received_at
FROM json_to_recordset(%(rows)s::json) AS row(
  tenant_id uuid, source text, id text, type text, subject text, time timestamptz, data text, batch_id uuid,
  received_at timestamptz)"""

_REJECTED = """
INSERT INTO usage_rejected (tenant_id, batch_id, index, at, text, errors, received_at)
SELECT tenant_id, batch_id, index, at, text, errors, received_at FROM json_to_recordset(%(rows)s::json) AS row(
  tenant_id uuid, batch_id uuid, index int, at timestamptz, text text, errors json, received_at timestamptz)"""
