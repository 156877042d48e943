"""The wire form of a faultless usage event: all that can be said by types is said here."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Annotated, Literal

import msgspec

from services.usage.domain.amendment import is_amendment
from services.usage.domain.cloud_event import CloudEvent, Window
from services.usage.domain.json_check import may_be_too_deep

LONGEST_NAME = 256
LONGEST_DATA = 256 * 1024
LONGEST_EVENT = LONGEST_DATA + 64 * 1024  # of JSON
NO_DATA = msgspec.Raw(b"{}")
JSON_TYPE = r"^application/([A-Za-z0-9.+-]+\+)?json( *;.*)?$"

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST_NAME)]
Instant = Annotated[datetime, msgspec.Meta(tz=True)]


class Envelope(msgspec.Struct, frozen=True, gc=False):
    """Data may be missing: some events say all by their type. Attributes that we do not know are ignored."""

    specversion: Literal["1.0"]
    id: Name
    source: Name
    type: Name
    subject: Name
    time: Instant | None = None
    data: msgspec.Raw = NO_DATA
    datacontenttype: Annotated[str, msgspec.Meta(pattern=JSON_TYPE)] | None = None
    data_base64: None = None


def accept(envelopes: Iterable[Envelope], window: Window) -> list[CloudEvent] | None:
    """The events, at the tenant's now if they name no time; None where the window or a limit says no to one of them, or
    more has to be looked at."""
    events = []
    for envelope in envelopes:
        time = window.now if envelope.time is None else in_utc(envelope.time)
        if not window.holds(time) or is_amendment(envelope.type) or not _is_fine(bytes(envelope.data)):
            return None
        events.append(CloudEvent(envelope.id, envelope.source, envelope.type, envelope.subject, time, envelope.data))
    return events


def _is_fine(data: bytes) -> bool:
    return data[:1] == b"{" and len(data) <= LONGEST_DATA and not may_be_too_deep(data)


def in_utc(time: datetime) -> datetime:
    """Instants at the edges of the calendar have no UTC of their own; they stay and are refused by the window."""
    if time.tzinfo is UTC:
        return time
    try:
        return time.astimezone(UTC)
    except OverflowError:
        return time.replace(tzinfo=UTC)
