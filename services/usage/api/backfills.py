"""/v1/backfills: usage in named batches, looked at before it counts."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field, StrictInt

from services.usage.api.access import ChangeBackfill, CommitUsage, ReadUsage
from services.usage.api.backfill_shapes import (
    BackfillOut,
    ChangeOut,
    LoadOut,
    RejectedRowOut,
    backfill_out,
    change_out,
    load_out,
    rejected_out,
)
from services.usage.api.shapes import BatchId
from services.usage.domain.backfill import (
    BACKFILL,
    Backfill,
    BackfillNotFound,
    BackfillNotOpen,
    CommitBackfill,
    DiscardBackfill,
    Limits,
    OpenBackfill,
    backfill_id,
)
from services.usage.metering import backfill_loads
from services.usage.metering.backfill_loads import BackfillKey
from services.usage.projections import backfills
from services.usage.tables import backfill_changes, backfill_rejected
from services.usage.tables import backfill_loads as loads_table
from services.usage.tables import backfills as table
from shared.clock import real_now
from shared.errors import Conflict
from shared.http.pages import Listed, PageQuery, page_of
from shared.http.routes import TransactionalRoute
from shared.unit_of_work import UnitOfWork

router = APIRouter(prefix="/v1/backfills", tags=["backfills"], route_class=TransactionalRoute)


class TooManyOpen(Conflict):
    """A tenant has as many batches under way as it may."""


class OtherRows(Conflict):
    """The batch holds more, or less, than the caller has seen."""


class OpenIn(BaseModel):
    model_config = ConfigDict(extra="forbid")
    name: Annotated[str, Field(max_length=100)]


class PreviewIn(BaseModel):
    model_config = ConfigDict(extra="forbid")


class CommitIn(BaseModel):
    """`rows`, where it is given, has to be how many the batch has: what was looked at, and nothing that came since."""

    model_config = ConfigDict(extra="forbid")
    rows: Annotated[StrictInt | None, Field(ge=0, le=2**53)] = None


class DiscardIn(BaseModel):
    model_config = ConfigDict(extra="forbid")
    reason: Annotated[str, Field(min_length=1, max_length=500)]


@router.post("")
def open_batch(request: Request, unit: ChangeBackfill, body: OpenIn) -> BackfillOut:
    """One name is one batch, for ever: opened again, it is answered as it stands."""
    id_ = backfill_id(unit.tenant_id, body.name)
    if unit.state(BACKFILL, id_) is None:
        _check_room(request, unit)
    unit.execute(BACKFILL, id_, OpenBackfill(name=body.name))
    return show(id_, unit)


@router.get("")
def list_batches(
    unit: ReadUsage, page: PageQuery, status: Literal["open", "committing", "committed", "discarded"] | None = None
) -> Listed[BackfillOut]:
    return page_of(unit, backfills.of_tenant(unit.tenant_id, status), table.c.backfill_id, page, backfill_out)


@router.get("/{backfill_id}")
def show(backfill_id: BatchId, unit: ReadUsage) -> BackfillOut:
    return backfill_out(backfills.get(unit.tx, unit.tenant_id, backfill_id))


@router.get("/{backfill_id}/loads")
def list_loads(backfill_id: BatchId, unit: ReadUsage, page: PageQuery) -> Listed[LoadOut]:
    backfills.get(unit.tx, unit.tenant_id, backfill_id)
    return page_of(unit, backfills.loads(unit.tenant_id, backfill_id), loads_table.c.load_id, page, load_out)


@router.get("/{backfill_id}/rejected")
def list_rejected(backfill_id: BatchId, unit: ReadUsage, page: PageQuery) -> Listed[RejectedRowOut]:
    """Rows that no event was made of, each with its line and what is wrong with it."""
    backfills.get(unit.tx, unit.tenant_id, backfill_id)
    found = backfills.rejected(unit.tenant_id, backfill_id)
    return page_of(unit, found, backfill_rejected.c.number, page, rejected_out)


@router.get("/{backfill_id}/changes")
def list_changes(backfill_id: BatchId, unit: ReadUsage, page: PageQuery) -> Listed[ChangeOut]:
    """Which periods the last preview saw move, with their totals before and after."""
    backfills.get(unit.tx, unit.tenant_id, backfill_id)
    found = backfills.changes(unit.tenant_id, backfill_id)
    return page_of(unit, found, backfill_changes.c.period_id, page, change_out)


@router.post("/{backfill_id}/preview", status_code=202)
def preview(backfill_id: BatchId, unit: ChangeBackfill, body: PreviewIn | None = None) -> BackfillOut:
    """Asks what a commit would do; the answer is there once `is_previewing` is false. Nothing counts by it."""
    key = _open(backfill_id, unit)
    backfill_loads.check_complete(unit.tx, key)
    backfill_loads.ask_for_preview(unit.tx, key, real_now())
    return show(backfill_id, unit)


@router.post("/{backfill_id}/commit", status_code=202)
def commit(backfill_id: BatchId, unit: CommitUsage, body: CommitIn | None = None) -> BackfillOut:
    """Its rows count from now on, and closed periods are revised once all of them are counted: see `status`."""
    shown = show(backfill_id, unit)
    if body is not None and body.rows not in (None, shown.rows):
        raise OtherRows(f"it has {shown.rows} rows: look at it again", field="/rows")
    if shown.status == "open":
        key = BackfillKey(unit.tenant_id, backfill_id)
        backfill_loads.check_complete(unit.tx, key)
        backfill_loads.forget_question(unit.tx, key)
    unit.execute(BACKFILL, backfill_id, CommitBackfill(rows=shown.rows))
    return show(backfill_id, unit)


@router.post("/{backfill_id}/discard")
def discard(backfill_id: BatchId, unit: ChangeBackfill, body: DiscardIn) -> BackfillOut:
    """Nothing of it will count. Its rows are removed at once, what was said about them after 30 days."""
    unit.execute(BACKFILL, backfill_id, DiscardBackfill(reason=body.reason))
    backfill_loads.forget_question(unit.tx, BackfillKey(unit.tenant_id, backfill_id))
    return show(backfill_id, unit)


def _check_room(request: Request, unit: UnitOfWork) -> None:
    limits: Limits = request.app.state.backfill_limits
    if backfills.count_under_way(unit.tx, unit.tenant_id) >= limits.open:
        raise TooManyOpen(f"{limits.open} batches are open or being counted: commit or discard one of them")


def _open(backfill_id: UUID, unit: UnitOfWork) -> BackfillKey:
    found: Backfill | None = unit.state(BACKFILL, backfill_id)
    if found is None:
        raise BackfillNotFound("no such backfill")
    if found.status != "open":
        raise BackfillNotOpen(f"it is {found.status}")
    return BackfillKey(unit.tenant_id, backfill_id)
