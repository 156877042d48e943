"""Usage events by month of arrival, and what of them is archived

What is there becomes one partition. All that reads every row of it is done beside the running release; the swap at the
end takes moments.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSON

from shared.migrations import grant

revision = "0007"
down_revision = "0006"

# Repeated after a failure, they begin anew. The bound lies beyond what a test clock reaches by one more move.
BESIDE = (
    "DROP INDEX CONCURRENTLY IF EXISTS pk_usage_events_before",
    "CREATE UNIQUE INDEX CONCURRENTLY pk_usage_events_before ON usage_events (tenant_id, position, received_at)",
    "ALTER TABLE usage_events DROP CONSTRAINT IF EXISTS arrived_before",
    """
DO $$
DECLARE last timestamptz := (SELECT greatest(max(received_at), now()) FROM usage_events HAVING count(*) > 0);
BEGIN
  EXECUTE format('ALTER TABLE usage_events ADD CONSTRAINT arrived_before CHECK (received_at < %L) NOT VALID',
    coalesce(date_trunc('month', last + interval '62 days', 'UTC') + interval '1 month', '2000-01-01 00:00+00'));
END $$""",
    "ALTER TABLE usage_events VALIDATE CONSTRAINT arrived_before",
)

# Nobody but the owner may enter the schema: whoever reads events reads them through the table and its policies.
SET_ASIDE = (
    "CREATE SCHEMA partitions",
    "DROP POLICY by_tenant ON usage_events",
    "DROP POLICY all_tenants ON usage_events",
    "REVOKE ALL ON usage_events FROM usage_api, usage_worker",
    "ALTER TABLE usage_events DROP CONSTRAINT pk_usage_events",
    "ALTER TABLE usage_events ADD CONSTRAINT pk_usage_events_before PRIMARY KEY USING INDEX pk_usage_events_before",
    "ALTER TABLE usage_events RENAME TO usage_events_before",
    "ALTER TABLE usage_events_before SET SCHEMA partitions",
)

# Before the first month and after the last one there is one place each, however far off a test clock is.
ATTACH = """
DO $$
DECLARE bound timestamptz := (
  SELECT substring(pg_get_constraintdef(oid) FROM '''([^'']+)''')::timestamptz
  FROM pg_constraint WHERE conname = 'arrived_before' AND conrelid = 'partitions.usage_events_before'::regclass);
BEGIN
  EXECUTE format('ALTER TABLE usage_events ATTACH PARTITION partitions.usage_events_before
    FOR VALUES FROM (MINVALUE) TO (%L)', bound);
  ALTER TABLE partitions.usage_events_before DROP CONSTRAINT arrived_before;
  CREATE TABLE partitions.usage_events_after (LIKE usage_events INCLUDING INDEXES);
  ALTER TABLE partitions.usage_events_after ENABLE ROW LEVEL SECURITY;
  EXECUTE format('ALTER TABLE usage_events ATTACH PARTITION partitions.usage_events_after
    FOR VALUES FROM (%L) TO (MAXVALUE)', greatest(bound, '2100-01-01 00:00+00'));
END $$"""

VIEW = """
CREATE VIEW usage_event_partitions AS
SELECT c.relname AS name,
  coalesce(substring(b.bound FROM 'FROM \\(''([^'']+)''\\)')::timestamptz, '-infinity') AS starts_at,
  coalesce(substring(b.bound FROM 'TO \\(''([^'']+)''\\)')::timestamptz, 'infinity') AS ends_at
FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid
CROSS JOIN LATERAL (SELECT pg_get_expr(c.relpartbound, c.oid) AS bound) AS b
WHERE i.inhparent = 'public.usage_events'::regclass"""

# A worker owns nothing, and asks the owner for this one thing. Attached, not made as a partition: that would lock out
# everybody who reads or writes events.
MAKE_MONTH = """
CREATE FUNCTION make_usage_event_month(instant timestamptz) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' AS $$
DECLARE
  month timestamptz := date_trunc('month', instant);
  name text := 'usage_events_' || to_char(month, 'YYYY_MM');
BEGIN
  IF instant IS NULL OR NOT isfinite(instant) THEN
    RAISE EXCEPTION 'a month is that of an instant' USING ERRCODE = 'invalid_parameter_value';
  END IF;
  PERFORM pg_advisory_xact_lock(hashtextextended('usage_event_months', 0));
  IF EXISTS (SELECT FROM public.usage_event_partitions WHERE starts_at <= instant AND instant < ends_at) THEN
    RETURN NULL;
  END IF;
  EXECUTE format('CREATE TABLE partitions.%I (LIKE public.usage_events INCLUDING INDEXES)', name);
  EXECUTE format('ALTER TABLE partitions.%I ENABLE ROW LEVEL SECURITY', name);
  EXECUTE format('ALTER TABLE public.usage_events ATTACH PARTITION partitions.%I FOR VALUES FROM (%L) TO (%L)',
    name, month, month + interval '1 month');
  RETURN name;
END $$"""

# The release before makes none, and goes on until it is replaced.
FIRST_MONTHS = """
SELECT make_usage_event_month(now()), make_usage_event_month(date_trunc('month', now(), 'UTC') + interval '1 month')"""

RIGHTS = (
    # The owner archives; others read what it noted.
    "REVOKE INSERT, UPDATE, DELETE ON usage_archives FROM usage_api, usage_worker",
    "GRANT SELECT ON usage_event_partitions TO usage_worker",
    "REVOKE ALL ON FUNCTION make_usage_event_month FROM PUBLIC",
    "GRANT EXECUTE ON FUNCTION make_usage_event_month TO usage_worker",
)


def upgrade() -> None:
    with op.get_context().autocommit_block():
        for statement in BESIDE:
            op.execute(statement)
    for statement in SET_ASIDE:
        op.execute(statement)
    _usage_events()
    _usage_archives()
    op.add_column("usage_rolled_meters", sa.Column("complete_from", sa.DateTime(timezone=True)))
    for statement in (ATTACH, VIEW, MAKE_MONTH, FIRST_MONTHS, *RIGHTS):
        op.execute(statement)


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
        sa.PrimaryKeyConstraint("tenant_id", "position", "received_at", name=op.f("pk_usage_events")),
        postgresql_partition_by="RANGE (received_at)",
    )
    op.create_index(
        op.f("ix_usage_events_tenant_id_subject_time_position"),
        "usage_events",
        ["tenant_id", "subject", "time", "position"],
    )
    grant("usage", by_tenant=["usage_events"])


def _usage_archives() -> None:
    op.create_table(
        "usage_archives",
        sa.Column("tenant_id", sa.Uuid, nullable=False),
        sa.Column("month", sa.Date, nullable=False),
        sa.Column("count", sa.BigInteger, nullable=False),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("types", ARRAY(sa.Text), nullable=False),
        sa.Column("first_event_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_event_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("file", sa.Text, nullable=False),
        sa.Column("sha256", sa.Text, nullable=False),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("keys_forgotten_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("tenant_id", "month", name=op.f("pk_usage_archives")),
    )
    grant("usage", by_tenant=["usage_archives"])
