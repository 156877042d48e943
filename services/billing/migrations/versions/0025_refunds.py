"""Refunds are asked of the provider that a payment came by"""

import sqlalchemy as sa
from alembic import op

from shared.migrations import grant

revision = "0025"
down_revision = "0024"


def upgrade() -> None:
    op.create_table(
        "refunds",
        sa.Column("tenant_id", sa.Uuid, nullable=False),
        sa.Column("refund_id", sa.Uuid, nullable=False),
        sa.Column("payment_id", sa.Uuid, nullable=False),
        sa.Column("customer_key", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("provider", sa.Text, nullable=False),
        sa.Column("charge", sa.Text, nullable=False),
        sa.Column("reference", sa.Text),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("failure", sa.Text),
        sa.Column("amount_minor", sa.BigInteger, nullable=False),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "refund_id", name=op.f("pk_refunds")),
    )
    op.create_index(op.f("ix_refunds_tenant_id_payment_id"), "refunds", ["tenant_id", "payment_id"])
    op.create_index(op.f("ix_refunds_status_requested_at"), "refunds", ["status", "requested_at"])
    grant("billing", by_tenant=["refunds"])
