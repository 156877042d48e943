"""The first tables"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from shared.migrations import grant
from shared.revisions import first_tables as kernel

revision = "0001"
down_revision = None


def upgrade() -> None:
    kernel.create("renewals")
    _customers()
    _policy_versions()
    _subscriptions()
    _opportunities()
    _indexes_of_opportunities()
    grant("renewals", by_tenant=["customers", "policy_versions", "subscriptions", "opportunities"])


def _customers() -> None:
    op.create_table(
        "customers",
        sa.Column("tenant_id", sa.Uuid, nullable=False),
        sa.Column("customer_id", sa.Uuid, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("segment", sa.Text, nullable=False),
        sa.Column("region", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "customer_id", name=op.f("pk_customers")),
        sa.UniqueConstraint("tenant_id", "key", name=op.f("uq_customers_tenant_id_key")),
    )


def _policy_versions() -> None:
    op.create_table(
        "policy_versions",
        sa.Column("tenant_id", sa.Uuid, nullable=False),
        sa.Column("code", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("policy", JSONB(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "code", "version", name=op.f("pk_policy_versions")),
    )


def _subscriptions() -> None:
    op.create_table(
        "subscriptions",
        sa.Column("tenant_id", sa.Uuid, nullable=False),
        sa.Column("subscription_id", sa.Uuid, nullable=False),
        sa.Column("customer_id", sa.Uuid, nullable=False),
        sa.Column("customer_key", sa.Text, nullable=False),
        sa.Column("term_number", sa.Integer, nullable=False),
        sa.Column("ends_on", sa.Date, nullable=False),
        sa.Column("opportunity_id", sa.Uuid, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "subscription_id", name=op.f("pk_subscriptions")),
    )
    op.create_index(op.f("ix_subscriptions_tenant_id_customer_key"), "subscriptions", ["tenant_id", "customer_key"])


def _opportunities() -> None:
    op.create_table(
        "opportunities",
        sa.Column("tenant_id", sa.Uuid, nullable=False),
        sa.Column("opportunity_id", sa.Uuid, nullable=False),
        sa.Column("subscription_id", sa.Uuid, nullable=False),
        sa.Column("customer_key", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("due_on", sa.Date, nullable=False),
        sa.Column("base_minor", sa.BigInteger, nullable=False),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("successor_subscription_id", sa.Uuid),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("opportunity", JSONB(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "opportunity_id", name=op.f("pk_opportunities")),
    )


def _indexes_of_opportunities() -> None:
    op.create_index(op.f("ix_opportunities_tenant_id_customer_key"), "opportunities", ["tenant_id", "customer_key"])
    op.create_index(op.f("ix_opportunities_tenant_id_due_on"), "opportunities", ["tenant_id", "due_on"])
    op.create_index(
        op.f("ix_opportunities_tenant_id_subscription_id"),
        "opportunities",
        ["tenant_id", "subscription_id"],
    )
    op.create_index(
        op.f("ix_opportunities_tenant_id_successor_subscription_id"),
        "opportunities",
        ["tenant_id", "successor_subscription_id"],
    )
