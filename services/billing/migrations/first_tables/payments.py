"""Payments, and the ladder for those who do not pay."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from shared.migrations import grant


def create() -> None:
    _payments()
    _dunning()
    grant("billing", by_tenant=["payments", "dunning"])


def _payments() -> None:
    op.create_table(
        "payments",
        sa.Column("tenant_id", sa.Uuid, nullable=False),
        sa.Column("payment_id", sa.Uuid, nullable=False),
        sa.Column("invoice_id", sa.Uuid, nullable=False),
        sa.Column("amount_minor", sa.BigInteger, nullable=False),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("reference", sa.Text, nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "payment_id", name=op.f("pk_payments")),
    )
    op.create_index(op.f("ix_payments_tenant_id_invoice_id"), "payments", ["tenant_id", "invoice_id"])


def _dunning() -> None:
    op.create_table(
        "dunning",
        sa.Column("tenant_id", sa.Uuid, nullable=False),
        sa.Column("subscription_id", sa.Uuid, nullable=False),
        sa.Column("customer_id", sa.Uuid, nullable=False),
        sa.Column("step", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("history", JSONB(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "subscription_id", name=op.f("pk_dunning")),
    )
