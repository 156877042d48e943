"""POST /v1/backfills/{id}/loads: rows into a batch, as a file or by API; the same content again goes on where it ended."""

from __future__ import annotations

from functools import partial
from hashlib import sha256
from tempfile import TemporaryFile
from typing import IO, Any, BinaryIO, cast
from uuid import UUID

from anyio import CapacityLimiter, WouldBlock, to_thread
from fastapi import APIRouter, Request, Response
from pydantic import BaseModel
from sqlalchemy import Engine

from services.usage.api.access import LoadBackfill
from services.usage.api.backfill_load_document import LOAD
from services.usage.api.backfill_shapes import LoadOut
from services.usage.api.ingest import window_of
from services.usage.api.shapes import BatchId
from services.usage.domain.cloud_event import Rejected
from services.usage.files.formats import FORMATS, Format
from services.usage.files.lines import MalformedFile
from services.usage.files.loading import Content, Loading
from services.usage.metering.backfill_loads import BackfillKey, BackfillTooLarge, TooManyRejected, check_open
from shared.clock import real_now
from shared.errors import DomainError
from shared.http.problems import RETRY_SOON, Problem, problem
from shared.http.tokens import Caller
from shared.tenancy import transaction

PATH = "/v1/backfills/{backfill_id}/loads"
MOST_BYTES = 1024**3
AT_ONCE = 4
MOST_ERRORS = 100

router = APIRouter(tags=["backfills"])
_under_way = CapacityLimiter(AT_ONCE)
_threads = CapacityLimiter(AT_ONCE)


class RowErrorOut(BaseModel):
    """`line` is where the row begins in the file, from 1; `pointer` the JSON pointer within its event."""

    line: int
    pointer: str
    code: str
    detail: str


class LoadedOut(LoadOut):
    """`errors` has the first rows that this request found to be wrong; `/rejected` has all of the batch."""

    errors: list[RowErrorOut]


@router.post(PATH, response_model=LoadedOut, openapi_extra=LOAD)
async def load(request: Request, backfill_id: BatchId, caller: LoadBackfill) -> Response:
    """A CloudEvents batch, JSON lines, CSV or Parquet. Rows that are wrong are listed with their lines, and the others are
    staged. Repeat the request after an error or a crash: rows that are staged are not staged again."""
    format_ = _format(request.headers.get("content-type", ""))
    try:
        _under_way.acquire_on_behalf_of_nowait(request)
    except WouldBlock:
        raise _too_many() from None
    try:
        loading = await to_thread.run_sync(partial(_loading, request, caller, backfill_id, format_))
        with TemporaryFile() as spool:
            content = await _spooled(request, spool)
            return await to_thread.run_sync(partial(_load, loading, content), limiter=_threads)
    finally:
        _under_way.release_on_behalf_of(request)


def _format(content_type: str) -> Format:
    known = FORMATS.get(content_type.partition(";")[0].strip().lower())
    if known is None:
        raise Problem(415, "unsupported_content_type", f"send one of {', '.join(FORMATS)}")
    return known


def _too_many() -> Problem:
    detail = f"this process works on {AT_ONCE} loads at once: try again"
    return Problem(429, "too_many_at_once", detail, RETRY_SOON)


def _loading(request: Request, caller: Caller, backfill_id: UUID, format_: Format) -> Loading:
    """Before the body has come: what is not there, or not open, takes none."""
    engine: Engine = request.app.state.engine
    key = BackfillKey(caller.tenant_id, backfill_id)
    with transaction(engine, caller.tenant_id) as tx:
        check_open(tx, key)
    window = window_of(request, caller.tenant_id)
    return Loading(engine, key, window, request.app.state.backfill_limits, format_, real_now)


async def _spooled(request: Request, spool: IO[bytes]) -> Content:
    """The body, which is on disk then and was never whole in memory."""
    digest, size = sha256(), 0

    def keep(part: bytes) -> None:
        digest.update(part)
        spool.write(part)

    async for part in request.stream():
        size += len(part)
        await to_thread.run_sync(keep, part)
    spool.seek(0)
    return Content(cast("BinaryIO", spool), digest.hexdigest(), size)


def _load(loading: Loading, content: Content) -> Response:
    wrong: list[Rejected] = []
    try:
        load = loading.load(content, wrong)
    except (MalformedFile, BackfillTooLarge, TooManyRejected) as error:
        loading.drop(content)
        return problem(422, error.code, f"nothing of it is loaded: {error}", errors=[*_field(error), *_errors(wrong)])
    loaded = LoadedOut(
        load_id=load.load_id,
        format=loading.format.name,
        bytes=content.size,
        rows=load.rows,
        rejected=load.rejected,
        is_complete=load.is_complete,
        loaded_at=real_now(),
        errors=[RowErrorOut.model_validate(error) for error in _errors(wrong)],
    )
    return Response(loaded.model_dump_json(), 200, media_type="application/json")


def _field(error: DomainError) -> list[dict[str, Any]]:
    return [] if error.field is None else [{"pointer": error.field, "code": error.code, "detail": str(error)}]


def _errors(wrong: list[Rejected]) -> list[dict[str, Any]]:
    every = [error for rejected in wrong[:MOST_ERRORS] for error in rejected.errors]
    shown = every[:MOST_ERRORS]
    return [{"line": e.index, "pointer": e.pointer, "code": e.code, "detail": e.message} for e in shown]
