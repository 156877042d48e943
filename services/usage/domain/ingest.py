"""From the body of a request to usage events: decoded, and judged one by one; nothing is lost, nothing guessed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

import msgspec

from services.usage.domain.cloud_event import CloudEvent, EventError, Rejected, Window
from services.usage.domain.envelope import Envelope, accept
from services.usage.domain.event_rules import check
from services.usage.domain.json_check import may_have_duplicate_keys
from shared.errors import DomainError

MOST_EVENTS = 10_000
MOST_BYTES = 16 * 1024 * 1024
BATCH_TYPE = "application/cloudevents-batch+json"
EVENT_TYPE = "application/cloudevents+json"

_BATCH = msgspec.json.Decoder(list[Envelope])
_EVENT = msgspec.json.Decoder(Envelope)
_ROWS = msgspec.json.Decoder(list[msgspec.Raw])


class MalformedBody(DomainError):
    """Not JSON in UTF-8 of the shape that its content type promises. NaN and Infinity are no JSON."""


class BodyTooLarge(DomainError):
    """More bytes or more events than one request may hold."""


class UnsupportedContentType(DomainError):
    """Neither a CloudEvents batch nor a single event, structured or binary."""


@dataclass(frozen=True, slots=True)
class Decoded:
    accepted: list[CloudEvent]
    rejected: list[Rejected]

    @property
    def errors(self) -> list[EventError]:
        return [error for rejected in self.rejected for error in rejected.errors]


def decode(headers: Mapping[str, str], body: bytes, window: Window) -> Decoded:
    """The events of a request in any of the three content modes of CloudEvents over HTTP; header names in lower case.

    What is wrong with one event is an error of its row; raises MalformedBody, BodyTooLarge or UnsupportedContentType
    for what is wrong with the whole. Whether errors refuse the batch (strict) is for the caller to say.
    """
    if len(body) > MOST_BYTES:
        raise BodyTooLarge(f"at most {MOST_BYTES} bytes: send smaller batches")
    content_type = _content_type(headers)
    if content_type == BATCH_TYPE:
        return decode_batch(body, window)
    if content_type == EVENT_TYPE:
        return _judged([check(0, _whole(body), window)])
    if "ce-specversion" in headers or "ce-id" in headers:
        return _judged([check(0, _structured(headers, body), window)])
    raise UnsupportedContentType(f"send {BATCH_TYPE}, {EVENT_TYPE} or ce- headers")


def faultless(headers: Mapping[str, str], body: bytes, window: Window) -> list[CloudEvent] | None:
    """The events of a structured request that has nothing wrong with it. None for all else, whatever it may be: for
    callers who have no time to find out."""
    content_type = _content_type(headers)
    try:
        if content_type == BATCH_TYPE:
            return _all_accepted(_BATCH.decode(body), msgspec.json.decode(body), body, window)
        if content_type == EVENT_TYPE:
            return _all_accepted([_EVENT.decode(body)], msgspec.json.decode(body), body, window)
    except (ValueError, RecursionError):  # msgspec raises nothing else
        return None
    return None


def decode_batch(body: bytes, window: Window) -> Decoded:
    """A faultless batch is decoded at once; as soon as anything is wrong, each event is looked at by itself."""
    try:
        everything = msgspec.json.decode(body)
        envelopes = _BATCH.decode(body)
    except (msgspec.ValidationError, RecursionError):
        return _row_by_row(body, window)
    except ValueError as error:
        raise MalformedBody(_reason(error)) from error
    _check_count(len(envelopes))
    events = _all_accepted(envelopes, everything, body, window)
    return _row_by_row(body, window) if events is None else Decoded(events, [])


def _all_accepted(envelopes: list[Envelope], everything: Any, body: bytes, window: Window) -> list[CloudEvent] | None:
    """`everything` is the body as it is read without expecting anything."""
    if len(envelopes) > MOST_EVENTS or b"\\u0000" in body or may_have_duplicate_keys(body, everything):
        return None
    return accept(envelopes, window)


def _row_by_row(body: bytes, window: Window) -> Decoded:
    try:
        rows = _ROWS.decode(body)
    except (ValueError, RecursionError) as error:
        raise MalformedBody(_reason(error)) from error
    _check_count(len(rows))
    return _judged([check(index, bytes(row), window) for index, row in enumerate(rows)])


def _judged(rows: list[CloudEvent | Rejected]) -> Decoded:
    return Decoded(
        [row for row in rows if isinstance(row, CloudEvent)], [row for row in rows if isinstance(row, Rejected)]
    )


def _structured(headers: Mapping[str, str], body: bytes) -> bytes:
    """Binary mode as the one structured event that it stands for."""
    attributes: dict[str, Any] = {
        name.removeprefix("ce-"): unquote(value) for name, value in headers.items() if name.startswith("ce-")
    }
    attributes["datacontenttype"] = headers.get("content-type", "application/json")
    if body.strip():
        attributes["data"] = msgspec.Raw(_whole(body))
    return msgspec.json.encode(attributes)


def _whole(body: bytes) -> bytes:
    """The body, if it is one JSON value; looking inside is for the rules of an event."""
    try:
        msgspec.json.decode(body, type=msgspec.Raw)
    except (ValueError, RecursionError) as error:
        raise MalformedBody(_reason(error)) from error
    return body


def _content_type(headers: Mapping[str, str]) -> str:
    return headers.get("content-type", "").partition(";")[0].strip().lower()


def _check_count(count: int) -> None:
    if count > MOST_EVENTS:
        raise BodyTooLarge(f"at most {MOST_EVENTS} events: send smaller batches")


def _reason(error: Exception) -> str:
    """What the parser says names a place, never the content."""
    if isinstance(error, msgspec.ValidationError):
        return "a batch is a JSON array of events"
    return str(error) if isinstance(error, msgspec.DecodeError) else "the body is not JSON in UTF-8"
