"""The kernel's tables as they were first made, for revision 0001 of every service."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from shared.migrations import grant

BY_TENANT = ["events", "idempotency_keys", "parked_messages", "test_clocks", "worker_status"]
QUEUES = ["outbox", "timers", "inbox", "consumer_offsets", "brokers_met"]


def create(service: str) -> None:
    _events()
    _outbox()
    _timers()
    _inbox()
    _consumer_offsets()
    _brokers_met()
    _parked_messages()
    _idempotency_keys()
    _test_clocks()
    _worker_status()
    grant(service, by_tenant=BY_TENANT, queues=QUEUES)


def _events() -> None:
    op.create_table(
        "events",
        sa.Column("position", sa.BigInteger, sa.Identity(), nullable=False),
        sa.Column("tenant_id", sa.Uuid, nullable=False),
        sa.Column("category", sa.Text, nullable=False),
        sa.Column("stream_id", sa.Uuid, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("public_sequence", sa.Integer),
        sa.Column("type", sa.Text, nullable=False),
        sa.Column("data", JSONB(), nullable=False),
        sa.Column("context", JSONB(), nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("position", name=op.f("pk_events")),
        sa.UniqueConstraint(
            "tenant_id", "category", "stream_id", "version", name=op.f("uq_events_tenant_id_category_stream_id_version")
        ),
    )


def _outbox() -> None:
    op.create_table(
        "outbox",
        sa.Column("id", sa.BigInteger, sa.Identity(), nullable=False),
        sa.Column("tenant_id", sa.Uuid, nullable=False),
        sa.Column("topic", sa.Text, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("message", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
    )


def _timers() -> None:
    op.create_table(
        "timers",
        sa.Column("tenant_id", sa.Uuid, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("subject", sa.Uuid, nullable=False),
        sa.Column("fire_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("stage", sa.SmallInteger, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "name", "subject", "fire_at", name=op.f("pk_timers")),
    )
    op.create_index(op.f("ix_timers_fire_at"), "timers", ["fire_at"])


def _inbox() -> None:
    op.create_table(
        "inbox",
        sa.Column("tenant_id", sa.Uuid, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("stream_id", sa.Uuid, nullable=False),
        sa.Column("sequence", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "source", "stream_id", name=op.f("pk_inbox")),
    )


def _consumer_offsets() -> None:
    op.create_table(
        "consumer_offsets",
        sa.Column("cluster_id", sa.Text, nullable=False),
        sa.Column("topic", sa.Text, nullable=False),
        sa.Column("partition", sa.Integer, nullable=False),
        sa.Column("next_offset", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("cluster_id", "topic", "partition", name=op.f("pk_consumer_offsets")),
    )


def _brokers_met() -> None:
    op.create_table(
        "brokers_met",
        sa.Column("cluster_id", sa.Text, nullable=False),
        sa.Column("met_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("cluster_id", name=op.f("pk_brokers_met")),
    )


def _parked_messages() -> None:
    op.create_table(
        "parked_messages",
        sa.Column("tenant_id", sa.Uuid, nullable=False),
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("stream_id", sa.Uuid, nullable=False),
        sa.Column("sequence", sa.Integer, nullable=False),
        sa.Column("type", sa.Text, nullable=False),
        sa.Column("message", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("decision", sa.Text),
        sa.Column("attempts", sa.Integer, server_default="0", nullable=False),
        sa.Column("retry_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("parked_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_parked_messages")),
    )
    op.create_index(
        op.f("ix_parked_messages_tenant_id_source_stream_id_sequence"),
        "parked_messages",
        ["tenant_id", "source", "stream_id", "sequence"],
    )


def _idempotency_keys() -> None:
    op.create_table(
        "idempotency_keys",
        sa.Column("tenant_id", sa.Uuid, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("request_hash", sa.LargeBinary, nullable=False),
        sa.Column("status", sa.SmallInteger, nullable=False),
        sa.Column("headers", JSONB(), nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "key", name=op.f("pk_idempotency_keys")),
    )
    op.create_index(op.f("ix_idempotency_keys_answered_at"), "idempotency_keys", ["answered_at"])


def _test_clocks() -> None:
    op.create_table(
        "test_clocks",
        sa.Column("tenant_id", sa.Uuid, nullable=False),
        sa.Column("now", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", name=op.f("pk_test_clocks")),
    )


def _worker_status() -> None:
    op.create_table(
        "worker_status",
        sa.Column("tenant_id", sa.Uuid, nullable=False),
        sa.Column("asked", sa.BigInteger, nullable=False),
        sa.Column("answered", sa.BigInteger, nullable=False),
        sa.Column("answer", JSONB(), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("tenant_id", name=op.f("pk_worker_status")),
    )
