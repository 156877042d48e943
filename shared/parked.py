"""Messages that could not be applied: kept with their reason until a person replays or discards them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlalchemy import Connection

from shared.decider import Decider
from shared.event_store import Recorded
from shared.messages import Message, encode

TRIES_BEFORE_A_PERSON = 15
Decision = Literal["replay", "discard"]


@dataclass(frozen=True, slots=True, kw_only=True)
class DecideParkedMessage:
    decision: Decision
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ParkedMessageDecided:
    """The audit entry: who decided is in the event's context."""

    decision: Decision
    reason: str


def _decide(_: None, command: DecideParkedMessage) -> list[ParkedMessageDecided]:
    return [ParkedMessageDecided(decision=command.decision, reason=command.reason)]


def _evolve(_: None, event: ParkedMessageDecided) -> None:
    return None


PARKED_MESSAGE: Decider[None, DecideParkedMessage, ParkedMessageDecided] = Decider(
    "parked_message", None, _decide, _evolve, {"parked_message_decided": ParkedMessageDecided}
)


def project(tx: Connection, recorded: Sequence[Recorded]) -> None:
    for entry in recorded:
        if isinstance(entry.event, ParkedMessageDecided):
            tx.exec_driver_sql(
                "UPDATE parked_messages SET decision = %(decision)s WHERE tenant_id = %(tenant)s AND id = %(id)s",
                {"decision": entry.event.decision, "tenant": entry.tenant_id, "id": entry.stream_id},
            )


def reason_of(error: Exception) -> str:
    """What an operator reads: at most 2,000 characters."""
    return f"{type(error).__name__}: {error}"[:2000]


class TooManyParked(Exception):
    """What cannot be applied is not put aside any more: something is wrong with more than a message."""


def refuse_beyond(tx: Connection, most: int) -> None:
    """Raises TooManyParked. Who reads messages stands still then, and loses none."""
    if tx.exec_driver_sql(_HAS_SO_MANY, {"most": most}).first():
        raise TooManyParked(
            f"{most} messages are parked: decide about them at /v1/parked-messages, then reading goes on"
        )


def park(tx: Connection, message: Message, reason: str, at: datetime, *, waits: bool = False) -> None:
    """Keep a message that cannot be applied now.

    One that `waits` for another message is tried again by itself, less and less often, before a person is asked.
    """
    values = {
        "tenant_id": message.tenantid,
        "id": message.id,
        "source": message.source,
        "stream_id": message.subject,
        "sequence": message.sequence,
        "type": message.type,
        "message": encode(message),
        "reason": reason,
        "decision": "wait" if waits else None,
        "parked_at": at,
        "patience": TRIES_BEFORE_A_PERSON,
    }
    tx.exec_driver_sql(_PARK, values)


def forget(tx: Connection, tenant_id: UUID, id_: UUID) -> None:
    tx.exec_driver_sql(
        "DELETE FROM parked_messages WHERE tenant_id = %(tenant)s AND id = %(id)s", {"tenant": tenant_id, "id": id_}
    )


_HAS_SO_MANY = "SELECT 1 FROM parked_messages OFFSET %(most)s - 1 LIMIT 1"

_PARK = """
INSERT INTO parked_messages (tenant_id, id, source, stream_id, sequence, type, message, reason, decision, retry_at, parked_at)
VALUES (%(tenant_id)s, %(id)s, %(source)s, %(stream_id)s, %(sequence)s, %(type)s, %(message)s, %(reason)s, %(decision)s,
  %(parked_at)s, %(parked_at)s)
ON CONFLICT (tenant_id, id) DO UPDATE
SET reason = excluded.reason, attempts = parked_messages.attempts + 1,
  decision = CASE WHEN parked_messages.attempts < %(patience)s THEN excluded.decision END,
  retry_at = excluded.parked_at + LEAST(60, 0.1 * 2 ^ parked_messages.attempts) * interval '1 second'"""
