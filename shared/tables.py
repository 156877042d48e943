"""The tables that every service has: what the kernel's modules read and write, for the code and for Alembic alike."""

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
)
from sqlalchemy.dialects.postgresql import JSONB

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


def instant(name: str, *, nullable: bool = False) -> Column[object]:
    return Column(name, DateTime(timezone=True), nullable=nullable)


def kernel_tables(metadata: MetaData) -> None:
    _facts(metadata)
    for queues in (_to_send, _received):
        queues(metadata)
    for by_tenant in (_parked, _answers, _clocks):
        by_tenant(metadata)


def _facts(metadata: MetaData) -> None:
    Table(
        "events",
        metadata,
        Column("position", BigInteger, Identity(), primary_key=True),
        Column("tenant_id", Uuid, nullable=False),
        Column("category", Text, nullable=False),
        Column("stream_id", Uuid, nullable=False),
        Column("version", Integer, nullable=False),
        Column("public_sequence", Integer),
        Column("type", Text, nullable=False),
        Column("data", JSONB, nullable=False),
        Column("context", JSONB, nullable=False),
        instant("occurred_at"),
        instant("recorded_at"),
        UniqueConstraint("tenant_id", "category", "stream_id", "version"),
    )


def _to_send(metadata: MetaData) -> None:
    """Work of the worker, as a queue: rows come and go, and no policy by tenant applies."""
    Table(
        "outbox",
        metadata,
        Column("id", BigInteger, Identity(), primary_key=True),
        Column("tenant_id", Uuid, nullable=False),
        Column("topic", Text, nullable=False),
        Column("key", Text, nullable=False),
        Column("message", Text, nullable=False),
        info={"queue": True},
    )
    Table(
        "timers",
        metadata,
        Column("tenant_id", Uuid, nullable=False),
        Column("name", Text, nullable=False),
        Column("subject", Uuid, nullable=False),
        instant("fire_at"),
        Column("stage", SmallInteger, nullable=False),
        PrimaryKeyConstraint("tenant_id", "name", "subject", "fire_at"),
        Index(None, "fire_at"),
        info={"queue": True},
    )


def _received(metadata: MetaData) -> None:
    _inbox(metadata)
    _log_positions(metadata)


def _inbox(metadata: MetaData) -> None:
    Table(
        "inbox",
        metadata,
        Column("tenant_id", Uuid, nullable=False),
        Column("source", Text, nullable=False),
        Column("stream_id", Uuid, nullable=False),
        Column("sequence", Integer, nullable=False),
        PrimaryKeyConstraint("tenant_id", "source", "stream_id"),
        info={"queue": True},
    )


def _log_positions(metadata: MetaData) -> None:
    Table(
        "consumer_offsets",
        metadata,
        Column("cluster_id", Text, nullable=False),
        Column("topic", Text, nullable=False),
        Column("partition", Integer, nullable=False),
        Column("next_offset", BigInteger, nullable=False),
        PrimaryKeyConstraint("cluster_id", "topic", "partition"),
        info={"queue": True},
    )
    Table(
        "brokers_met",
        metadata,
        Column("cluster_id", Text, primary_key=True),
        instant("met_at"),
        info={"queue": True},
    )


def _parked(metadata: MetaData) -> None:
    Table(
        "parked_messages",
        metadata,
        Column("tenant_id", Uuid, nullable=False),
        Column("id", Uuid, nullable=False),
        Column("source", Text, nullable=False),
        Column("stream_id", Uuid, nullable=False),
        Column("sequence", Integer, nullable=False),
        Column("type", Text, nullable=False),
        Column("message", Text, nullable=False),
        Column("reason", Text, nullable=False),
        Column("decision", Text),
        Column("attempts", Integer, nullable=False, server_default="0"),
        instant("retry_at"),
        instant("parked_at"),
        PrimaryKeyConstraint("tenant_id", "id"),
        Index(None, "tenant_id", "source", "stream_id", "sequence"),
    )


def _answers(metadata: MetaData) -> None:
    Table(
        "idempotency_keys",
        metadata,
        Column("tenant_id", Uuid, nullable=False),
        Column("key", Text, nullable=False),
        Column("request_hash", LargeBinary, nullable=False),
        Column("status", SmallInteger, nullable=False),
        Column("headers", JSONB, nullable=False),
        Column("body", LargeBinary, nullable=False),
        instant("answered_at"),
        PrimaryKeyConstraint("tenant_id", "key"),
        Index(None, "answered_at"),
    )


def _clocks(metadata: MetaData) -> None:
    Table(
        "test_clocks",
        metadata,
        Column("tenant_id", Uuid, primary_key=True),
        instant("now"),
        Column("version", Integer, nullable=False),
    )
    Table(
        "worker_status",
        metadata,
        Column("tenant_id", Uuid, primary_key=True),
        Column("asked", BigInteger, nullable=False),
        Column("answered", BigInteger, nullable=False),
        Column("answer", JSONB, nullable=False),
        instant("answered_at", nullable=True),
    )
