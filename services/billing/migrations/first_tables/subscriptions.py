"""Subscriptions, their usage periods, and the bills that wait for them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from shared.migrations import grant


def create() -> None:
    _subscriptions()
    _usage_periods()
    _waiting_bills()
    grant("billing", by_tenant=["subscriptions", "usage_periods", "waiting_bills"])


def _subscriptions() -> None:
    op.create_table(
        "subscriptions",
        sa.Column("tenant_id", sa.Uuid, nullable=False),
        sa.Column("subscription_id", sa.Uuid, nullable=False),
        sa.Column("customer_id", sa.Uuid, nullable=False),
        sa.Column("customer_key", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("subscription", JSONB(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "subscription_id", name=op.f("pk_subscriptions")),
    )
    op.create_index(op.f("ix_subscriptions_tenant_id_customer_id"), "subscriptions", ["tenant_id", "customer_id"])


def _usage_periods() -> None:
    op.create_table(
        "usage_periods",
        sa.Column("tenant_id", sa.Uuid, nullable=False),
        sa.Column("period_id", sa.Uuid, nullable=False),
        sa.Column("subscription_id", sa.Uuid, nullable=False),
        sa.Column("charge", sa.Text, nullable=False),
        sa.Column("starts_on", sa.Date, nullable=False),
        sa.Column("ends_on", sa.Date, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("invoice_id", sa.Uuid),
        sa.PrimaryKeyConstraint("tenant_id", "period_id", name=op.f("pk_usage_periods")),
    )
    op.create_index(
        op.f("ix_usage_periods_tenant_id_subscription_id_ends_on"),
        "usage_periods",
        ["tenant_id", "subscription_id", "ends_on"],
    )


def _waiting_bills() -> None:
    op.create_table(
        "waiting_bills",
        sa.Column("tenant_id", sa.Uuid, nullable=False),
        sa.Column("invoice_id", sa.Uuid, nullable=False),
        sa.Column("subscription_id", sa.Uuid, nullable=False),
        sa.Column("billing_on", sa.Date, nullable=False),
        sa.Column("bill", JSONB(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "invoice_id", name=op.f("pk_waiting_bills")),
    )
    op.create_index(
        op.f("ix_waiting_bills_tenant_id_subscription_id"),
        "waiting_bills",
        ["tenant_id", "subscription_id"],
    )
