"""Messages of types that this version does not know: counted by type, logged once each, and passed over."""

from __future__ import annotations

from dataclasses import dataclass, field

from shared.logs import logger
from shared.messages import Message
from shared.metrics import MESSAGES, UNKNOWN_TYPES

MOST_TYPES = 50
OTHER = "other"


@dataclass(frozen=True, slots=True)
class UnknownTypes:
    """What one process has met. Past `MOST_TYPES` they are counted as one: a metric keeps every label for ever."""

    seen: set[str] = field(default_factory=set)

    def count(self, service: str, message: Message) -> None:
        type_ = message.type if message.type in self.seen or len(self.seen) < MOST_TYPES else OTHER
        MESSAGES.labels(service, "unknown_type").inc()
        UNKNOWN_TYPES.labels(service, type_).inc()
        if type_ not in self.seen:
            self.seen.add(type_)
            logger().warning("messages of a type that is not known are passed over", type=type_, source=message.source)
