"""Rows of JSON: one event a line, or a CloudEvents batch."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

import msgspec

from services.usage.domain.backfill_row import Row
from services.usage.domain.ingest import MOST_BYTES, MOST_EVENTS
from services.usage.files.lines import MalformedFile, bounded_lines

_ROWS = msgspec.json.Decoder(list[msgspec.Raw])


def json_lines(file: BinaryIO) -> Iterator[Row]:
    """Empty lines are none."""
    for number, line in enumerate(bounded_lines(file), start=1):
        if text := line.strip():
            yield Row(number, text)


def json_batch(file: BinaryIO) -> Iterator[Row]:
    """Small enough to be read at once, as by the ingest; `line` is the event's place in it, from 1."""
    body = file.read(MOST_BYTES + 1)
    if len(body) > MOST_BYTES:
        raise MalformedFile(f"a batch has at most {MOST_BYTES} bytes: send several, or a file of lines")
    try:
        rows = _ROWS.decode(body)
    except (ValueError, RecursionError):
        raise MalformedFile("not a JSON array of events in UTF-8") from None
    if len(rows) > MOST_EVENTS:
        raise MalformedFile(f"a batch has at most {MOST_EVENTS} events: send several, or a file of lines")
    for number, row in enumerate(rows, start=1):
        yield Row(number, bytes(row))
