"""Loads a file into a backfill: rows are judged and staged some thousands at a time, each time in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import BinaryIO
from uuid import UUID, uuid5

from sqlalchemy import Engine

from services.usage.domain.backfill import Limits
from services.usage.domain.backfill_row import Row, judge
from services.usage.domain.cloud_event import CloudEvent, Rejected, Window
from services.usage.files.formats import Format
from services.usage.metering.backfill_loads import (
    BackfillKey,
    Chunk,
    Load,
    begin_load,
    complete_load,
    drop_load,
    stage_chunk,
)
from shared.tenancy import transaction

# What one transaction takes: many rows share the totals that they are added to.
CHUNK_ROWS = 25_000
CHUNK_BYTES = 10_000_000
MOST_WRONG_TOLD = 1000


@dataclass(frozen=True, slots=True)
class Content:
    """`file` is at its beginning; `digest` says which content it is, whatever it is called."""

    file: BinaryIO
    digest: str
    size: int


@dataclass(frozen=True, slots=True)
class Loading:
    engine: Engine
    key: BackfillKey
    window: Window
    limits: Limits
    format: Format
    real_now: Callable[[], datetime]
    chunk_rows: int = CHUNK_ROWS

    def load(self, content: Content, wrong: list[Rejected]) -> Load:
        """Goes on behind the rows that an earlier try has staged. The first rows that are wrong are added to `wrong`.

        Raises MalformedFile, BackfillTooLarge, TooManyRejected, after which the caller drops what was staged; and
        BackfillNotOpen or LoadInFlight, after which it does not.
        """
        with transaction(self.engine, self.key.tenant_id) as tx:
            load = begin_load(tx, self.key, self._id(content), self.format.name, content.size, self.real_now())
        if load.is_complete:
            return load
        rows = islice(self.format.rows(content.file), load.rows, None)
        for some in cut(rows, self.chunk_rows):
            chunk = self._judged(some)
            wrong += chunk.rejected[: MOST_WRONG_TOLD - len(wrong)]
            with transaction(self.engine, self.key.tenant_id) as tx:
                load = stage_chunk(tx, self.key, load, chunk, self.limits, self.real_now())
        with transaction(self.engine, self.key.tenant_id) as tx:
            return complete_load(tx, self.key, load)

    def drop(self, content: Content) -> None:
        with transaction(self.engine, self.key.tenant_id) as tx:
            drop_load(tx, self.key, self._id(content))

    def _id(self, content: Content) -> UUID:
        """The same bytes read in another way are another load."""
        return uuid5(self.key.backfill_id, f"{self.format.name} {content.digest}")

    def _judged(self, rows: Iterable[Row]) -> Chunk:
        judged = [judge(row, self.window) for row in rows]
        return Chunk(
            [each for each in judged if isinstance(each, CloudEvent)],
            [each for each in judged if isinstance(each, Rejected)],
        )


def cut(rows: Iterable[Row], most: int) -> Iterator[list[Row]]:
    """As many rows as one transaction takes, fewer where they are long."""
    some: list[Row] = []
    size = 0
    for row in rows:
        some.append(row)
        size += len(row.text)
        if len(some) >= most or size >= CHUNK_BYTES:
            yield some
            some, size = [], 0
    if some:
        yield some
