"""The first tables"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from shared.migrations import grant
from shared.revisions import first_tables as kernel

revision = "0001"
down_revision = None


def upgrade() -> None:
    kernel.create("entitlement")
    _accounts()
    _known_features()
    _entitlements()
    _holds()
    grant("entitlement", by_tenant=["accounts", "known_features", "entitlements", "holds"])


def _accounts() -> None:
    op.create_table(
        "accounts",
        sa.Column("tenant_id", sa.Uuid, nullable=False),
        sa.Column("customer_id", sa.Uuid, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "customer_id", name=op.f("pk_accounts")),
        sa.UniqueConstraint("tenant_id", "key", name=op.f("uq_accounts_tenant_id_key")),
    )


def _known_features() -> None:
    op.create_table(
        "known_features",
        sa.Column("tenant_id", sa.Uuid, nullable=False),
        sa.Column("feature", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "feature", name=op.f("pk_known_features")),
    )


def _entitlements() -> None:
    op.create_table(
        "entitlements",
        sa.Column("tenant_id", sa.Uuid, nullable=False),
        sa.Column("entitlement_id", sa.Uuid, nullable=False),
        sa.Column("subscription_id", sa.Uuid),
        sa.Column("customer_key", sa.Text),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("entitlement", JSONB(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "entitlement_id", name=op.f("pk_entitlements")),
    )
    op.create_index(op.f("ix_entitlements_tenant_id_customer_key"), "entitlements", ["tenant_id", "customer_key"])
    op.create_index(
        op.f("ix_entitlements_tenant_id_subscription_id"),
        "entitlements",
        ["tenant_id", "subscription_id"],
    )


def _holds() -> None:
    op.create_table(
        "holds",
        sa.Column("tenant_id", sa.Uuid, nullable=False),
        sa.Column("hold_id", sa.Uuid, nullable=False),
        sa.Column("entitlement_id", sa.Uuid, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("placed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("removed_at", sa.DateTime(timezone=True)),
        sa.Column("cause", JSONB(), nullable=False),
        sa.Column("removal", JSONB()),
        sa.PrimaryKeyConstraint("tenant_id", "hold_id", name=op.f("pk_holds")),
    )
    op.create_index(op.f("ix_holds_tenant_id_entitlement_id"), "holds", ["tenant_id", "entitlement_id"])
