"""One row of a backfill, as the JSON text of a CloudEvent: judged like an event that is sent, but for its time."""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from services.usage.domain.amendment import is_amendment
from services.usage.domain.cloud_event import CloudEvent, Rejected, Window
from services.usage.domain.envelope import Envelope, accept
from services.usage.domain.event_rules import check, rejected
from services.usage.domain.json_check import may_have_duplicate_keys

_ENVELOPE = msgspec.json.Decoder(Envelope)


class Row(NamedTuple):
    """`line` is where it begins, from 1. With a `fault`, `text` is what stands there, and no event."""

    line: int
    text: bytes
    fault: str | None = None


def judge(row: Row, window: Window) -> CloudEvent | Rejected:
    """A row says when it happened: what is taken for now today is something else when the file is loaded again.

    Amendments are refused, since the last one said holds and rows of a batch are not said one after the other.
    """
    line, text, fault = row
    if fault is not None:
        return refused(row, window, "", "malformed_row", fault)
    event = _faultless(text, window) or check(line, text, window)
    if isinstance(event, Rejected):
        return event
    if _ENVELOPE.decode(text).time is None:
        return refused(row, window, "/time", "missing", "is required in a backfill")
    if is_amendment(event.type):
        detail = "is said one by one: send it to POST /v1/events"
        return refused(row, window, "/type", "amendment_in_backfill", detail)
    return event


def refused(row: Row, window: Window, pointer: str, code: str, message: str) -> Rejected:
    return rejected(row.line, row.text, [(pointer, code, message)], window.now)


def _faultless(text: bytes, window: Window) -> CloudEvent | None:
    try:
        envelope = _ENVELOPE.decode(text)
        events = None if envelope.time is None else accept([envelope], window)
        if events is None or b"\\u0000" in text or may_have_duplicate_keys(text, msgspec.json.decode(text)):
            return None
    except (ValueError, RecursionError):
        return None
    return events[0]
