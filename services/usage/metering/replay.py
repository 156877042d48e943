"""Rejected events are judged once more, by the rules and the clock of today; those without a time happened when they came."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from msgspec.structs import replace
from sqlalchemy import Connection, RowMapping, Select, select

from services.usage.domain.backfill_row import Row, judge
from services.usage.domain.cloud_event import CloudEvent, EventError, Rejected, Window
from services.usage.domain.event_rules import CUT, check
from services.usage.metering.counts import Counts
from services.usage.tables import backfills, usage_rejected

SEND_AGAIN = "its end was not kept: send it again, and shorter"


@dataclass(frozen=True, slots=True)
class Judged:
    """`accepted` are off the list once the transaction ends well; `refused` stay on it, by their number, with why."""

    accepted: list[CloudEvent]
    refused: dict[int, list[EventError]]


def judge_again(tx: Connection, tenant_id: UUID, rejected: Select[Any], window: Window) -> Judged:
    """The caller sends what is accepted before the transaction ends: sent twice it counts once, lost it would be lost."""
    rows = tx.execute(rejected.with_for_update(skip_locked=True)).mappings().all()
    batches = _backfills(tx, tenant_id, rows)
    judged = {row["number"]: _judged(row, window, of_backfill=row["batch_id"] in batches) for row in rows}
    accepted = [row for row in rows if isinstance(judged[row["number"]], CloudEvent)]
    _take_off(tx, tenant_id, accepted)
    return Judged(
        [event for event in judged.values() if isinstance(event, CloudEvent)],
        {number: each.errors for number, each in judged.items() if not isinstance(each, CloudEvent)},
    )


def _judged(row: RowMapping, window: Window, *, of_backfill: bool) -> CloudEvent | Rejected:
    """A row of a backfill by the rules of a backfill, which takes no event without its time, and no amendment."""
    if is_cut(row["errors"]):
        return Rejected(row["index"], row["at"], row["text"], [EventError(row["index"], "", CUT, SEND_AGAIN)])
    text, at_arrival = row["text"].encode(), replace(window, now=row["at"])
    return judge(Row(row["index"], text), at_arrival) if of_backfill else check(row["index"], text, at_arrival)


def is_cut(errors: Sequence[Mapping[str, Any]]) -> bool:
    """Of an event that is kept as rejected, whether its end was left out."""
    return any(error["code"] == CUT for error in errors)


def _backfills(tx: Connection, tenant_id: UUID, rows: Sequence[RowMapping]) -> set[UUID]:
    """Of the batches that the rows came in, those that were loaded."""
    ids = {row["batch_id"] for row in rows}
    found = tx.execute(
        select(backfills.c.backfill_id).where(backfills.c.tenant_id == tenant_id, backfills.c.backfill_id.in_(ids))
    )
    return set(found.scalars())


def _take_off(tx: Connection, tenant_id: UUID, rows: Sequence[RowMapping]) -> None:
    """It is received anew, when it comes."""
    counts = Counts()
    for row in rows:
        counts.add("received", tenant_id, row["at"], -1)
        counts.add("rejected", tenant_id, row["at"], -1)
    counts.save(tx)
    numbers = [row["number"] for row in rows]
    tx.execute(
        usage_rejected.delete().where(usage_rejected.c.tenant_id == tenant_id, usage_rejected.c.number.in_(numbers))
    )
