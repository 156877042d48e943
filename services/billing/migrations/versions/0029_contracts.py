"""What contracts are worth and what was billed of them, which `operate rebuild` fills from the events; and the usage of
periods that are open, which billing hears of from here on"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from shared.migrations import grant

revision = "0029"
down_revision = "0028"


def upgrade() -> None:
    _contracts()
    _bills()
    _running_usage()
    grant("billing", by_tenant=["contracts", "contract_bills", "running_usage"])


def _contracts() -> None:
    op.create_table(
        "contracts",
        sa.Column("tenant_id", sa.Uuid, nullable=False),
        sa.Column("subscription_id", sa.Uuid, nullable=False),
        sa.Column("known_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("first_id", sa.Uuid, nullable=False),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("is_paused", sa.Boolean, nullable=False),
        sa.Column("has_trial", sa.Boolean, nullable=False),
        sa.Column("basis", sa.Text, nullable=False),
        sa.Column("annual", JSONB(), nullable=False),
        sa.Column("agreed", JSONB(), nullable=False),
        sa.Column("items", JSONB(), nullable=False),
        sa.Column("usage", JSONB(), nullable=False),
        sa.Column("conditions", JSONB(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "subscription_id", "known_from", name=op.f("pk_contracts")),
    )


def _bills() -> None:
    op.create_table(
        "contract_bills",
        sa.Column("tenant_id", sa.Uuid, nullable=False),
        sa.Column("invoice_id", sa.Uuid, nullable=False),
        sa.Column("subscription_id", sa.Uuid, nullable=False),
        sa.Column("known_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("items", JSONB(), nullable=False),
        sa.Column("through", JSONB(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "subscription_id", "version", name=op.f("pk_contract_bills")),
    )
    op.create_index(op.f("ix_contract_bills_tenant_id_invoice_id"), "contract_bills", ["tenant_id", "invoice_id"])


def _running_usage() -> None:
    op.create_table(
        "running_usage",
        sa.Column("tenant_id", sa.Uuid, nullable=False),
        sa.Column("period_id", sa.Uuid, nullable=False),
        sa.Column("on_day", sa.Date, nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("totals", JSONB(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "period_id", "on_day", name=op.f("pk_running_usage")),
    )
