"""Usage events, and the books of what became of each."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSON

from shared.migrations import grant


def create() -> None:
    _usage_event_keys()
    _usage_events()
    _usage_unmatched()
    _usage_conflicting()
    _usage_rejected()
    _usage_counts()
    grant(
        "usage",
        by_tenant=[
            "usage_event_keys",
            "usage_events",
            "usage_unmatched",
            "usage_conflicting",
            "usage_rejected",
            "usage_counts",
        ],
    )


def _usage_event_keys() -> None:
    op.create_table(
        "usage_event_keys",
        sa.Column("tenant_id", sa.Uuid, nullable=False),
        sa.Column("key_hash", sa.LargeBinary, nullable=False),
        sa.Column("payload_hash", sa.LargeBinary, nullable=False),
        sa.Column("position", sa.BigInteger, sa.Identity(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "key_hash", name=op.f("pk_usage_event_keys")),
    )


def _usage_events() -> None:
    op.create_table(
        "usage_events",
        sa.Column("tenant_id", sa.Uuid, nullable=False),
        sa.Column("position", sa.BigInteger, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("type", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("data", JSON(), nullable=False),
        sa.Column("batch_id", sa.Uuid, nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "position", name=op.f("pk_usage_events")),
    )
    op.create_index(
        op.f("ix_usage_events_tenant_id_subject_time_position"),
        "usage_events",
        ["tenant_id", "subject", "time", "position"],
    )


def _usage_unmatched() -> None:
    op.create_table(
        "usage_unmatched",
        sa.Column("tenant_id", sa.Uuid, nullable=False),
        sa.Column("position", sa.BigInteger, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("type", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("time", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "position", name=op.f("pk_usage_unmatched")),
    )
    op.create_index(
        op.f("ix_usage_unmatched_tenant_id_time_position"),
        "usage_unmatched",
        ["tenant_id", "time", "position"],
    )


def _usage_conflicting() -> None:
    op.create_table(
        "usage_conflicting",
        sa.Column("tenant_id", sa.Uuid, nullable=False),
        sa.Column("number", sa.BigInteger, sa.Identity(), nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("type", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("data", JSON(), nullable=False),
        sa.Column("batch_id", sa.Uuid, nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "number", name=op.f("pk_usage_conflicting")),
    )
    op.create_index(op.f("ix_usage_conflicting_tenant_id_time"), "usage_conflicting", ["tenant_id", "time"])


def _usage_rejected() -> None:
    op.create_table(
        "usage_rejected",
        sa.Column("tenant_id", sa.Uuid, nullable=False),
        sa.Column("number", sa.BigInteger, sa.Identity(), nullable=False),
        sa.Column("batch_id", sa.Uuid, nullable=False),
        sa.Column("index", sa.Integer, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("errors", JSON(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "number", name=op.f("pk_usage_rejected")),
    )
    op.create_index(op.f("ix_usage_rejected_tenant_id_at"), "usage_rejected", ["tenant_id", "at"])


def _usage_counts() -> None:
    op.create_table(
        "usage_counts",
        sa.Column("tenant_id", sa.Uuid, nullable=False),
        sa.Column("quarter_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received", sa.BigInteger, nullable=False),
        sa.Column("metered", sa.BigInteger, nullable=False),
        sa.Column("unmatched", sa.BigInteger, nullable=False),
        sa.Column("rejected", sa.BigInteger, nullable=False),
        sa.Column("repeated", sa.BigInteger, nullable=False),
        sa.Column("conflicting", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "quarter_at", name=op.f("pk_usage_counts")),
    )
