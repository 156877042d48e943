"""What the ledger is told of an event: where its rule needs it, with what happened to the same stream before."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from services.billing.domain.invoice import INVOICE
from services.billing.domain.ledger.rules import RULES
from services.billing.domain.ledger.telling import Telling
from shared.event_store import Recorded, StreamKey
from shared.event_types import EventTypes
from shared.statements import run

# The aggregates of which an event does not say all.
_TYPES = EventTypes([INVOICE])

Tellings = dict[tuple[StreamKey, int], Telling[Any]]


def tellings(tx: Connection, recorded: Sequence[Recorded]) -> Tellings:
    """By stream and version, of all events that move money. The log is asked only for what is not in `recorded`."""
    needed = {entry.key for entry in recorded if _needs_before(entry)}
    streams = _before(tx, recorded, needed)
    found: Tellings = {}
    for entry in recorded:
        before = streams.get(entry.key, [])
        if type(entry.event) in RULES:
            found[entry.key, entry.version] = Telling(entry.event, entry.cause.occurred_at, tuple(before))
        if entry.key in needed:
            before.append(entry.event)
    return found


def _needs_before(entry: Recorded) -> bool:
    rule = RULES.get(type(entry.event))
    return rule is not None and rule.needs_before


def _before(tx: Connection, recorded: Sequence[Recorded], needed: set[StreamKey]) -> dict[StreamKey, list[Any]]:
    """What happened to each of these streams before the first of its events that are recorded now."""
    first: dict[StreamKey, int] = {}
    for entry in recorded:
        first.setdefault(entry.key, entry.version)
    streams: dict[StreamKey, list[Any]] = {key: [] for key in needed}
    asked: dict[tuple[UUID, str], list[StreamKey]] = defaultdict(list)
    for key in needed:
        if first[key] > 1:
            asked[key.tenant_id, key.category].append(key)
    for (tenant_id, category), keys in asked.items():
        where = {"tenant": tenant_id, "category": category, "ids": [key.stream_id for key in keys]}
        for stream_id, version, name, data in run(tx, _LOAD, where):
            key = StreamKey(tenant_id, category, stream_id)
            if version < first[key]:
                streams[key].append(_TYPES.decode(category, name, data))
    return streams


_LOAD = """
SELECT stream_id, version, type, data::text FROM events
WHERE tenant_id = %(tenant)s AND category = %(category)s AND stream_id = ANY(%(ids)s)
ORDER BY stream_id, version"""
