"""Messages waiting for Kafka. Rows are deleted once acknowledged, so nothing is tracked by position."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Engine

from shared.event_store import Recorded
from shared.kafka import LARGEST_RECORD
from shared.logs import logger
from shared.messages import Contract, Message, body, encode, message_id
from shared.metrics import RELAYED
from shared.statements import Insertion, look, write_rows

Translate = Callable[[Any], Contract | None]

MOST_BYTES = LARGEST_RECORD - 1024  # beside it a record has its key and some bytes of its own


@dataclass(frozen=True, slots=True)
class Outbox:
    """A subscriber: what `translate` gives for an event is queued for the topic of its category."""

    service: str
    topics: Mapping[str, str]
    translate: Translate

    def is_published(self, event: Any) -> bool:
        return self.translate(event) is not None

    def __call__(self, tx: Connection, recorded: Sequence[Recorded]) -> None:
        write_rows(tx, _OUTBOX, [self._row(entry) for entry in recorded if entry.public_sequence is not None])

    def _row(self, recorded: Recorded) -> dict[str, Any]:
        return {
            "tenant_id": recorded.tenant_id,
            "topic": self.topics[recorded.key.category],
            "key": recorded.stream_id,
            "message": encode(self.message(recorded)),
        }

    def message(self, recorded: Recorded) -> Message:
        contract = self.translate(recorded.event)
        if contract is None or recorded.public_sequence is None:
            raise ValueError(f"{type(recorded.event).__name__} is not published")
        tenant_id, category, stream_id = recorded.key
        context = recorded.cause.context
        return Message(
            id=message_id(self.service, tenant_id, category, stream_id, recorded.public_sequence),
            source=f"/{self.service}/{category}",
            type=contract.TYPE,
            subject=stream_id,
            time=recorded.cause.occurred_at,
            tenantid=tenant_id,
            sequence=recorded.public_sequence,
            correlationid=str(context.get("correlation_id", "")),
            causationid=context.get("causation_id"),
            data=body(contract),
        )


@dataclass(frozen=True, slots=True)
class Relay:
    """Sends the oldest messages, waits for the acknowledgements, then forgets them. A crash sends them again.

    A message larger than a record may be stays, and so does what follows it in its stream; other streams go on.
    """

    engine: Engine
    send: Callable[[Iterable[tuple[str, bytes, bytes]]], None]  # (topic, key, value); returns when all are acknowledged
    service: str
    size: int = 1000
    held: set[str] = field(default_factory=set)  # the keys of streams that a message is too large of

    def step(self) -> int:
        return self._send_oldest() if has_rows(self.engine, 1) else 0

    def _send_oldest(self) -> int:
        with self.engine.begin() as tx:
            # The row locks keep a second relay from overtaking this one.
            rows = self._that_fit(tx.exec_driver_sql(_OLDEST, {"size": self.size, "held": list(self.held)}).all())
            if rows:
                self.send((row.topic, row.key.encode(), row.message.encode()) for row in rows)
                tx.exec_driver_sql("DELETE FROM outbox WHERE id = ANY(%(ids)s)", {"ids": [row.id for row in rows]})
        RELAYED.labels(self.service).inc(len(rows))
        return len(rows)

    def _that_fit(self, rows: Sequence[Any]) -> list[Any]:
        for row in rows:
            # No character has more than four bytes.
            if len(row.message) > MOST_BYTES // 4 and len(row.message.encode()) > MOST_BYTES:
                logger().error("a message too large for its topic", topic=row.topic, stream=row.key, outbox_id=row.id)
                self.held.add(row.key)
        return [row for row in rows if row.key not in self.held]


def has_rows(engine: Engine, rows: int) -> bool:
    """Whether so many messages wait, or more."""
    return bool(look(engine, "SELECT 1 FROM outbox OFFSET %(rows)s - 1 LIMIT 1", {"rows": rows}))


_OUTBOX = Insertion("outbox", {"tenant_id": "uuid", "topic": "text", "key": "text", "message": "text"})

_OLDEST = """
SELECT id, topic, key, message FROM outbox WHERE key <> ALL(%(held)s::text[]) ORDER BY id LIMIT %(size)s FOR UPDATE"""
