"""The ledger, what is recognised when, and the months that are closed; `operate rebuild` fills them from the events"""

import sqlalchemy as sa
from alembic import op

from shared.migrations import grant

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    _postings()
    _recognitions()
    _periods()
    grant("billing", by_tenant=["ledger_postings", "recognitions", "accounting_periods"])
    for statement in (_BALANCED, _ON_INSERT, _ON_UPDATE):
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
