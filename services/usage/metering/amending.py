"""Retractions and corrections: kept under the name of the event they are about, which may come after them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
from msgspec.structs import replace
from sqlalchemy import Connection

from services.usage.domain.amendment import Amendment, MalformedAmendment, amendment_of, is_amendment
from services.usage.domain.event_key import event_key
from services.usage.domain.values import decode_exactly
from services.usage.metering.archived import archived_keys, archived_months
from services.usage.metering.batch import Batch, Fresh, Original
from services.usage.metering.counts import Counts
from services.usage.metering.lists import Lost, Unmatched, found, lose
from services.usage.metering.periods import seen
from services.usage.metering.stage import Staged
from services.usage.metering.watches import current_meters, why_unmatched


class Name(NamedTuple):
    """An amendment is about the event of this key, if that is one of its subject."""

    tenant_id: UUID
    key: bytes
    subject: str


@dataclass(slots=True)
class Kept:
    """All that was said about one event: the last word, and the places of all of them."""

    amendment: Amendment
    position: int | None
    by: list[int] = field(default_factory=list)


def amend(tx: Connection, batch: Batch, counts: Counts, fresh: Sequence[Fresh]) -> list[Unmatched]:
    """In the order of arrival; the last one says what holds. Those whose event is not there yet wait for it; those that
    archived events would be needed for change nothing, and are listed."""
    read, unmatched = _read(fresh)
    originals = _originals(tx, {name for _, _, name, _ in read})
    batch.watches.load(tx, ((o.tenant_id, o.subject, o.time) for o in originals.values()))
    archived = _archived(tx, {name for _, _, name, _ in read} - originals.keys())
    kept: dict[Name, Kept] = {}
    for position, staged, name, amendment in read:
        original = originals.get(name)
        if name in archived or (original and _needs_archived(tx, batch, original, amendment)):
            unmatched.append(Unmatched(position, staged, "archived"))
            continue
        kept.setdefault(name, Kept(amendment, None)).by.append(position)
        kept[name].amendment = amendment
        if original is None:
            unmatched.append(Unmatched(position, staged, "no_original"))
            continue
        kept[name].position = original.position
        data = _data(amendment)
        is_counted = batch.change(original, data, staged) or data is None
        _list(tx, counts, original, data, is_counted=is_counted)
        originals[name] = original._replace(data=data)
    _keep(tx, kept)
    return unmatched


def _list(tx: Connection, counts: Counts, original: Original, data: Any | None, *, is_counted: bool) -> None:
    """As it is amended, an event is on the list of unmatched ones or off it, whichever came first."""
    tenant_id, type_ = original.tenant_id, original.type
    if is_counted:
        found(tx, counts, tenant_id, [original.position])
    else:
        why = why_unmatched(current_meters(tx, [tenant_id])[tenant_id], type_, data)
        lose(tx, counts, tenant_id, [Lost(original.position, why, type_, original.subject, original.time)])


def amended_before(tx: Connection, counts: Counts, fresh: Sequence[Fresh]) -> list[Fresh]:
    """The events as their amendments, which came first, would have them; without those that were taken back."""
    said = {Name(row.tenant_id, row.key_hash, row.subject): row for row in tx.exec_driver_sql(_SAID_BEFORE)}
    if not said:
        return list(fresh)
    staying: list[Fresh] = []
    for position, staged in fresh:
        row = said.get(Name(staged.tenant_id, staged.key, staged.event.subject))
        if row is None:
            staying.append((position, staged))
            continue
        tx.exec_driver_sql(
            _PLACE, {"tenant": row.tenant_id, "key": row.key_hash, "subject": row.subject, "at": position}
        )
        found(tx, counts, staged.tenant_id, row.by_positions)
        if row.data is not None:
            staying.append((position, replace(staged, data=decode_exactly(row.data.encode()))))
    return staying


def parted(fresh: Sequence[Fresh]) -> tuple[list[Fresh], list[Fresh]]:
    """The events that say something of their own, and those about others."""
    if not any(map(is_amendment, {staged.event.type for _, staged in fresh})):
        return list(fresh), []
    plain: list[Fresh] = []
    amending: list[Fresh] = []
    for each in fresh:
        (amending if is_amendment(each[1].event.type) else plain).append(each)
    return plain, amending


def _read(fresh: Sequence[Fresh]) -> tuple[list[tuple[int, Staged, Name, Amendment]], list[Unmatched]]:
    read: list[tuple[int, Staged, Name, Amendment]] = []
    unmatched: list[Unmatched] = []
    for position, staged in fresh:
        try:
            amendment = amendment_of(staged.event.type, bytes(staged.event.data))
        except MalformedAmendment:
            unmatched.append(Unmatched(position, staged, "malformed_amendment"))
            continue
        key = event_key(staged.tenant_id, amendment.source, amendment.id)
        read.append((position, staged, Name(staged.tenant_id, key, staged.event.subject), amendment))
    return read, unmatched


def _originals(tx: Connection, names: set[Name]) -> dict[Name, Original]:
    rows = tx.exec_driver_sql(_ORIGINALS, {"rows": _json([_row(name) for name in names])})
    return {
        Name(row.tenant_id, row.key_hash, row.subject): Original(
            row.tenant_id,
            row.key_hash,
            row.position,
            row.type,
            row.subject,
            row.time,
            None if row.data is None else decode_exactly(row.data.encode()),
        )
        for row in rows
        if not is_amendment(row.type)
    }


def _archived(tx: Connection, missing: set[Name]) -> set[Name]:
    """Of the names of events that are not there, those that are archived."""
    keys: dict[UUID, set[bytes]] = defaultdict(set)
    for name in missing:
        keys[name.tenant_id].add(name.key)
    known = {tenant_id: archived_keys(tx, tenant_id, wanted) for tenant_id, wanted in keys.items()}
    return {name for name in missing if name.key in known[name.tenant_id]}


def _needs_archived(tx: Connection, batch: Batch, original: Original, amendment: Amendment) -> bool:
    """Whether a period, or an hour that is rolled up, would be counted again from events of which some are archived: that
    would make it shrink."""
    recounted = batch.recounted(original, _data(amendment))
    ranges = [seen(watch.key.tenant_id, None, watch.tally) for watch in recounted]
    ranges += batch.rollups.recounted(original.tenant_id, original.type, original.subject, original.time)
    return any(archived_months(tx, each.tenant_id, each.type, each.starts_at, each.ends_at) for each in ranges)


def _data(amendment: Amendment) -> Any | None:
    return None if amendment.data is None else decode_exactly(amendment.data)


def _keep(tx: Connection, kept: dict[Name, Kept]) -> None:
    rows = [
        _row(name)
        | {"position": each.position, "by_positions": each.by, "reason": each.amendment.reason}
        | {"data": None if each.amendment.data is None else bytes(each.amendment.data).decode()}
        for name, each in kept.items()
    ]
    if rows:
        tx.exec_driver_sql(_KEEP, {"rows": _json(rows)})


def _row(name: Name) -> dict[str, Any]:
    return {"tenant_id": name.tenant_id, "key": name.key.hex(), "subject": name.subject}


def _json(rows: list[Any]) -> str:
    return msgspec.json.encode(rows).decode()


_ORIGINALS = """
SELECT e.tenant_id, k.key_hash, e.position, e.type, e.subject, e.time,
  CASE WHEN a.position IS NULL THEN e.data::text ELSE a.data::text END AS data
FROM json_to_recordset(%(rows)s::json) AS row(tenant_id uuid, key text, subject text)
JOIN usage_event_keys AS k ON k.tenant_id = row.tenant_id AND k.key_hash = decode(row.key, 'hex')
JOIN usage_events AS e ON e.tenant_id = k.tenant_id AND e.position = k.position AND e.subject = row.subject
  AND e.received_at = k.received_at
LEFT JOIN usage_amendments AS a ON a.tenant_id = e.tenant_id AND a.position = e.position"""

_SAID_BEFORE = """
SELECT a.tenant_id, a.key_hash, a.subject, a.data::text AS data, a.by_positions
FROM usage_staging AS s JOIN usage_amendments AS a
  ON a.tenant_id = s.tenant_id AND a.key_hash = s.key_hash AND a.subject = s.subject
WHERE a.position IS NULL"""

_PLACE = """
UPDATE usage_amendments SET position = %(at)s
WHERE tenant_id = %(tenant)s AND key_hash = %(key)s AND subject = %(subject)s"""

_KEEP = """
INSERT INTO usage_amendments AS a (tenant_id, key_hash, subject, position, by_positions, reason, data)
SELECT tenant_id, decode(key, 'hex'), subject, position,
  (SELECT array_agg(at::bigint) FROM json_array_elements_text(by_positions) AS at), reason, data::json
FROM json_to_recordset(%(rows)s::json) AS row(
  tenant_id uuid, key text, subject text, position bigint, by_positions json, reason text, data text)
ON CONFLICT (tenant_id, key_hash, subject) DO UPDATE SET
  position = excluded.position, by_positions = a.by_positions || excluded.by_positions, reason = excluded.reason,
  data = excluded.data"""
