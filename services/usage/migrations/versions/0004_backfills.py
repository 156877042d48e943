"""Backfills: named batches of usage"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSON

from shared.migrations import grant

revision = "0004"
down_revision = "0003"

# A worker gives events their positions before it stores them.
POSITIONS = "GRANT USAGE ON SEQUENCE usage_event_keys_position_seq TO usage_worker"
COUNTED = (
    *("staged_rows", "staged_bytes", "staged_rejected", "done_rows"),
    *("new", "unmatched", "repeated", "conflicting", "rejected"),
)


def upgrade() -> None:
    _backfills()
    _progress()
    _loads()
    _chunks()
    _rejected()
    _changes()
    _revisions()
    op.execute(POSITIONS)
    grant(
        "usage",
        by_tenant=[
            "backfills",
            "backfill_progress",
            "backfill_loads",
            "backfill_chunks",
            "backfill_rejected",
            "backfill_changes",
            "backfill_revisions",
        ],
    )


def _of_backfill(table: str, more_key: str, *columns: Any) -> None:
    op.create_table(
        table,
        sa.Column("tenant_id", sa.Uuid, nullable=False),
        sa.Column("backfill_id", sa.Uuid, nullable=False),
        *columns,
        sa.PrimaryKeyConstraint(
            "tenant_id", "backfill_id", *([more_key] if more_key else []), name=op.f(f"pk_{table}")
        ),
    )


def _backfills() -> None:
    _of_backfill(
        "backfills",
        "",
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("accepted_at", sa.DateTime(timezone=True)),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
    )
    op.create_index(
        "ix_backfills_committing",
        "backfills",
        ["tenant_id", "backfill_id"],
        postgresql_where="status = 'committing'",
    )


def _progress() -> None:
    _of_backfill(
        "backfill_progress",
        "",
        *(sa.Column(name, sa.BigInteger, nullable=False, server_default="0") for name in COUNTED),
        sa.Column("preview_asked_at", sa.DateTime(timezone=True)),
        sa.Column("preview", JSON()),
        sa.Column("touched_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index(
        "ix_backfill_progress_to_preview",
        "backfill_progress",
        ["preview_asked_at"],
        postgresql_where="preview_asked_at IS NOT NULL",
    )


def _loads() -> None:
    _of_backfill(
        "backfill_loads",
        "load_id",
        sa.Column("load_id", sa.Uuid, nullable=False),
        sa.Column("format", sa.Text, nullable=False),
        sa.Column("bytes", sa.BigInteger, nullable=False),
        sa.Column("rows", sa.BigInteger, nullable=False),
        sa.Column("rejected", sa.BigInteger, nullable=False),
        sa.Column("is_complete", sa.Boolean, nullable=False),
        sa.Column("loaded_at", sa.DateTime(timezone=True), nullable=False),
    )


def _chunks() -> None:
    _of_backfill(
        "backfill_chunks",
        "number",
        sa.Column("number", sa.BigInteger, sa.Identity(), nullable=False),
        sa.Column("load_id", sa.Uuid, nullable=False),
        sa.Column("rows", sa.Integer, nullable=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
    )


def _rejected() -> None:
    _of_backfill(
        "backfill_rejected",
        "number",
        sa.Column("number", sa.BigInteger, sa.Identity(), nullable=False),
        sa.Column("load_id", sa.Uuid, nullable=False),
        sa.Column("line", sa.Integer, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("errors", JSON(), nullable=False),
    )


def _changes() -> None:
    _of_backfill(
        "backfill_changes",
        "period_id",
        sa.Column("period_id", sa.Uuid, nullable=False),
        sa.Column("before", JSON(), nullable=False),
        sa.Column("after", JSON(), nullable=False),
    )


def _revisions() -> None:
    _of_backfill(
        "backfill_revisions",
        "period_id",
        sa.Column("period_id", sa.Uuid, nullable=False),
        sa.Column("events", JSON(), nullable=False),
    )
