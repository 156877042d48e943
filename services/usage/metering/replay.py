"""Rejected events are judged once more, by the rules and the clock of today."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, RowMapping, Select

from services.usage.domain.cloud_event import CloudEvent, EventError, Window
from services.usage.domain.event_rules import check
from services.usage.metering.counts import Counts
from services.usage.tables import usage_rejected


@dataclass(frozen=True, slots=True)
class Judged:
    """`accepted` are off the list once the transaction ends well; `refused` stay on it, by their number, with why."""

    accepted: list[CloudEvent]
    refused: dict[int, list[EventError]]


def judge_again(tx: Connection, tenant_id: UUID, rejected: Select[Any], window: Window) -> Judged:
    """The caller sends what is accepted before the transaction ends: sent twice it counts once, lost it would be lost."""
    rows = tx.execute(rejected.with_for_update(skip_locked=True)).mappings().all()
    judged = {row["number"]: check(row["index"], row["text"].encode(), window) for row in rows}
    accepted = [row for row in rows if isinstance(judged[row["number"]], CloudEvent)]
    _take_off(tx, tenant_id, accepted)
    return Judged(
        [event for event in judged.values() if isinstance(event, CloudEvent)],
        {number: each.errors for number, each in judged.items() if not isinstance(each, CloudEvent)},
    )


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
