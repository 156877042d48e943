"""The events that no total holds, by the order in which they were found: rejected, conflicting, unmatched."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, Text, cast, select
from sqlalchemy.dialects.postgresql import JSONB

from services.usage.tables import usage_conflicting, usage_events, usage_rejected, usage_unmatched

Bounds = tuple[datetime | None, datetime | None]  # of event time, half-open


def rejected(tenant_id: UUID, bounds: Bounds, *, code: str | None = None, batch_id: UUID | None = None) -> Select[Any]:
    """With `code` those that have such an error among others."""
    table = usage_rejected
    mine = select(table).where(table.c.tenant_id == tenant_id, *_within(table.c["at"], bounds))
    mine = mine.where(*_equal({table.c.batch_id: batch_id}))
    return mine if code is None else mine.where(cast(table.c.errors, JSONB).contains([{"code": code}]))


def conflicting(tenant_id: UUID, bounds: Bounds, *, source: str | None = None, type_: str | None = None) -> Select[Any]:
    table = usage_conflicting
    columns = [column for column in table.c if column.name != "data"]
    return select(*columns, _text(table.c["data"])).where(
        table.c.tenant_id == tenant_id,
        *_within(table.c.time, bounds),
        *_equal({table.c.source: source, table.c.type: type_}),
    )


def unmatched(tenant_id: UUID, bounds: Bounds, *, reason: str | None = None, type_: str | None = None) -> Select[Any]:
    table, event = usage_unmatched, usage_events
    return (
        select(table, event.c.source, event.c.id, _text(event.c["data"]), event.c.batch_id, event.c.received_at)
        .join(event, (event.c.tenant_id == table.c.tenant_id) & (event.c.position == table.c.position))
        .where(table.c.tenant_id == tenant_id, *_within(table.c.time, bounds))
        .where(*_equal({table.c.reason: reason, table.c.type: type_}))
    )


def _equal(wanted: Mapping[ColumnElement[Any], Any]) -> list[ColumnElement[bool]]:
    return [column == value for column, value in wanted.items() if value is not None]


def _text(data: ColumnElement[Any]) -> ColumnElement[str]:
    """As it was sent: reading it as JSON would make floats of its numbers."""
    return cast(data, Text).label("data")


def _within(column: ColumnElement[Any], bounds: Bounds) -> list[ColumnElement[bool]]:
    first, end = bounds
    return [*([] if first is None else [column >= first]), *([] if end is None else [column < end])]
