"""The tables of backfills: what is staged, how far each is, and what a preview saw."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    Uuid,
)
from sqlalchemy.dialects.postgresql import JSON

from shared.tables import instant

COUNTED = (
    *("staged_rows", "staged_bytes", "staged_rejected", "done_rows"),
    *("new", "unmatched", "repeated", "conflicting", "rejected"),
)


def backfill_tables(metadata: MetaData) -> None:
    for define in (_backfills, _progress, _loads, _chunks, _rejected, _changes, _revisions):
        define(metadata)


def _of_backfill(metadata: MetaData, name: str, *columns: Any, key: str = "") -> None:
    Table(
        name,
        metadata,
        Column("tenant_id", Uuid, nullable=False),
        Column("backfill_id", Uuid, nullable=False),
        *columns,
        PrimaryKeyConstraint("tenant_id", "backfill_id", *([key] if key else [])),
    )


def _backfills(metadata: MetaData) -> None:
    _of_backfill(
        metadata,
        "backfills",
        Column("name", Text, nullable=False),
        Column("status", Text, nullable=False),
        instant("opened_at"),
        instant("accepted_at", nullable=True),
        instant("ended_at", nullable=True),
        Index("ix_backfills_committing", "tenant_id", "backfill_id", postgresql_where="status = 'committing'"),
    )


def _progress(metadata: MetaData) -> None:
    """How far a batch is, changed in the transaction of each step: what is staged, and what became of it so far."""
    _of_backfill(
        metadata,
        "backfill_progress",
        *(Column(name, BigInteger, nullable=False, server_default="0") for name in COUNTED),
        instant("preview_asked_at", nullable=True),
        Column("preview", JSON),
        instant("touched_at"),
        Index("ix_backfill_progress_to_preview", "preview_asked_at", postgresql_where="preview_asked_at IS NOT NULL"),
    )


def _loads(metadata: MetaData) -> None:
    """A file or a batch by API, known by its content: the same again goes on where it ended."""
    _of_backfill(
        metadata,
        "backfill_loads",
        Column("load_id", Uuid, nullable=False),
        Column("format", Text, nullable=False),
        Column("bytes", BigInteger, nullable=False),
        Column("rows", BigInteger, nullable=False),
        Column("rejected", BigInteger, nullable=False),
        Column("is_complete", Boolean, nullable=False),
        instant("loaded_at"),
        key="load_id",
    )


def _chunks(metadata: MetaData) -> None:
    """Rows that wait, some thousands packed as one: the form of the ingest log. Gone in the transaction that counts them."""
    _of_backfill(
        metadata,
        "backfill_chunks",
        Column("number", BigInteger, Identity(), nullable=False),
        Column("load_id", Uuid, nullable=False),
        Column("rows", Integer, nullable=False),
        Column("content", LargeBinary, nullable=False),
        key="number",
    )


def _rejected(metadata: MetaData) -> None:
    _of_backfill(
        metadata,
        "backfill_rejected",
        Column("number", BigInteger, Identity(), nullable=False),
        Column("load_id", Uuid, nullable=False),
        Column("line", Integer, nullable=False),
        Column("text", Text, nullable=False),
        Column("errors", JSON, nullable=False),
        key="number",
    )


def _changes(metadata: MetaData) -> None:
    """Which periods the last preview saw move."""
    _of_backfill(
        metadata,
        "backfill_changes",
        Column("period_id", Uuid, nullable=False),
        Column("before", JSON, nullable=False),
        Column("after", JSON, nullable=False),
        key="period_id",
    )


def _revisions(metadata: MetaData) -> None:
    """Closed periods that were added to and not told yet: each is told once, when all rows are counted."""
    _of_backfill(
        metadata,
        "backfill_revisions",
        Column("period_id", Uuid, nullable=False),
        Column("events", JSON, nullable=False),
        key="period_id",
    )
