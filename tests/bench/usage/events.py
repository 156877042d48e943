"""The events that are sent: gate uses of 16 airlines, each with an id of its own, as a program writes them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import count
from typing import Any
from uuid import uuid4

import msgspec

from services.usage.domain.cloud_event import CloudEvent

BATCH = "application/cloudevents-batch+json"
SINGLE = "application/cloudevents+json"
SUBJECTS = [f"airline-{number:02}" for number in range(16)]
TYPE = "gate.used"
DATA = {"minutes": "42.5", "gate": "A12", "flight": 1234, "origin": "EWR"}


def requests(token: str, size: int, number: int) -> Iterator[bytes]:
    """With `size` events each, of the connection with this number."""
    numbers = count()
    subject = SUBJECTS[number % len(SUBJECTS)]
    content_type, template = (BATCH, _batch(size)) if size > 1 else (SINGLE, _event(subject))
    length = len(template % tuple(range(size)))
    head = (
        f"POST /v1/events HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}\r\n"
        f"Content-Type: {content_type}\r\nContent-Length: {length}\r\n\r\n"
    ).encode()
    while True:
        yield head + template % tuple(next(numbers) for _ in range(size))


def events(total: int) -> list[CloudEvent]:
    """The same, as they are in the log."""
    name, now, data = uuid4().hex, datetime.now(UTC), msgspec.Raw(msgspec.json.encode(DATA))
    return [CloudEvent(f"{name}-{n}", "/gates", TYPE, SUBJECTS[n % len(SUBJECTS)], now, data) for n in range(total)]


def _batch(size: int) -> bytes:
    return b"[" + b",".join(_event(SUBJECTS[n % len(SUBJECTS)]) for n in range(size)) + b"]"


def _event(subject: str) -> bytes:
    """With a place for its number; the rest of its id belongs to this template alone."""
    event: dict[str, Any] = {"specversion": "1.0", "id": f"{uuid4().hex}-NUMBER", "source": "/gates", "type": TYPE}
    event |= {"subject": subject, "time": datetime.now(UTC).isoformat(), "data": DATA}
    return msgspec.json.encode(event).replace(b"NUMBER", b"%09d")
