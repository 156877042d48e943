"""The events that no total holds, by the order in which they were found: rejected, conflicting, unmatched."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, Text, cast, select

from services.usage.tables import usage_conflicting, usage_events, usage_rejected, usage_unmatched

Bounds = tuple[datetime | None, datetime | None]  # of event time, half-open


def rejected(tenant_id: UUID, bounds: Bounds) -> Select[Any]:
    table = usage_rejected
    return select(table).where(table.c.tenant_id == tenant_id, *_within(table.c["at"], bounds))


def conflicting(tenant_id: UUID, bounds: Bounds) -> Select[Any]:
    table = usage_conflicting
    columns = [column for column in table.c if column.name != "data"]
    return select(*columns, _text(table.c["data"])).where(
        table.c.tenant_id == tenant_id, *_within(table.c.time, bounds)
    )


def unmatched(tenant_id: UUID, bounds: Bounds) -> Select[Any]:
    table, event = usage_unmatched, usage_events
    return (
        select(table, event.c.source, event.c.id, _text(event.c["data"]), event.c.batch_id, event.c.received_at)
        .join(event, (event.c.tenant_id == table.c.tenant_id) & (event.c.position == table.c.position))
        .where(table.c.tenant_id == tenant_id, *_within(table.c.time, bounds))
    )


def _text(data: ColumnElement[Any]) -> ColumnElement[str]:
    """As it was sent: reading it as JSON would make floats of its numbers."""
    return cast(data, Text).label("data")


def _within(column: ColumnElement[Any], bounds: Bounds) -> list[ColumnElement[bool]]:
    first, end = bounds
    return [*([] if first is None else [column >= first]), *([] if end is None else [column < end])]
