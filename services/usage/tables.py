"""Every table of the usage database, for the code and for Alembic alike."""

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Numeric,
    PrimaryKeyConstraint,
    Table,
    Text,
    Uuid,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSON

from services.usage.archive_tables import archive_tables
from services.usage.backfill_tables import backfill_tables
from services.usage.count_tables import count_tables
from shared.tables import NAMING, instant, kernel_tables

metadata = MetaData(naming_convention=NAMING)
kernel_tables(metadata)

usage_meters = Table(
    "usage_meters",
    metadata,
    Column("tenant_id", Uuid, nullable=False),
    Column("slug", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("event_type", Text, nullable=False),
    Column("definition", JSON, nullable=False),
    PrimaryKeyConstraint("tenant_id", "slug", "version"),
)

# What repeats are known by; a table of its own, since a unique key of `usage_events` must contain its partition.
usage_event_keys = Table(
    "usage_event_keys",
    metadata,
    Column("tenant_id", Uuid, nullable=False),
    Column("key_hash", LargeBinary, nullable=False),
    Column("payload_hash", LargeBinary, nullable=False),
    Column("position", BigInteger, Identity(), nullable=False),
    instant("received_at"),
    PrimaryKeyConstraint("tenant_id", "key_hash"),
)

# By month of arrival (`metering/months.py`). `data` is JSON, not JSONB: the text that was sent, digit for digit, and
# cheap to store.
usage_events = Table(
    "usage_events",
    metadata,
    Column("tenant_id", Uuid, nullable=False),
    Column("position", BigInteger, nullable=False),
    Column("source", Text, nullable=False),
    Column("id", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("subject", Text, nullable=False),
    instant("time"),
    Column("data", JSON, nullable=False),
    Column("batch_id", Uuid, nullable=False),
    instant("received_at"),
    PrimaryKeyConstraint("tenant_id", "position", "received_at"),
    Index(None, "tenant_id", "subject", "time", "position"),
    postgresql_partition_by="RANGE (received_at)",
)

# What retractions and corrections said last about the event of a key: `data` in its place, or nothing where it was taken
# back. `position` is the event's, once it is there; `by_positions` are those of all that was said.
usage_amendments = Table(
    "usage_amendments",
    metadata,
    Column("tenant_id", Uuid, nullable=False),
    Column("key_hash", LargeBinary, nullable=False),
    Column("subject", Text, nullable=False),
    Column("position", BigInteger),
    Column("by_positions", ARRAY(BigInteger), nullable=False),
    Column("reason", Text, nullable=False),
    Column("data", JSON),
    PrimaryKeyConstraint("tenant_id", "key_hash", "subject"),
    Index(None, "tenant_id", "position", unique=True),
)

usage_periods = Table(
    "usage_periods",
    metadata,
    Column("tenant_id", Uuid, nullable=False),
    Column("period_id", Uuid, nullable=False),
    Column("subscription_id", Uuid, nullable=False),
    Column("customer_id", Uuid, nullable=False),
    Column("subjects", ARRAY(Text), nullable=False),
    Column("charge", Text, nullable=False),
    Column("meter", Text, nullable=False),
    Column("meter_version", Integer, nullable=False),
    Column("group_by", ARRAY(Text), nullable=False),
    instant("starts_at"),
    instant("ends_at"),
    instant("closes_at"),
    Column("status", Text, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("threshold_of", Numeric),
    Column("threshold_percents", ARRAY(Numeric), nullable=False, server_default="{}"),
    Column("thresholds_crossed", ARRAY(Numeric), nullable=False, server_default="{}"),
    PrimaryKeyConstraint("tenant_id", "period_id"),
    Index(None, "tenant_id", "subscription_id", "starts_at"),
    Index("ix_usage_periods_due", "closes_at", postgresql_where="status = 'open'"),
    Index("ix_usage_periods_due_of_tenant", "tenant_id", "closes_at", postgresql_where="status = 'open'"),
    Index(
        "ix_usage_periods_watched",
        *("tenant_id", "period_id"),
        postgresql_where="status = 'open' AND threshold_of IS NOT NULL",
    ),
)

# Which periods an event of a subject may count in: read once per batch, for the subjects and times of the batch.
usage_period_subjects = Table(
    "usage_period_subjects",
    metadata,
    Column("tenant_id", Uuid, nullable=False),
    Column("subject", Text, nullable=False),
    Column("period_id", Uuid, nullable=False),
    instant("starts_at"),
    instant("ends_at"),
    PrimaryKeyConstraint("tenant_id", "subject", "period_id"),
    Index(None, "tenant_id", "subject", "ends_at"),
)

# `key_sum` is the sum of the events' keys modulo 2^128, shown as the digest. `quantity` is what the aggregation keeps:
# a sum, an extreme, the latest value (of the event at `latest_at` with `latest_key`), the size of a set, an integral.
usage_totals = Table(
    "usage_totals",
    metadata,
    Column("tenant_id", Uuid, nullable=False),
    Column("period_id", Uuid, nullable=False),
    Column("group_key", Text, nullable=False),
    Column("aggregation", Text, nullable=False, server_default="sum"),
    Column("divide_by", Numeric),
    Column("quantity", Numeric, nullable=False),
    Column("event_count", BigInteger, nullable=False),
    Column("key_sum", Numeric(39, 0), nullable=False),
    Column("latest_at", DateTime(timezone=True)),
    Column("latest_key", Numeric(39, 0)),
    PrimaryKeyConstraint("tenant_id", "period_id", "group_key"),
)

usage_uniques = Table(
    "usage_uniques",
    metadata,
    Column("tenant_id", Uuid, nullable=False),
    Column("period_id", Uuid, nullable=False),
    Column("group_key", Text, nullable=False),
    Column("value", Text, nullable=False),
    PrimaryKeyConstraint("tenant_id", "period_id", "group_key", "value"),
)

# The values of a weighted sum with their instants; those before the period's start still hold in it.
usage_levels = Table(
    "usage_levels",
    metadata,
    Column("tenant_id", Uuid, nullable=False),
    Column("period_id", Uuid, nullable=False),
    Column("group_key", Text, nullable=False),
    instant("time"),
    Column("key", Numeric(39, 0), nullable=False),
    Column("value", Numeric, nullable=False),
    PrimaryKeyConstraint("tenant_id", "period_id", "group_key", "time", "key"),
)

# What the current version of a meter keeps of an hour of event time, by subject and all groups of the meter in the order
# of their names: the parts that a question about a range is answered from.
usage_rollups = Table(
    "usage_rollups",
    metadata,
    Column("tenant_id", Uuid, nullable=False),
    Column("meter", Text, nullable=False),
    Column("meter_version", Integer, nullable=False),
    Column("subject", Text, nullable=False),
    instant("hour_at"),
    Column("group_key", Text, nullable=False),
    Column("aggregation", Text, nullable=False),
    Column("quantity", Numeric, nullable=False),
    Column("event_count", BigInteger, nullable=False),
    Column("key_sum", Numeric(39, 0), nullable=False),
    Column("latest_at", DateTime(timezone=True)),
    Column("latest_key", Numeric(39, 0)),
    PrimaryKeyConstraint("tenant_id", "meter", "meter_version", "subject", "hour_at", "group_key"),
)

# Which versions of meters are rolled up. Events up to `until_position` were there before and are taken over page by page;
# `done_position` is the last one that is. Later ones are added as they are metered.
usage_rolled_meters = Table(
    "usage_rolled_meters",
    metadata,
    Column("tenant_id", Uuid, nullable=False),
    Column("meter", Text, nullable=False),
    Column("meter_version", Integer, nullable=False),
    Column("done_position", BigInteger, nullable=False),
    Column("until_position", BigInteger, nullable=False),
    instant("complete_from", nullable=True),
    PrimaryKeyConstraint("tenant_id", "meter", "meter_version"),
    Index("ix_usage_rolled_meters_to_do", "tenant_id", postgresql_where="done_position < until_position"),
)

usage_unmatched = Table(
    "usage_unmatched",
    metadata,
    Column("tenant_id", Uuid, nullable=False),
    Column("position", BigInteger, nullable=False),
    Column("reason", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("subject", Text, nullable=False),
    instant("time"),
    PrimaryKeyConstraint("tenant_id", "position"),
    Index(None, "tenant_id", "time", "position"),
)

usage_conflicting = Table(
    "usage_conflicting",
    metadata,
    Column("tenant_id", Uuid, nullable=False),
    Column("number", BigInteger, Identity(), nullable=False),
    Column("source", Text, nullable=False),
    Column("id", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("subject", Text, nullable=False),
    instant("time"),
    Column("data", JSON, nullable=False),
    Column("batch_id", Uuid, nullable=False),
    instant("received_at"),
    PrimaryKeyConstraint("tenant_id", "number"),
    Index(None, "tenant_id", "time"),
)

usage_rejected = Table(
    "usage_rejected",
    metadata,
    Column("tenant_id", Uuid, nullable=False),
    Column("number", BigInteger, Identity(), nullable=False),
    Column("batch_id", Uuid, nullable=False),
    Column("index", Integer, nullable=False),
    instant("at"),
    Column("text", Text, nullable=False),
    Column("errors", JSON, nullable=False),
    instant("received_at"),
    PrimaryKeyConstraint("tenant_id", "number"),
    Index(None, "tenant_id", "at"),
)

archive_tables(metadata)
count_tables(metadata)
backfill_tables(metadata)
backfills = metadata.tables["backfills"]
backfill_progress = metadata.tables["backfill_progress"]
backfill_loads = metadata.tables["backfill_loads"]
backfill_rejected = metadata.tables["backfill_rejected"]
backfill_changes = metadata.tables["backfill_changes"]

# Each worker's own, emptied by every commit and no part of `metadata`. A shared table would need TRUNCATE, for which
# workers queue, or DELETE, which leaves dead rows to read over.
usage_staging = Table(
    "usage_staging",
    MetaData(naming_convention=NAMING),
    Column("ordinal", Integer, nullable=False),
    Column("position", BigInteger, nullable=False),
    Column("tenant_id", Uuid, nullable=False),
    Column("key_hash", LargeBinary, nullable=False),
    Column("payload_hash", LargeBinary, nullable=False),
    Column("source", Text, nullable=False),
    Column("id", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("subject", Text, nullable=False),
    instant("time"),
    Column("data", JSON, nullable=False),
    Column("batch_id", Uuid, nullable=False),
    instant("received_at"),
    prefixes=["TEMPORARY"],
    postgresql_on_commit="DELETE ROWS",
)
