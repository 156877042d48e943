"""Messages between services: CloudEvents 1.0 envelopes in JSON, one per published event."""

from __future__ import annotations

import builtins
from datetime import datetime
from typing import Any, ClassVar, TypeVar
from uuid import UUID

import msgspec
from uuid_utils.compat import uuid5

_NAMESPACE = UUID("6e5bd0c4-6d5a-5c0f-9e0b-0f1c5a2c7f10")
Body = TypeVar("Body", bound="Contract")


class Contract(msgspec.Struct, frozen=True, kw_only=True):
    """Base of every published body. Unknown fields are ignored; a field is only ever added, as optional."""

    TYPE: ClassVar[str]


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """`source` names producer and category (`/billing/invoice`), `subject` the stream, `sequence` counts what the
    stream has published, so that a consumer can tell a repeat from a gap. `time` is when it took effect."""

    id: UUID
    source: str
    type: str
    subject: UUID
    time: datetime
    tenantid: UUID
    sequence: int
    correlationid: str
    causationid: str | None = None
    specversion: str = "1.0"
    datacontenttype: str = "application/json"
    data: msgspec.Raw = msgspec.Raw(b"{}")

    def read(self, contract: builtins.type[Body]) -> Body:
        return msgspec.json.decode(self.data, type=contract)


_decoder = msgspec.json.Decoder(Message)


def message_id(service: str, tenant_id: UUID, category: str, stream_id: UUID, sequence: int) -> UUID:
    """The same event always gives the same id, also when it is published again."""
    return uuid5(_NAMESPACE, f"{service}/{tenant_id}/{category}/{stream_id}/{sequence}")


def decode(value: bytes | str) -> Message:
    """Raises ValueError for what is no envelope; the body stays as it is until somebody reads it."""
    return _decoder.decode(value)


def encode(message: Message) -> str:
    return msgspec.json.encode(message).decode()


def body(contract: Contract) -> msgspec.Raw:
    return msgspec.Raw(msgspec.json.encode(contract))


def context_of(message: Message, principal: str) -> dict[str, Any]:
    """What the consumer's events remember of the message that caused them."""
    return {"principal": principal, "correlation_id": message.correlationid, "causation_id": str(message.id)}
