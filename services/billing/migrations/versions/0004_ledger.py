"""The ledger, what is recognised when, and the months that are closed, which `operate rebuild` fills from the events; and a
chain of hashes over each stream of events, which is filled here"""

import sqlalchemy as sa
from alembic import op

from shared.migrations import grant

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    _postings()
    _recognitions()
    _periods()
    _hashes()
    grant("billing", by_tenant=["ledger_postings", "recognitions", "accounting_periods", "event_hashes"])
    for statement in (_BALANCED, _ON_INSERT, _ON_UPDATE):
        op.execute(statement)
    for statement in (_READ_ONLY, _HASH, _CHAIN, _EARLIER, _ON_APPEND):
        op.execute(statement)


def _postings() -> None:
    op.create_table(
        "ledger_postings",
        sa.Column("tenant_id", sa.Uuid, nullable=False),
        sa.Column("place", sa.Text, nullable=False),
        sa.Column("entry_id", sa.Uuid, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("booked_on", sa.Date, nullable=False),
        sa.Column("effective_on", sa.Date, nullable=False),
        sa.Column("account", sa.Text, nullable=False),
        sa.Column("revenue_class", sa.Text),
        sa.Column("tax_rate", sa.Text),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("amount_minor", sa.BigInteger, nullable=False),
        sa.Column("customer_id", sa.Uuid, nullable=False),
        sa.Column("customer_key", sa.Text, nullable=False),
        sa.Column("invoice_id", sa.Uuid),
        sa.Column("document", sa.Text),
        sa.Column("line", sa.Integer),
        sa.Column("event", sa.Text, nullable=False),
        sa.Column("event_id", sa.Uuid, nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "place", name=op.f("pk_ledger_postings")),
    )
    for columns in (["account", "booked_on"], ["invoice_id"], ["customer_key"], ["entry_id"]):
        columns = ["tenant_id", *columns]
        op.create_index(op.f(f"ix_ledger_postings_{'_'.join(columns)}"), "ledger_postings", columns)


def _recognitions() -> None:
    op.create_table(
        "recognitions",
        sa.Column("tenant_id", sa.Uuid, nullable=False),
        sa.Column("entry_id", sa.Uuid, nullable=False),
        sa.Column("invoice_id", sa.Uuid),
        sa.Column("revenue_class", sa.Text, nullable=False),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("total_minor", sa.BigInteger, nullable=False),
        sa.Column("over_from", sa.Date, nullable=False),
        sa.Column("over_to", sa.Date, nullable=False),
        sa.Column("days_from", sa.Date, nullable=False),
        sa.Column("days_to", sa.Date, nullable=False),
        sa.Column("known_on", sa.Date, nullable=False),
        sa.Column("booked_on", sa.Date, nullable=False),
        sa.Column("amount_minor", sa.BigInteger, nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "entry_id", name=op.f("pk_recognitions")),
    )
    op.create_index(op.f("ix_recognitions_tenant_id_booked_on"), "recognitions", ["tenant_id", "booked_on"])


def _periods() -> None:
    op.create_table(
        "accounting_periods",
        sa.Column("tenant_id", sa.Uuid, nullable=False),
        sa.Column("month", sa.Text, nullable=False),
        sa.Column("open_from", sa.Date, nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_by", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "month", name=op.f("pk_accounting_periods")),
    )


def _hashes() -> None:
    op.create_table(
        "event_hashes",
        sa.Column("tenant_id", sa.Uuid, nullable=False),
        sa.Column("category", sa.Text, nullable=False),
        sa.Column("stream_id", sa.Uuid, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("hash", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "category", "stream_id", "version", name=op.f("pk_event_hashes")),
    )


# An entry comes in one statement, so it is looked at once, as a whole. No row is changed: who does it alone is refused.
_BALANCED = """
CREATE FUNCTION ledger_entries_balance() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT 1 FROM written GROUP BY tenant_id, entry_id, currency HAVING sum(amount_minor) <> 0) THEN
    RAISE EXCEPTION 'debits and credits of a ledger entry differ' USING ERRCODE = 'check_violation';
  END IF;
  RETURN NULL;
END $$"""

_ON_INSERT = """
CREATE TRIGGER entries_balance AFTER INSERT ON ledger_postings
REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION ledger_entries_balance()"""

_ON_UPDATE = """
CREATE TRIGGER changed_entries_balance AFTER UPDATE ON ledger_postings
REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION ledger_entries_balance()"""

# Only the database adds to the chain, and nobody who runs the service changes it.
_READ_ONLY = "REVOKE INSERT, UPDATE, DELETE ON event_hashes FROM billing_api, billing_worker"

# All that is stored of an event but its position, behind the hash of the event before it.
_HASH = """
CREATE FUNCTION hash_of_event(e events, previous bytea) RETURNS bytea LANGUAGE sql STABLE AS $$
  SELECT sha256(COALESCE(previous, ''::bytea) || convert_to(jsonb_build_array(
    e.tenant_id, e.category, e.stream_id, e.version, e.public_sequence, e.type, e.data, e.context,
    extract(epoch FROM e.occurred_at), extract(epoch FROM e.recorded_at))::text, 'UTF8')) $$"""

_CHAIN = """
CREATE FUNCTION chain_event() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  INSERT INTO event_hashes VALUES (NEW.tenant_id, NEW.category, NEW.stream_id, NEW.version, hash_of_event(NEW, (
    SELECT hash FROM event_hashes h WHERE h.tenant_id = NEW.tenant_id AND h.category = NEW.category
      AND h.stream_id = NEW.stream_id AND h.version = NEW.version - 1)));
  RETURN NULL;
END $$"""

_EARLIER = """
WITH RECURSIVE chain AS (
  SELECT e.tenant_id, e.category, e.stream_id, e.version, hash_of_event(e, NULL) AS hash FROM events e WHERE version = 1
  UNION ALL
  SELECT e.tenant_id, e.category, e.stream_id, e.version, hash_of_event(e, chain.hash) FROM chain
  JOIN events e ON e.tenant_id = chain.tenant_id AND e.category = chain.category AND e.stream_id = chain.stream_id
    AND e.version = chain.version + 1)
INSERT INTO event_hashes SELECT * FROM chain"""

_ON_APPEND = """
CREATE TRIGGER chained AFTER INSERT ON events FOR EACH ROW EXECUTE FUNCTION chain_event()"""
