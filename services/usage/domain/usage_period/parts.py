"""Totals that one message has no room for are told in parts: each is an event of its own, the last one what happened."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TypeVar

import msgspec

from services.usage.domain.tally import GroupTotal
from services.usage.domain.usage_period.events import (
    InParts,
    PartOf,
    UsagePeriodAdvanced,
    UsagePeriodClosed,
    UsagePeriodEvent,
    UsagePeriodPartTold,
    UsagePeriodRemetered,
    UsagePeriodRevised,
    UsagePeriodShortened,
)
from services.usage.domain.usage_period.state import EventName, Totals

# Of JSON. A topic takes 1 MiB; a message has its envelope and the terms beside what is told.
MOST_BYTES = 900_000
_ESCAPED = 6  # bytes of a character in JSON, at most
_BESIDE_TEXTS = 200  # bytes that a total or a name has in JSON beside its texts, at most

Row = TypeVar("Row", GroupTotal, EventName)
Telling = UsagePeriodAdvanced | UsagePeriodRemetered | UsagePeriodShortened | UsagePeriodClosed | UsagePeriodRevised
Slice = tuple[Totals, tuple[EventName, ...]]

_json = msgspec.json.Encoder()


def told(happened: Telling) -> list[UsagePeriodEvent]:
    """What happened, behind its first parts where it is told in parts. Of a revision the totals before it count for whether
    one message has room; no part tells them."""
    match happened:
        case UsagePeriodRevised(after=totals, before=before, events=names):
            return _told(happened, "revised", totals, before, names)
        case UsagePeriodClosed(totals=totals):
            return _told(happened, "closed", totals)
        case _:
            return _told(happened, "advanced", happened.totals)


def _told(
    happened: Telling, of: PartOf, totals: Totals, before: Totals = (), names: tuple[EventName, ...] = ()
) -> list[UsagePeriodEvent]:
    if _fit(totals, before, names):
        return [happened]
    slices: list[Slice] = [*((some, ()) for some in _cut(totals)), *(((), some) for some in _cut(names))]
    first = [
        UsagePeriodPartTold(of=of, terms=happened.terms, part=n, parts=len(slices), totals=some, events=some_names)
        for n, (some, some_names) in enumerate(slices[:-1], start=1)
    ]
    by_then = sum(len(part.totals) for part in first), sum(len(part.events) for part in first)
    return [*first, replace(happened, in_parts=InParts(max(len(slices), 1), *by_then))]


def _fit(totals: Totals, before: Totals, names: Sequence[EventName]) -> bool:
    """Nearly always the lengths of the texts say it."""
    rows = len(totals) + len(before) + len(names)
    texts = sum(len(total.group) for total in (*totals, *before)) + sum(len(each.source + each.id) for each in names)
    if _ESCAPED * texts + _BESIDE_TEXTS * rows <= MOST_BYTES:
        return True
    return sum(map(_size, (*totals, *before))) + sum(map(_size, names)) <= MOST_BYTES


def _cut(rows: Sequence[Row]) -> Iterator[tuple[Row, ...]]:
    """In their order, as many at a time as a message has room for."""
    some: list[Row] = []
    size = 0
    for row in rows:
        if some and size + _size(row) > MOST_BYTES:
            yield tuple(some)
            some, size = [], 0
        some.append(row)
        size += _size(row)
    if some:
        yield tuple(some)


def _size(row: GroupTotal | EventName) -> int:
    return len(_json.encode(row)) + 1
