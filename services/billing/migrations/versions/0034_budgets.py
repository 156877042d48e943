"""Postings name the cost centre of their line, and customers have budgets for cost centres"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from shared.migrations import grant

revision = "0034"
down_revision = "0033"


def upgrade() -> None:
    """No line had a cost centre before."""
    op.add_column("ledger_postings", sa.Column("cost_centre", sa.Text))
    op.execute(_COST_CENTRES)
    _budgets()
    grant("billing", by_tenant=["budgets"])


def _budgets() -> None:
    op.create_table(
        "budgets",
        sa.Column("tenant_id", sa.Uuid, nullable=False),
        sa.Column("budget_id", sa.Uuid, nullable=False),
        sa.Column("customer_id", sa.Uuid, nullable=False),
        sa.Column("customer_key", sa.Text, nullable=False),
        sa.Column("cost_centre", sa.Text, nullable=False),
        sa.Column("period", sa.Text, nullable=False),
        sa.Column("starts_on", sa.Date, nullable=False),
        sa.Column("ends_on", sa.Date, nullable=False),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("amount_minor", sa.BigInteger, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("budget", JSONB(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "budget_id", name=op.f("pk_budgets")),
    )
    columns = ["tenant_id", "customer_id", "cost_centre"]
    op.create_index(op.f("ix_budgets_tenant_id_customer_id_cost_centre"), "budgets", columns)
    op.create_index(op.f("ix_budgets_tenant_id_period"), "budgets", ["tenant_id", "period"])


_COST_CENTRES = """
CREATE INDEX ix_ledger_postings_cost_centres ON ledger_postings (tenant_id, customer_id, cost_centre, booked_on)
INCLUDE (currency, account, kind, amount_minor, recorded_at) WHERE cost_centre IS NOT NULL"""
