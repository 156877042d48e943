"""Wallets are topped up by a rule of their own"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from shared.migrations import grant

revision = "0030"
down_revision = "0029"


def upgrade() -> None:
    op.create_table(
        "top_ups",
        sa.Column("tenant_id", sa.Uuid, nullable=False),
        sa.Column("wallet_id", sa.Uuid, nullable=False),
        sa.Column("customer_key", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("top_up", JSONB(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "wallet_id", name=op.f("pk_top_ups")),
    )
    op.create_index(op.f("ix_top_ups_tenant_id_status"), "top_ups", ["tenant_id", "status"])
    op.create_table(
        "credit_purchases",
        sa.Column("tenant_id", sa.Uuid, nullable=False),
        sa.Column("purchase_id", sa.Uuid, nullable=False),
        sa.Column("wallet_id", sa.Uuid, nullable=False),
        sa.Column("customer_key", sa.Text, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("provider", sa.Text, nullable=False),
        sa.Column("reference", sa.Text),
        sa.Column("reason", sa.Text),
        sa.Column("payment_id", sa.Uuid),
        sa.Column("amount_minor", sa.BigInteger, nullable=False),
        sa.Column("left_minor", sa.BigInteger, nullable=False),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "purchase_id", name=op.f("pk_credit_purchases")),
    )
    op.create_index(op.f("ix_credit_purchases_tenant_id_wallet_id"), "credit_purchases", ["tenant_id", "wallet_id"])
    op.create_index(op.f("ix_credit_purchases_status_requested_at"), "credit_purchases", ["status", "requested_at"])
    grant("billing", by_tenant=["top_ups", "credit_purchases"])
