"""How backfills, what was loaded into them and what a preview saw are shown."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from pydantic import BaseModel
from sqlalchemy import RowMapping

from services.usage.api.events import EventErrorOut
from services.usage.api.shapes import BatchId, PeriodId, SubscriptionId, TotalOut, totals_out
from services.usage.metering.backfill_preview import Preview, totals_from
from shared.ids import prefixed

LoadId = Annotated[UUID, prefixed("load")]
_COUNTS = ("new", "unmatched", "repeated", "conflicting", "rejected")


class OutcomeOut(BaseModel):
    """Rows by what becomes of them: `unmatched` ones are new as well, and no period counts them; `repeated` ones were
    there before, under the same source and id, or earlier in the batch; `conflicting` ones too, and said something else."""

    new: int
    unmatched: int
    repeated: int
    conflicting: int
    rejected: int


class LostOut(BaseModel):
    type: str
    subject: str
    reason: str
    rows: int


class PreviewOut(BaseModel):
    """`lost` has the most frequent types and subjects of unmatched rows. What was loaded after it makes it not current;
    so does, unsaid, what comes in by other ways."""

    made_at: datetime
    of_rows: int
    is_current: bool
    outcome: OutcomeOut
    periods: int
    closed_periods: int
    lost: list[LostOut]


class BackfillOut(BaseModel):
    """Its id is the batch of its events. `rows` are staged, the `rejected_rows` among them; of the accepted ones
    `done_rows` are counted, and `outcome` says what they are."""

    backfill_id: BatchId
    name: str
    status: Literal["open", "committing", "committed", "discarded"]
    opened_at: datetime
    accepted_at: datetime | None
    ended_at: datetime | None
    rows: int
    rejected_rows: int
    done_rows: int
    outcome: OutcomeOut
    is_previewing: bool
    preview: PreviewOut | None


class LoadOut(BaseModel):
    """`rows` are those that are staged so far, whether they are right or rejected."""

    load_id: LoadId
    format: str
    bytes: int
    rows: int
    rejected: int
    is_complete: bool
    loaded_at: datetime


class RejectedRowOut(BaseModel):
    """`line` is where the row begins in its file, from 1; in a batch by API, its place."""

    number: int
    load_id: LoadId
    line: int
    text: str
    errors: list[EventErrorOut]


class ChangeOut(BaseModel):
    """A period that the commit would move. Where it is closed it would be revised."""

    period_id: PeriodId
    subscription_id: SubscriptionId
    subjects: list[str]
    charge: str
    meter: str
    status: Literal["open", "closed"]
    before: list[TotalOut]
    after: list[TotalOut]


def backfill_out(row: RowMapping) -> BackfillOut:
    rows = row["staged_rows"] or 0
    return BackfillOut(
        **{name: row[name] for name in ("backfill_id", "name", "status", "opened_at", "accepted_at", "ended_at")},
        rows=rows,
        rejected_rows=row["staged_rejected"] or 0,
        done_rows=row["done_rows"] or 0,
        outcome=OutcomeOut(**{name: row[name] or 0 for name in _COUNTS}),
        is_previewing=row["preview_asked_at"] is not None,
        preview=_preview(row["preview"], rows),
    )


def load_out(row: RowMapping) -> LoadOut:
    return LoadOut(**{name: row[name] for name in LoadOut.model_fields})


def rejected_out(row: RowMapping) -> RejectedRowOut:
    errors = [EventErrorOut(pointer=e["pointer"], code=e["code"], detail=e["message"]) for e in row["errors"]]
    return RejectedRowOut(
        errors=errors, **{name: row[name] for name in RejectedRowOut.model_fields if name != "errors"}
    )


def change_out(row: RowMapping) -> ChangeOut:
    totals = {name: totals_out(totals_from(row[name])) for name in ("before", "after")}
    return ChangeOut(**totals, **{name: row[name] for name in ChangeOut.model_fields if name not in totals})


def _preview(kept: Any, rows: int) -> PreviewOut | None:
    if kept is None:
        return None
    preview = msgspec.to_builtins(msgspec.convert(kept, Preview))
    return PreviewOut(is_current=preview["of_rows"] == rows, **preview)
