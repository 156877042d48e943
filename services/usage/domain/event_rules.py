"""One event of a batch that is not faultless: everything that is wrong with it, named."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import msgspec

from services.usage.domain.amendment import MalformedAmendment, amendment_of, is_amendment
from services.usage.domain.cloud_event import CloudEvent, EventError, Rejected, Window, as_sent
from services.usage.domain.envelope import (
    JSON_TYPE,
    LONGEST_DATA,
    LONGEST_EVENT,
    LONGEST_NAME,
    NO_DATA,
    Instant,
    in_utc,
)
from services.usage.domain.json_check import DEEPEST, depth, has_duplicate_keys

CUT, NOT_METERED = "cut", "not_metered"
_NAMES = ("id", "source", "type", "subject")

Problem = tuple[str, str, str]  # pointer, code, message


class _Parts(msgspec.Struct):
    data: msgspec.Raw = NO_DATA


def check(index: int, text: bytes, window: Window) -> CloudEvent | Rejected:
    """The event of this JSON text, or why it is none. One without a time happens at the window's now."""
    decoded, problems = _decode(text)
    if not problems:
        problems = list(_problems(decoded, text, window))
    if problems:
        return _rejected(index, text, decoded, problems, window)
    time = _instant(decoded.get("time"))
    return CloudEvent(
        decoded["id"],
        decoded["source"],
        decoded["type"],
        decoded["subject"],
        window.now if time is None else time,
        msgspec.json.decode(text, type=_Parts).data,
    )


def _decode(text: bytes) -> tuple[Any, list[Problem]]:
    try:
        decoded = msgspec.json.decode(text)
    except RecursionError:
        return None, [("", "too_deep", f"nested more than {DEEPEST} deep")]
    except msgspec.ValidationError:
        return None, [("", "number_out_of_range", "a number is larger than any that can be counted")]
    except ValueError:
        return None, [("", "malformed_json", "a text that is not Unicode")]
    return (decoded, []) if isinstance(decoded, dict) else (None, [("", "not_an_object", "an event is an object")])


def _problems(event: dict[str, Any], text: bytes, window: Window) -> Iterator[Problem]:
    if event.get("specversion") != "1.0":
        yield "/specversion", "unsupported_specversion", "CloudEvents 1.0 is understood, no other version"
    for name in _NAMES:
        yield from _problems_of_name(f"/{name}", event.get(name))
    yield from _problems_of_time(event.get("time"), window)
    yield from _problems_of_data(event, text)


def _problems_of_name(pointer: str, value: Any) -> Iterator[Problem]:
    if value is None or value == "":
        yield pointer, "missing", "is required and not empty"
    elif not isinstance(value, str):
        yield pointer, "not_a_text", "has to be a text"
    elif len(value) > LONGEST_NAME or "\0" in value:
        yield pointer, "invalid_text", f"has to be at most {LONGEST_NAME} characters, none of them NUL"


def _problems_of_time(value: Any, window: Window) -> Iterator[Problem]:
    time = window.now if value is None else _instant(value)
    if time is None:
        yield "/time", "invalid_time", "has to be an RFC 3339 instant with its offset"
    elif time < window.oldest:
        yield "/time", "too_old", "lies further back than repeats are remembered"
    elif not window.holds(time):
        yield "/time", "too_far_ahead", "lies in the future"


def _problems_of_data(event: dict[str, Any], text: bytes) -> Iterator[Problem]:
    content_type = event.get("datacontenttype")
    if "data_base64" in event or not (content_type is None or re.match(JSON_TYPE, str(content_type))):
        yield "/data", "unsupported_data", "data has to be JSON"
    elif not isinstance(event.get("data", {}), dict):
        yield "/data", "not_an_object", "data has to be an object"
    elif len(bytes(msgspec.json.decode(text, type=_Parts).data)) > LONGEST_DATA:
        yield "/data", "too_large", f"data has to be at most {LONGEST_DATA} bytes"
    elif is_amendment(str(event.get("type"))):
        yield from _problems_of_amendment(event["type"], bytes(msgspec.json.decode(text, type=_Parts).data))
    if depth(event.get("data")) > DEEPEST:
        yield "/data", "too_deep", f"nested more than {DEEPEST} deep"
    elif has_duplicate_keys(text, event):
        yield "", "duplicate_key", "an object names a key twice"


def _problems_of_amendment(type_: str, data: bytes) -> Iterator[Problem]:
    try:
        amendment_of(type_, data)
    except MalformedAmendment as error:
        yield "/data", "malformed_amendment", f"names source, id, reason, and data if it corrects: {error}"


def _instant(value: Any) -> datetime | None:
    try:
        return in_utc(msgspec.convert(value, Instant))
    except msgspec.ValidationError:
        return None


def _rejected(index: int, text: bytes, event: Any, problems: list[Problem], window: Window) -> Rejected:
    time = _instant(event.get("time")) if event else None
    return rejected(index, text, problems, time if time is not None and window.holds(time) else window.now)


def rejected(index: int, text: bytes, problems: list[Problem], at: datetime) -> Rejected:
    """What is longer than an event may be is kept to there, and says so: nobody can judge the rest again."""
    cut = [("", CUT, f"longer than {LONGEST_EVENT} bytes: of what is kept as rejected the rest is left out")]
    problems = [*problems, *(cut if len(text) > LONGEST_EVENT else [])]
    kept = text[:LONGEST_EVENT].decode(errors="replace").replace("\0", "\ufffd")
    return Rejected(index, at, kept, [EventError(index, *problem) for problem in problems])


def not_metered(event: CloudEvent) -> Rejected:
    """An event that was accepted, and that no database takes. Its place in the request that brought it is not known any
    more: its text has its source and id."""
    error = EventError(0, "", NOT_METERED, "it could not be metered; the reason was logged")
    return Rejected(0, event.time, as_sent(event).decode(), [error])
